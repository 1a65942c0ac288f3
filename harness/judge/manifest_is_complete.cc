// The manifest parses, and lists exactly the entries.
#include <algorithm>
#include <string_view>

#include "cache/manifest.h"
#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {

void judge_manifest(const Census& census, const Excuse& excuse_unlisted, Finding& finding) {
  const auto entries = entries_of(census);
  const auto is_excused = [&](const FoundName* entry) { return excuse_unlisted && excuse_unlisted(*entry); };
  if (!census.manifest) {
    const auto unlisted =
        entries.size() - static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), is_excused));
    finding.judge(unlisted == 0,
                  [&] { return census.directory + " has " + std::to_string(unlisted) + " entries and no manifest"; });
    return;
  }
  const auto manifest = modelcache::Manifest::parse(*census.manifest);
  finding.judge(manifest.has_value(),
                [&] { return census.directory + ": the manifest does not parse: " + manifest.error().message; });
  if (!manifest) return;
  for (const FoundName* entry : entries) {
    const std::string key = entry->path.substr(std::string_view("entries/").size());
    const auto listed = manifest->entries.find(key);
    const bool is_listed = listed != manifest->entries.end();
    finding.judge(is_listed || is_excused(entry),
                  [&] { return census.directory + "/" + entry->path + " is not listed"; });
    if (!is_listed) continue;
    const bool agrees = listed->second.sha256 == entry->sha256 && listed->second.stamp.size_bytes == entry->size_bytes;
    finding.judge(agrees, [&] { return census.directory + "/" + entry->path + " is not what the manifest says"; });
  }
  for (const auto& listed : manifest->entries) {
    const std::string path = "entries/" + listed.first;
    finding.judge(find_name(census, path) != nullptr,
                  [&] { return census.directory + ": listed and not there: " + path; });
  }
}

// An entry that is not listed is legal where its publisher died before it could list it.
Finding manifest_is_complete(const RunFacts& facts) {
  Finding finding;
  for (const StageFacts* stage : stages_of(facts)) {
    if (!all_ended_well(*stage)) continue;
    for (const Census& census : stage->censuses) judge_manifest(census, {}, finding);
  }
  return finding;
}

}  // namespace stampede
