// Which names may stand in the directory of a subject that is a command.
#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

// Where the models are: as the description says, or as the command itself said when a get succeeded.
std::set<std::string> model_names(const RunFacts& facts) {
  std::set<std::string> names(facts.entry_names.begin(), facts.entry_names.end());
  for (const StageFacts* stage : stages_of(facts)) {
    for (const Get& get : gets_of(*stage)) {
      if (!get.report->succeeded) continue;
      if (auto name = name_below_directory(*stage, get)) names.insert(std::move(*name));
    }
  }
  return names;
}

bool matches_one(const std::vector<std::string>& globs, const std::string& path) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return ::fnmatch(glob.c_str(), path.c_str(), 0) == 0; });
}

}  // namespace

void judge_command_names(const RunFacts& facts, const StageFacts& stage, Finding& finding) {
  const std::set<std::string> models = model_names(facts);
  for (const Census& census : stage.censuses) {
    for (const FoundName& name : census.names) {
      if (name.type == NameType::directory) continue;
      finding.judge(models.contains(name.path) || matches_one(facts.subject.may_stay, name.path),
                    [&] { return census.directory + "/" + name.path + " is left over"; });
    }
  }
}

}  // namespace stampede
