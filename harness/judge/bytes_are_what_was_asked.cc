// Every successful get names a file with the model's bytes.
#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

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
    // A command may hand out a copy of its own, which no census knows.
    const bool is_elsewhere = facts.subject.command && !name_below_directory(facts.run, get);
    if (!is_elsewhere)
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
