// What is published can be shared as far as the umask allows.
#include <set>

#include "harness/judge/invariants.h"
#include "harness/judge/octal.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

void judge_mode(const Census& census, const FoundName& name, unsigned expected, Finding& finding) {
  // A set-group-ID bit is inherited from the directory above (inode(7)).
  const unsigned mode = name.type == NameType::directory ? name.mode & ~02000U : name.mode;
  finding.judge(mode == expected, [&] {
    return census.directory + "/" + name.path + " has mode " + octal(name.mode) + ", expected " + octal(expected);
  });
}

// Only what a command handed out is known to be published.
void judge_command_modes(const RunFacts& facts, const StageFacts& stage, Finding& finding) {
  std::set<const FoundName*> judged;
  for (const Get& get : gets_of(stage)) {
    const FoundName* const found = get.report->succeeded ? found_at(stage, get) : nullptr;
    if (found == nullptr || found->type != NameType::regular || !judged.insert(found).second) continue;
    judge_mode(stage.censuses[get.planned.directory], *found, 0666U & ~facts.umask, finding);
  }
}

}  // namespace

void judge_modes(const Census& census, unsigned umask, Finding& finding) {
  for (const FoundName& name : census.names) {
    const bool is_directory = name.type == NameType::directory;
    if (!is_directory && name.type != NameType::regular) continue;
    if (name.path.starts_with("tmp/")) continue;
    judge_mode(census, name, (is_directory ? 0777U : 0666U) & ~umask, finding);
  }
}

Finding published_modes(const RunFacts& facts) {
  Finding finding;
  for (const StageFacts* stage : stages_of(facts)) {
    if (facts.subject.command) {
      judge_command_modes(facts, *stage, finding);
      continue;
    }
    for (const Census& census : stage->censuses) judge_modes(census, facts.umask, finding);
  }
  return finding;
}

}  // namespace stampede
