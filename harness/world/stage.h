// What a controlled world runs: one stage of a plan, with its processes and what goes wrong in it.
#ifndef STAMPEDE_WORLD_STAGE_H
#define STAMPEDE_WORLD_STAGE_H

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/os.h"
#include "harness/plan/plan.h"
#include "harness/plan/step.h"

namespace stampede {

// A program to execute. Its standard input is empty; output and error go to the file `output`, which is made.
struct StageCommand {
  std::vector<std::string> arguments;    // the first names the program, looked for in the environment's PATH
  std::vector<std::string> environment;  // "name=value", all of it
  std::string directory;                 // in which it works
  std::string output;
};

// What it does is handed in; each kind of guest has a form of its own, and looks at that one alone.
struct StageProcess {
  unsigned umask = 022;
  std::uint32_t descriptors_max = 0;                    // 0: 1024
  std::uint32_t user = 1000;                            // of the simulated world; 0 passes every permission
  std::function<void(modelcache::Os&)> body = nullptr;  // of the simulated world: runs on the process's fiber
  std::string job = {};                                 // of a forked process: for the zygote's body
  std::vector<StageCommand> commands = {};              // of executed ones, one after the other
};

// What came of something that a process does. Nobody has moved since.
struct StageReport {
  std::string_view text = {};   // of a forked process: what it reported
  std::uint32_t own_steps = 0;  // that it had taken by then
  std::uint32_t command = 0;    // of executed ones: which has ended
  int status = 0;               // ... as waitpid(2) tells it
  std::uint32_t actors = 0;     // ... and how many actors have worked for the process by then
};

struct Stage {
  StageKind stage = StageKind::run;
  std::span<const StageProcess> processes = {};
  std::span<const DiskFault> disk = {};
  std::span<const ProcessFault> process_faults = {};
  bool time_runs_first = false;
  std::uint64_t steps_max = 100'000;                          // of all processes together
  std::chrono::nanoseconds time_max{std::chrono::hours(24)};  // of virtual time
  std::function<void(std::uint32_t process, const StageReport& report)> on_report = nullptr;
};

}  // namespace stampede

#endif  // STAMPEDE_WORLD_STAGE_H
