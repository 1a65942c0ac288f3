// How one stage of a run in a controlled world ended, and the schedule that it took.
#ifndef STAMPEDE_WORLD_STAGE_END_H
#define STAMPEDE_WORLD_STAGE_END_H

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/world/observer.h"
#include "harness/plan/plan.h"

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
};

}  // namespace stampede

#endif  // STAMPEDE_WORLD_STAGE_END_H
