// Why a plan fails: the nearest schedule that passes, and the pair of steps whose order decides.
#ifndef STAMPEDE_RUN_EXPLANATION_H
#define STAMPEDE_RUN_EXPLANATION_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/run/shrink_trial.h"

namespace stampede {

// The steps of the plan's processes in one run of it.
struct ExplainedRun {
  Plan plan;
  std::vector<Step> steps;
  std::optional<StepViolation> violation;
};

// Two steps of different processes, by their places in the steps of each run, whose order is the other one in the
// passing run: the first two that conflict; where none do, the step that a switch was moved over and one that it let
// pass.
struct RacingPair {
  std::size_t first = 0;  // in the failing run
  // Nothing where the process went another way in the failing run, and came to no such step.
  std::optional<std::size_t> second = {};
  std::size_t second_passing = 0, first_passing = 0;  // in the passing run: that one, then this one
};

struct Explanation {
  ExplainedRun failing;  // its steps end with the one after which the violation was seen
  // The nearest one that passes: what was changed, and its run. None where whatever was tried fails.
  enum class Change : std::uint8_t { none, switch_moved, switch_dropped, fault_dropped };
  Change change = Change::none;
  std::size_t changed_switch = 0;  // its place in the schedule
  std::int64_t moved_by = 0;       // own steps that it acts later (or, negative, earlier)
  std::optional<ExplainedRun> passing;
  std::optional<RacingPair> pair;  // only where a switch was changed
  std::uint64_t runs = 0;
};

// Runs the plan, then moves each of its switches step by step, until a run has no violation at all; the one that was
// moved least wins. Where no move helps, switches are dropped; where that does not, faults (Zeller, FSE 2002: what is
// left between a run that fails and the nearest one that passes is the cause).
// REQUIRES: the plan has a violation that `find` finds.
Explanation explain(SimRunner& runner, const Plan& plan, const FindViolation& find);

}  // namespace stampede

#endif  // STAMPEDE_RUN_EXPLANATION_H
