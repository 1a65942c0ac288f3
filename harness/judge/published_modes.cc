// What is published can be shared as far as the umask allows.
#include <array>
#include <cstdio>

#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

std::string octal(unsigned mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

}  // namespace

void judge_modes(const Census& census, unsigned umask, Finding& finding) {
  for (const FoundName& name : census.names) {
    const bool is_directory = name.type == NameType::directory;
    if (!is_directory && name.type != NameType::regular) continue;
    if (name.path.starts_with("tmp/")) continue;
    const unsigned expected = (is_directory ? 0777U : 0666U) & ~umask;
    // A set-group-ID bit is inherited from the directory above (inode(7)).
    const unsigned mode = is_directory ? name.mode & ~02000U : name.mode;
    finding.judge(mode == expected, [&] {
      return census.directory + "/" + name.path + " has mode " + octal(name.mode) + ", expected " + octal(expected);
    });
  }
}

Finding published_modes(const RunFacts& facts) {
  Finding finding;
  for (const Stage* stage : stages_of(facts)) {
    for (const Census& census : stage->censuses) judge_modes(census, facts.umask, finding);
  }
  return finding;
}

}  // namespace stampede
