// Runs a plan as shrinking does, leniently, and notes what of it had happened when it failed.
#ifndef STAMPEDE_RUN_SHRINK_TRIAL_H
#define STAMPEDE_RUN_SHRINK_TRIAL_H

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/run/plan_candidates.h"
#include "harness/run/sim_run.h"

namespace stampede {

// What makes two violations the same bug: the invariant, what it is about, and whether the plan's processes or the
// laboratory's own broke it. Numbers of processes do not count, since smaller plans number them anew.
struct Signature {
  std::string invariant, object;
  StageKind stage = StageKind::run;
  friend auto operator<=>(const Signature&, const Signature&) = default;
};
Signature signature_of(const StepViolation& violation);

// The violation that a shrunk plan must keep; nothing where the run has none.
using FindViolation = std::function<std::optional<StepViolation>(const SimOutcome&)>;
// The first one of that signature.
FindViolation find_signature(Signature signature);
// The first run that it sees and that violates anything decides the signature: of `invariant` where that is violated,
// or else of the first violation. Copies share that decision.
FindViolation find_as_first(std::string invariant);

// One run of a plan.
struct Trial {
  std::optional<StepViolation> violation;  // that was looked for
  std::string uncontrolled;                // why the live world lost control; then there is no violation
  std::uint64_t trace_hash = 0;
  // The rest is of runs with the violation alone. The choices that were not the default: of the whole run, and up to
  // the step after which the violation was seen.
  std::vector<Switch> all_switches, switches;
  // Besides these switches every forced move up to there, all in their order.
  std::vector<Switch> moves;
  std::vector<Step> steps;  // of the plan's processes, up to there, that one included
  // Of each process, up to there.
  std::vector<std::uint32_t> steps_taken, operations_begun;
  std::vector<std::uint32_t> killed;  // processes, at any time of the run
  // Of each process, of each operation that ended in the run: the steps that go with it. Opening the cache comes with
  // the first operation and stays when that goes.
  StepRanges ranges;
};

// How a shrinker runs a plan.
using RunTrial = std::function<Trial(const Plan&)>;
// REQUIRES: the runner outlives it.
RunTrial trial_with(SimRunner& runner, FindViolation find);

}  // namespace stampede

#endif  // STAMPEDE_RUN_SHRINK_TRIAL_H
