// The claim of the shrinker: what it leaves breaks the same invariant for the same object, is no larger, needs each of
// its switches, and can be repeated, wherever it was interrupted.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <cstdio>

#include "harness/plan/plan_json.h"
#include "harness/run/plan_candidates.h"
#include "harness/run/shrink.h"
#include "harness/run/shrink_for_test.h"
#include "harness/run/sim_exploration.h"
#include "properties/rapidcheck_choices.h"

namespace stampede {
namespace {

// Strictly, with the switches that it has.
void expect_repeats(SimRunner& runner, const Shrunk& shrunk) {
  const SimReplay again = replay_sim(runner, shrunk.plan, true, {.keeps_steps = true});
  RC_ASSERT(again.divergence.empty());
  RC_ASSERT(again.outcome.trace_hash == shrunk.trace_hash);
  const auto violation = find_two_downloads(again.outcome);
  RC_ASSERT(violation.has_value());
  RC_ASSERT(signature_of(*violation) == signature_of(*shrunk.violation));
}

void expect_needs_each_switch(const RunTrial& run, const Plan& plan) {
  for (std::size_t i = 0; i < plan.schedule.switches.size(); ++i) {
    PlanCut cut;
    cut.switches = {i};
    RC_ASSERT(!run(without(plan, cut)).violation.has_value());
  }
}

TEST(Shrinker, KeepsTheBug) {
  SimRunner runner;
  std::uint64_t judged = 0, switches_before = 0, switches_after = 0, replays = 0, fixed_points = 0, interrupted = 0;
  EXPECT_TRUE(rc::check("the shrinker keeps the bug", [&] {
    auto seed = *rc::gen::noShrink(rc::gen::inRange<std::uint64_t>(0, 1 << 30));
    const Plan plan = failing_plan(runner, find_two_downloads, seed);
    const RunTrial run = trial_with(runner, find_two_downloads);
    const auto before = run(plan).violation;
    RC_ASSERT(before.has_value());

    const Shrunk shrunk = shrink(plan, run);
    RC_ASSERT(shrunk.violation.has_value());
    RC_ASSERT(signature_of(*shrunk.violation) == signature_of(*before));
    RC_ASSERT(check(shrunk.plan).has_value());
    RC_ASSERT(size_of(shrunk.plan) <= size_of(plan));
    expect_repeats(runner, shrunk);
    if (shrunk.is_fixed_point) expect_needs_each_switch(run, shrunk.plan);

    std::uint64_t left = *rc::gen::inRange<std::uint64_t>(0, shrunk.replays);
    const Shrunk partly = shrink(plan, run, {.is_interrupted = [&left] { return left == 0 || --left == 0; }});
    RC_ASSERT(partly.violation.has_value());
    RC_ASSERT(size_of(partly.plan) <= size_of(plan));
    expect_repeats(runner, partly);

    ++judged;
    switches_before += plan.schedule.switches.size();
    switches_after += shrunk.plan.schedule.switches.size();
    replays += shrunk.replays;
    fixed_points += shrunk.is_fixed_point ? 1 : 0;
    interrupted += partly.interrupted ? 1 : 0;
  }));
  std::printf("shrinker: %ju bugs, %ju switches before and %ju after, %ju replays, %ju fixed points, %ju interrupted\n",
              std::uintmax_t{judged}, std::uintmax_t{switches_before}, std::uintmax_t{switches_after},
              std::uintmax_t{replays}, std::uintmax_t{fixed_points}, std::uintmax_t{interrupted});
  EXPECT_GT(fixed_points, 0U);
  EXPECT_GT(interrupted, 0U);
}

}  // namespace
}  // namespace stampede
