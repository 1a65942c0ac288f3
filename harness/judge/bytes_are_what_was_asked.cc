// Every successful get names a file with the model's bytes.
#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

// The entry that `path` names below its directory; nothing for any other path.
const FoundName* found_at(const Stage& stage, const Get& get) {
  if (get.planned.directory >= stage.censuses.size()) return nullptr;
  const Census& census = stage.censuses[get.planned.directory];
  const std::string prefix = census.directory + "/";
  if (!get.report->path.starts_with(prefix)) return nullptr;
  return find_name(census, get.report->path.substr(prefix.size()));
}

std::string hex_or(const std::optional<modelcache::Sha256Digest>& digest, std::string_view otherwise) {
  return digest ? digest->hex() : std::string(otherwise);
}

}  // namespace

Finding bytes_are_what_was_asked(const RunFacts& facts) {
  Finding finding;
  for (const Get& get : gets_of(facts.run)) {
    if (!get.report->succeeded) continue;
    const modelcache::Sha256Digest& asked = facts.plan.models.at(get.planned.model).sha256;
    const FoundName* const found = found_at(facts.run, get);
    finding.judge(found != nullptr && found->sha256 == asked, [&] {
      const std::string there = found == nullptr ? "no file of the directory" : hex_or(found->sha256, "unreadable");
      return describe(facts, get) + ": asked for " + asked.hex() + ", " + get.report->path + " is " + there;
    });
    if (!facts.reads_back) continue;
    finding.judge(get.report->read_back == asked, [&] {
      return describe(facts, get) + ": asked for " + asked.hex() + ", read at once " +
             hex_or(get.report->read_back, "nothing");
    });
  }
  return finding;
}

}  // namespace stampede
