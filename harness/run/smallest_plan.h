// The smallest plan with the same violation: shrunk, proven where that can be, and repeated.
#ifndef STAMPEDE_RUN_SMALLEST_PLAN_H
#define STAMPEDE_RUN_SMALLEST_PLAN_H

#include <cstdint>
#include <functional>
#include <string>

#include "harness/plan/plan.h"
#include "harness/run/shrink.h"
#include "harness/run/shrink_proof.h"
#include "harness/run/sim_run.h"

namespace stampede {

inline constexpr int kStrictReplays = 3;

struct SmallestPlanOptions {
  ShrinkOptions shrink;
  ProofOptions proof;  // no schedules: no proof
  // What must be kept; where nothing is said, violations as of the plan's run (find_as_first).
  FindViolation find = {};
  // Called with the plan's own violation before anything is tried.
  std::function<void(const Plan&, const StepViolation&)> on_unshrunk = [](const Plan&, const StepViolation&) {};
};

// With bounds that suit what a run of the plan costs: one of a command starts programs, and takes a hundred times as
// long.
SmallestPlanOptions options_for(const Plan& plan);

struct SmallestPlan {
  StepViolation unshrunk;  // of the plan given
  // `shrunk.plan` is ready to be stored: its note says what breaks, and has its trace hash. `shrunk.violation` is none
  // where the plan given violates nothing.
  Shrunk shrunk;
  Proof proof;  // that fewer switches do not do it
  bool is_proof_wanted = false;
  // Three strict replays had the same trace and violation; else what was different.
  bool is_repeatable = false;
  std::string difference;
};

// Shrinks; then proves. Where the proof finds fewer switches, that plan is shrunk on. Then replays the result strictly.
// Neither the proof's runs nor the strict replays count as replays of the shrinking. An interrupt ends each of these
// parts; what was found so far is the result.
SmallestPlan smallest_plan(SimRunner& runner, const Plan& plan, const SmallestPlanOptions& options = {});

// "proven: no schedule with fewer switches does it (1234 schedules)", "not proven: bound of 20000 schedules".
std::string proof_text(const SmallestPlan& smallest);

}  // namespace stampede

#endif  // STAMPEDE_RUN_SMALLEST_PLAN_H
