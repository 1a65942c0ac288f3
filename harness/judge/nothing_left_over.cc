// After the last process there is nothing but the cache.
#include <string_view>

#include "cache/key.h"
#include "harness/judge/invariants.h"
#include "harness/judge/place.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

// Nothing when the name belongs there.
std::string_view objection_to(const FoundName& name) {
  const std::string_view path = name.path;
  const std::size_t slash = path.find('/');
  const std::string_view top = path.substr(0, slash);
  if (modelcache::is_bad_manifest_name(top)) return "is a manifest that was set aside";
  if (slash == std::string_view::npos) {
    const bool is_directory = name.type == NameType::directory;
    if (top == modelcache::kEntriesName || top == modelcache::kLocksName || top == modelcache::kTemporariesName) {
      return is_directory ? "" : "is no directory";
    }
    if (top == modelcache::kManifestName) return name.type == NameType::regular ? "" : "is no file";
    return "is no name of a cache";
  }
  const std::string_view rest = path.substr(slash + 1);
  if (top == modelcache::kTemporariesName) return "is left over";
  if (top == modelcache::kLocksName) return is_lock_name(rest) ? "" : "is no lock";
  if (top == modelcache::kEntriesName) return modelcache::is_key(rest) ? "" : "is no entry";
  return "is no name of a cache";
}

}  // namespace

void judge_names(const Census& census, const Excuse& excuse, Finding& finding) {
  for (const FoundName& name : census.names) {
    const std::string_view objection = objection_to(name);
    finding.judge(objection.empty() || (excuse && excuse(name)),
                  [&] { return census.directory + "/" + name.path + " " + std::string(objection); });
  }
}

// A process that was killed may leave a temporary, which the next one removes: then tmp/ is judged after the epilogue.
Finding nothing_left_over(const RunFacts& facts) {
  Finding finding;
  for (const StageFacts* stage : stages_of(facts)) {
    finding.judge(stage->leaked_processes == 0, [&] {
      return std::to_string(stage->leaked_processes) + " processes that workers had started were still alive";
    });
    for (std::size_t i = 0; i < stage->processes.size(); ++i) {
      const ProcessRecord& record = stage->processes[i];
      if (!record.descriptors_before || !record.descriptors_after) continue;
      finding.judge(*record.descriptors_before == *record.descriptors_after, [&] {
        return "process " + std::to_string(i) + " had " + std::to_string(*record.descriptors_before) +
               " descriptors open before its operations and " + std::to_string(*record.descriptors_after) +
               " after them";
      });
    }
    if (!all_ended_well(*stage)) continue;
    if (facts.subject.command) {
      judge_command_names(facts, *stage, finding);
      continue;
    }
    for (const Census& census : stage->censuses) judge_names(census, {}, finding);
  }
  if (!facts.descriptors_before || !facts.descriptors_after) return finding;  // /proc is not there
  finding.judge(*facts.descriptors_before == *facts.descriptors_after, [&] {
    return "the harness had " + std::to_string(*facts.descriptors_before) + " descriptors open before the run and " +
           std::to_string(*facts.descriptors_after) + " after it";
  });
  return finding;
}

}  // namespace stampede
