// Alternates between shrinking and proving until both agree, then repeats the result.
#include "harness/run/smallest_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "harness/run/sim_exploration.h"
#include "harness/run/trace.h"
#include "harness/run/world_comparison.h"

namespace stampede {
namespace {

// What shrinking a plan further adds to what is known.
void go_on_with(Shrunk&& later, Shrunk& shrunk) {
  later.replays += shrunk.replays;
  later.uncontrolled += shrunk.uncontrolled;
  if (later.why_uncontrolled.empty()) later.why_uncontrolled = std::move(shrunk.why_uncontrolled);
  shrunk = std::move(later);
}

void replay_strictly(SimRunner& runner, const FindViolation& find, SmallestPlan& smallest) {
  std::optional<SimOutcome> before;
  for (int i = 0; i < kStrictReplays; ++i) {
    SimReplay replay = replay_sim(runner, smallest.shrunk.plan, true, {.keeps_steps = true});
    if (!replay.outcome.uncontrolled.empty()) {
      smallest.difference = "uncontrolled: " + replay.outcome.uncontrolled;
    } else if (!replay.divergence.empty()) {
      smallest.difference = replay.divergence;
    } else if (replay.outcome.trace_hash != smallest.shrunk.trace_hash) {
      smallest.difference = "the trace is another one";
    } else if (!find(replay.outcome)) {
      smallest.difference = "the violation is gone";
    } else if (before) {
      smallest.difference = repetition_difference(*before, replay.outcome);
    }
    before = std::move(replay.outcome);
    if (!smallest.difference.empty()) return;
  }
  smallest.is_repeatable = true;
}

// Of commands: about a minute each.
constexpr std::uint64_t kCommandReplaysMax = 600, kCommandProofSchedules = 500;

}  // namespace

SmallestPlanOptions options_for(const Plan& plan) {
  SmallestPlanOptions options;
  if (plan.subject.empty()) return options;
  options.shrink.replays_max = kCommandReplaysMax;
  options.proof.schedules_max = kCommandProofSchedules;
  return options;
}

SmallestPlan smallest_plan(SimRunner& runner, const Plan& plan, const SmallestPlanOptions& options) {
  SmallestPlan smallest;
  const FindViolation find = options.find ? options.find : find_as_first(plan.note.expect);
  const RunTrial run = trial_with(runner, find);
  bool is_first = true;
  const RunTrial watched = [&](const Plan& tried) {
    Trial trial = run(tried);
    if (std::exchange(is_first, false) && trial.violation) {
      smallest.unshrunk = *trial.violation;
      options.on_unshrunk(tried, *trial.violation);
    }
    return trial;
  };
  smallest.shrunk = shrink(plan, watched, options.shrink);
  if (!smallest.shrunk.violation) return smallest;
  smallest.is_proof_wanted = options.proof.schedules_max > 0;
  while (smallest.is_proof_wanted && !smallest.shrunk.interrupted) {
    ProofOptions proof_options = options.proof;
    proof_options.schedules_max -= smallest.proof.schedules;
    Proof proof = prove_fewest_switches(runner, smallest.shrunk.plan, find, proof_options);
    proof.schedules += smallest.proof.schedules;
    smallest.proof = std::move(proof);
    if (smallest.proof.verdict != Proof::Verdict::found_fewer) break;
    ShrinkOptions further = options.shrink;
    further.replays_max -= std::min(further.replays_max, smallest.shrunk.replays);
    Shrunk later = shrink(*smallest.proof.plan, run, further);
    if (!later.violation) break;
    go_on_with(std::move(later), smallest.shrunk);
  }
  Plan& result = smallest.shrunk.plan;
  result.note.expect = smallest.shrunk.violation->invariant;
  result.note.why = smallest.shrunk.violation->invariant + ": " + smallest.shrunk.violation->what;
  result.note.trace_hash = hash_text(smallest.shrunk.trace_hash);
  replay_strictly(runner, find, smallest);
  return smallest;
}

std::string proof_text(const SmallestPlan& smallest) {
  const Proof& proof = smallest.proof;
  const std::string ran = fmt::format("{} schedule{}", proof.schedules, proof.schedules == 1 ? "" : "s");
  if (!smallest.is_proof_wanted) return "not proven: no proof was asked for";
  if (smallest.shrunk.interrupted) return "not proven: interrupted before";
  switch (proof.verdict) {
    case Proof::Verdict::proven:
      if (smallest.shrunk.plan.schedule.switches.empty()) return "proven: there is no switch to do without";
      return fmt::format("proven: no schedule with fewer switches does it ({} run)", ran);
    case Proof::Verdict::bound:
      return fmt::format("not proven: bound of {} reached", ran);
    case Proof::Verdict::interrupted:
      return fmt::format("not proven: interrupted after {}", ran);
    case Proof::Verdict::found_fewer:
      return fmt::format("not proven: fewer switches do it too, and cannot be shrunk on ({} run)", ran);
    case Proof::Verdict::cannot:
      return fmt::format("not proven: {} ({} run)", proof.why, ran);
  }
  return "?";
}

}  // namespace stampede
