// How one stage of a run in a controlled world ended, and the schedule that it took.
#ifndef STAMPEDE_WORLD_STAGE_END_H
#define STAMPEDE_WORLD_STAGE_END_H

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/world/observer.h"

namespace stampede {

struct StageEnd {
  std::vector<ProcessEnd> ends;          // one a process
  std::vector<std::uint32_t> own_steps;  // taken by each
  std::vector<Switch> switches;          // the choices that were not the default, in order: they replay this schedule
  std::uint64_t steps = 0;
  std::uint64_t preemptions = 0;
  std::uint64_t moves = 0;  // from one process to another, forced ones included
  std::string stuck;        // why processes were abandoned: the bound, or the cycle of waiting in words
  bool is_deadlock = false;
  std::chrono::nanoseconds virtual_time{};
  // Why the world lost control, or could not run the stage: nothing in the run says anything about the cache. Empty
  // where it did not. The simulated world never does.
  std::string uncontrolled;
  // Why another run of the same plan may differ through nobody's fault. Empty where none does.
  std::string_view why_others_differ;
  std::vector<std::string> crashes;  // of processes that ended otherwise than by returning, a line each
};

}  // namespace stampede

#endif  // STAMPEDE_WORLD_STAGE_END_H
