// Searches all schedules with fewer switches than a plan has, so that what shrinking left is known to be needed.
#ifndef STAMPEDE_RUN_SHRINK_PROOF_H
#define STAMPEDE_RUN_SHRINK_PROOF_H

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "harness/plan/plan.h"
#include "harness/run/shrink_trial.h"

namespace stampede {

struct ProofOptions {
  std::uint64_t schedules_max = 20'000;
  std::function<bool()> is_interrupted = [] { return false; };
};

struct Proof {
  enum class Verdict : std::uint8_t {
    proven,       // no schedule of the plan with fewer switches has the violation
    found_fewer,  // `plan` has
    bound,        // more schedules than allowed: not proven
    interrupted,  // not proven
    cannot,       // the world does not repeat itself, or lost control: not proven, `why` says more
  };
  Verdict verdict = Verdict::proven;
  std::uint64_t schedules = 0;  // that were run
  std::optional<Plan> plan;
  std::string why;
};

// Runs all schedules of 0 switches, then of 1, and so on below the plan's own number, each choice that is not the
// default being one (bounded_exhaustive.h). Switches away from who could go on are placed before shared steps alone,
// which loses nothing (shared_step.h); before all steps where the plan's processes touch each other's temporaries.
// REQUIRES: the plan has the violation that `find` finds.
Proof prove_fewest_switches(SimRunner& runner, const Plan& plan, const FindViolation& find,
                            const ProofOptions& options = {});

}  // namespace stampede

#endif  // STAMPEDE_RUN_SHRINK_PROOF_H
