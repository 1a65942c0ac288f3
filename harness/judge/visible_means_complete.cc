// Every name in entries/ is a regular file whose bytes match its key.
#include <algorithm>
#include <string_view>

#include "cache/key.h"
#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {

void judge_entries_complete(const Census& census, Finding& finding) {
  for (const FoundName* entry : entries_of(census)) {
    const std::string key = entry->path.substr(std::string_view("entries/").size());
    const auto digest = modelcache::digest_in_key(key);
    const bool is_file = entry->type == NameType::regular && modelcache::is_key(key) && entry->sha256;
    finding.judge(is_file, [&] { return census.directory + "/" + entry->path + " is no readable entry"; });
    if (!is_file || !digest) continue;
    finding.judge(*digest == *entry->sha256, [&] {
      return census.directory + "/" + entry->path + " holds " + std::to_string(entry->size_bytes) +
             " bytes with SHA-256 " + entry->sha256->hex();
    });
  }
}

namespace {

// The description of a command may say under which name it keeps a model.
void judge_command_entries(const RunFacts& facts, const Census& census, Finding& finding) {
  for (std::size_t i = 0; i < facts.entry_names.size(); ++i) {
    const FoundName* const found = facts.entry_names[i].empty() ? nullptr : find_name(census, facts.entry_names[i]);
    if (found == nullptr) continue;
    finding.judge(found->sha256 == facts.plan.models.at(i).sha256, [&] {
      return census.directory + "/" + found->path + " is not all of " + facts.plan.models[i].name + ": " +
             std::to_string(found->size_bytes) + " bytes" +
             (found->sha256 ? " with SHA-256 " + found->sha256->hex() : std::string(", unreadable"));
    });
  }
}

}  // namespace

Finding visible_means_complete(const RunFacts& facts) {
  Finding finding;
  for (const StageFacts* stage : stages_of(facts)) {
    for (const Census& census : stage->censuses) {
      for (const std::string& problem : census.problems) finding.violations.push_back(problem);
      if (facts.subject.command) {
        judge_command_entries(facts, census, finding);
        continue;
      }
      judge_entries_complete(census, finding);
      // Entries named by URL tell nothing about their bytes: they must be some model that was served.
      for (const FoundName* entry : entries_of(census)) {
        const std::string key = entry->path.substr(std::string_view("entries/").size());
        if (modelcache::digest_in_key(key) || !entry->sha256) continue;
        const bool served = std::any_of(facts.plan.models.begin(), facts.plan.models.end(),
                                        [&](const Model& model) { return model.sha256 == *entry->sha256; });
        finding.judge(served, [&] { return census.directory + "/" + entry->path + " is none of the served models"; });
      }
    }
  }
  return finding;
}

}  // namespace stampede
