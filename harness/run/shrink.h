// Shrinks a plan that violates something to one that is as small as can be and violates the same.
#ifndef STAMPEDE_RUN_SHRINK_H
#define STAMPEDE_RUN_SHRINK_H

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "harness/plan/plan.h"
#include "harness/run/plan_candidates.h"
#include "harness/run/shrink_trial.h"

namespace stampede {

struct ShrinkOptions {
  std::uint64_t replays_max = 2000;  // then the best so far is the result
  std::function<bool()> is_interrupted = [] { return false; };
  // Called when a smaller plan was found, with how many replays it took so far.
  std::function<void(const Plan& smaller, std::uint64_t replays)> progress = [](const Plan&, std::uint64_t) {};
};

// What came of it. `plan` was run as it is, and has the violation, whatever else is said here.
struct Shrunk {
  Plan plan;
  std::optional<StepViolation> violation;  // of `plan`; none where the plan given had none, and nothing was shrunk
  std::uint64_t trace_hash = 0;            // of `plan`
  std::uint64_t replays = 0;               // runs that it took, the first one included
  std::uint64_t uncontrolled = 0;          // of them: they count as runs without the violation
  std::string why_uncontrolled;            // the first of them
  bool is_fixed_point = false;             // no single cut keeps the violation
  bool interrupted = false;
};

// To a fixed point over processes, models, operations, faults, values and switches, which includes dropping any single
// one of them. What the first run shows is used: only what came before the failure is kept, and of that what may have
// caused it, in an order with few moves (causal_order.h). Switches are then minimized by delta debugging (Zeller and
// Hildebrandt, TSE 2002) in its form that only removes: halves, quarters, single ones. Each accepted plan takes over
// the switches that its own run took. No plan is run twice.
Shrunk shrink(const Plan& plan, const RunTrial& run, const ShrinkOptions& options = {});

}  // namespace stampede

#endif  // STAMPEDE_RUN_SHRINK_H
