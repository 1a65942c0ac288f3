// Declares `stampede invariants`.
#ifndef STAMPEDE_CLI_INVARIANTS_COMMAND_H
#define STAMPEDE_CLI_INVARIANTS_COMMAND_H

#include <optional>
#include <string>
#include <vector>

#include "harness/judge/step_judge.h"
#include "harness/run/mutant_catalogue.h"

namespace CLI {
class App;
}  // namespace CLI

namespace stampede {

// Nothing where no mutants are built: then it is not known which there are.
std::string json_of(const std::vector<WatchedInvariant>& invariants, const std::optional<std::vector<Mutant>>& mutants);
std::string text_of(const std::vector<WatchedInvariant>& invariants, const std::optional<std::vector<Mutant>>& mutants);

void add_invariants_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_INVARIANTS_COMMAND_H
