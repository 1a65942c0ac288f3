// The part of `stampede explore` that explores the simulated world.
#ifndef STAMPEDE_CLI_EXPLORE_SIM_H
#define STAMPEDE_CLI_EXPLORE_SIM_H

#include <cstdint>
#include <optional>
#include <string>

namespace stampede {

class Subcommand;
struct SimExplorationOptions;

// What `--world sim` takes; those that it shares with the free world are read there.
struct ExploreSimArguments {
  std::string strategy = "mix";
  std::string plan_file;
  std::string subject = "modelcache";  // or a plugin's file
  std::string sweep;                   // "kills", "kill-pairs"
  std::string shard = "0/1";
  unsigned jobs = 1;
  std::uint32_t skew = 0;
  bool is_live = false;  // real processes and files
  bool is_both = false;  // first simulated, then live, and compared
  bool is_once = false;
  bool is_unshrunk = false;
  // Shared.
  std::optional<std::uint64_t> seed, runs;
  std::optional<double> seconds;
  std::optional<std::size_t> processes;
  std::string out;
  bool is_json = false;
  bool requires_judged = false;
};

void add_explore_sim_options(Subcommand& command, ExploreSimArguments& arguments);

// All but the world; a seed is drawn where none was given. 0, or the exit status.
int choose_options(const ExploreSimArguments& arguments, SimExplorationOptions& options);

// The exit status.
int explore_sim_world(ExploreSimArguments& arguments);

}  // namespace stampede

#endif  // STAMPEDE_CLI_EXPLORE_SIM_H
