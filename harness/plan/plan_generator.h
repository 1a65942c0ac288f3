// The one generator of plans: it turns a source of choices into a plan, be they of a seed, a fuzzer or RapidCheck.
#ifndef STAMPEDE_PLAN_PLAN_GENERATOR_H
#define STAMPEDE_PLAN_PLAN_GENERATOR_H

#include <cstddef>
#include <cstdint>

#include "harness/plan/choices.h"
#include "harness/plan/plan.h"

namespace stampede {

// Raise it with every change after which some stream of choices gives another plan: seeds of older versions are stale.
// (A new kind of operation, fault or step is such a change, and so is another weight or limit.)
inline constexpr std::uint32_t kGeneratorVersion = 2;

// What a caller allows. Other limits than the defaults draw other plans from the same choices.
// REQUIRES: 1 <= processes_min <= processes_max <= kPlanProcessesMax, 1 <= operations_max <= kPlanOperationsMax,
// 1 <= models_max <= kPlanModelsMax, model_bytes_max <= kPlanModelBytesMax.
struct PlanLimits {
  std::size_t processes_min = 1, processes_max = 5;
  std::size_t operations_max = 4;
  std::size_t models_max = 3;
  std::uint64_t model_bytes_max = 256 * 1024;  // seldom reached: most models have 0 to 4 KiB, some 20 to 70
  bool network_faults = true;
  bool disk_faults = true;      // locks that do nothing included
  bool process_faults = true;   // kills, stops, clock steps
  bool start_states = true;     // warm, damaged, read-only
  bool all_operations = false;  // no plan is of gets alone: several operations a process, of all kinds
};

// Total: every stream of choices gives a plan that `check` accepts, and a stream of zeros the simplest: one process,
// one get of one small model, no faults. Each plan first draws which classes of features take part at all (swarm
// testing, Groce et al., ISSTA 2012), so that many plans are simple and some mix everything. Times and counts are
// bounded so that the steps of a run stay in the thousands. The schedule's switches are left to a strategy.
Plan draw_plan(Choices& choices, const PlanLimits& limits = {});

}  // namespace stampede

#endif  // STAMPEDE_PLAN_PLAN_GENERATOR_H
