// `stampede mutants`.
#ifndef STAMPEDE_CLI_MUTANTS_COMMAND_H
#define STAMPEDE_CLI_MUTANTS_COMMAND_H

#include <cstdint>
#include <string>
#include <vector>

#include "harness/run/mutant_search.h"

namespace CLI {
class App;
}

namespace stampede {

class Subcommand;

struct MutantsArguments {
  std::vector<std::string> names;
  std::string world = "sim";
  std::string strategy = "mix";
  std::string out;
  std::uint64_t seed = 1, runs = 10'000, seeds = 1;
  std::uint32_t skew = 0;
  std::uint32_t jobs = 1;
  bool shrinks = false;
  std::uint64_t proof_schedules = ProofOptions{}.schedules_max;
  bool is_json = false;
};

void add_options(Subcommand& command, MutantsArguments& arguments);
// All but the world. 0, or the exit status.
int choose_options(const MutantsArguments& arguments, MutantSearchOptions& options);

void add_mutants_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_MUTANTS_COMMAND_H
