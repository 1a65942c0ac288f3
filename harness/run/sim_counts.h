// What runs of a controlled world come to: counted by place in each block, put together by name.
#ifndef STAMPEDE_RUN_SIM_COUNTS_H
#define STAMPEDE_RUN_SIM_COUNTS_H

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/run/sim_exploration.h"
#include "harness/run/sim_run.h"
#include "harness/run/trace.h"

namespace stampede {

// Of one block of runs; see SimTotals.
struct SimCounts {
  std::uint64_t plans = 0, schedules = 0, repetitions = 0, steps = 0, processes = 0, preemptions = 0;
  std::uint64_t violations = 0, divergences = 0;
  std::vector<std::uint64_t> judged;
  InvariantSet allowed;
  std::array<std::uint64_t, kOperationKinds> operations{};
  std::vector<std::uint64_t> network;
  std::array<std::uint64_t, kStepKinds> disk{};
  std::array<std::uint64_t, kErrnosCounted> errnos{};
  std::uint64_t short_transfers = 0, idle_locks = 0;
  std::array<std::uint64_t, kProcessFaultKinds> process{};
  std::array<std::uint64_t, kDamageKinds> damage{};
  std::uint64_t read_only = 0, time_first = 0, warm = 0;
  std::uint64_t uncontrolled = 0;
  std::string why_uncontrolled;
  std::map<std::string, StrategyTally> strategies;
  std::map<std::uint32_t, std::uint64_t> pct_runs;  // by depth
  std::uint64_t shared_steps_seen = 0;              // by PCT
  TraceHash hash;
  std::vector<SimDiscovery> discoveries;
};

// Adds a run that was controlled, and what took part in it.
void count_run(const Plan& plan, const SimOutcome& outcome, SimCounts& counts);

// REQUIRES: blocks come in their order; `hash` is of those before.
void put_together(SimCounts&& counts, TraceHash& hash, SimTotals& totals);

}  // namespace stampede

#endif  // STAMPEDE_RUN_SIM_COUNTS_H
