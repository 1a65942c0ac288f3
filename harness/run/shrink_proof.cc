// Deepens a bounded search by one switch at a time.
#include "harness/run/shrink_proof.h"

#include "harness/run/causal_order.h"
#include "harness/strategy/bounded_exhaustive.h"

namespace stampede {
namespace {

// False when all was said: something was found, or the search cannot go on.
bool search(SimRunner& runner, const Plan& plan, const FindViolation& find, const BoundedExhaustive::Options& bounds,
            const ProofOptions& options, Proof& proof) {
  BoundedExhaustive strategy(bounds);
  do {
    if (options.is_interrupted())
      proof.verdict = Proof::Verdict::interrupted;
    else if (proof.schedules >= options.schedules_max)
      proof.verdict = Proof::Verdict::bound;
    if (proof.verdict != Proof::Verdict::proven) return false;
    ++proof.schedules;
    const SimOutcome& outcome = runner.run(plan, strategy, {.keeps_steps = true});
    if (!outcome.uncontrolled.empty()) {
      proof.verdict = Proof::Verdict::cannot;
      proof.why = outcome.uncontrolled;
      return false;
    }
    if (find(outcome)) {
      proof.verdict = Proof::Verdict::found_fewer;
      proof.plan = plan;
      proof.plan->schedule.switches = outcome.run.switches;
      return false;
    }
  } while (strategy.next());
  if (strategy.divergence().empty()) return true;
  proof.verdict = Proof::Verdict::cannot;
  proof.why = strategy.divergence();
  return false;
}

}  // namespace

Proof prove_fewest_switches(SimRunner& runner, const Plan& plan, const FindViolation& find,
                            const ProofOptions& options) {
  Proof proof;
  if (plan.schedule.switches.empty()) return proof;
  // What shared_step.h says of files is about the built-in cache's folders.
  const bool has_private_files = plan.subject.empty() && !shares_private_files(trial_with(runner, find)(plan).steps);
  for (std::uint32_t switches = 0; switches < plan.schedule.switches.size(); ++switches) {
    const BoundedExhaustive::Options bounds{
        .preemptions_max = switches, .only_shared_steps = has_private_files, .counts_every_switch = true};
    if (!search(runner, plan, find, bounds, options, proof)) break;
  }
  return proof;
}

}  // namespace stampede
