// Proofs that fewer switches do not do it, and the whole way from a failure to its smallest plan.
#include "harness/run/smallest_plan.h"

#include <gtest/gtest.h>

#include "harness/run/shrink_for_test.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/trace.h"

namespace stampede {
namespace {

// Locks do nothing: where the first is preempted while it downloads, the second downloads too. `before` come first.
Plan two_get_one(SimRunner& runner, const std::vector<Switch>& before) {
  Plan plan = three_get_one();
  plan.processes.resize(2);
  plan.disk.push_back(locks_do_nothing());
  for (std::uint32_t step = 10; step < 200; ++step) {
    plan.schedule.switches = before;
    plan.schedule.switches.push_back({0, step, 1});
    if (trial_with(runner, find_two_downloads)(plan).violation) return plan;
  }
  ADD_FAILURE() << "no switch gives two downloads";
  return plan;
}

TEST(ShrinkProof, ProvesThatASwitchIsNeeded) {
  SimRunner runner;
  const Plan plan = two_get_one(runner, {});
  const Proof proof = prove_fewest_switches(runner, plan, find_two_downloads);
  EXPECT_EQ(proof.verdict, Proof::Verdict::proven);
  EXPECT_EQ(proof.schedules, 1U);
}

TEST(ShrinkProof, FindsTheScheduleWithFewerSwitches) {
  SimRunner runner;
  const Plan plan = two_get_one(runner, {Switch{0, 3, 1}, Switch{1, 5, 0}});
  const Proof proof = prove_fewest_switches(runner, plan, find_two_downloads);
  ASSERT_EQ(proof.verdict, Proof::Verdict::found_fewer);
  ASSERT_TRUE(proof.plan);
  EXPECT_EQ(proof.plan->schedule.switches.size(), 1U);
  EXPECT_TRUE(trial_with(runner, find_two_downloads)(*proof.plan).violation);
}

TEST(ShrinkProof, SaysThatABoundIsNoProof) {
  SimRunner runner;
  const Plan plan = two_get_one(runner, {Switch{0, 3, 1}, Switch{1, 5, 0}});
  const Proof proof = prove_fewest_switches(runner, plan, find_two_downloads, {.schedules_max = 1});
  EXPECT_EQ(proof.verdict, Proof::Verdict::bound);
  EXPECT_EQ(proof.schedules, 1U);
}

TEST(ShrinkProof, SaysThatItWasInterrupted) {
  SimRunner runner;
  const Plan plan = two_get_one(runner, {Switch{0, 3, 1}, Switch{1, 5, 0}});
  const Proof proof = prove_fewest_switches(runner, plan, find_two_downloads, {.is_interrupted = [] { return true; }});
  EXPECT_EQ(proof.verdict, Proof::Verdict::interrupted);
  SmallestPlan smallest;
  smallest.is_proof_wanted = true;
  smallest.proof = proof;
  EXPECT_EQ(proof_text(smallest), "not proven: interrupted after 0 schedules");
}

// What decides is one run, and what it decided holds for copies made before.
TEST(SmallestPlan, KeepsTheViolationThatThePlanExpects) {
  const auto outcome = [](std::vector<const char*> invariants) {
    SimOutcome made;
    for (const char* const invariant : invariants) made.violations.emplace_back().invariant = invariant;
    return made;
  };
  const auto found = [](const FindViolation& find, const SimOutcome& made) {
    const auto violation = find(made);
    return violation ? violation->invariant : "none";
  };
  const FindViolation expected = find_as_first("b"), copy = expected;
  EXPECT_EQ(found(expected, outcome({})), "none");
  EXPECT_EQ(found(expected, outcome({"a", "b"})), "b");
  EXPECT_EQ(found(copy, outcome({"a"})), "none");
  EXPECT_EQ(found(copy, outcome({"a", "b"})), "b");
  const FindViolation first = find_as_first("holds");
  EXPECT_EQ(found(first, outcome({"a", "b"})), "a");
  EXPECT_EQ(found(first, outcome({"b"})), "none");
}

TEST(SmallestPlan, IsProvenRepeatableAndReadyToBeStored) {
  SimRunner runner;
  std::uint64_t seed = 500;
  const Plan plan = failing_plan(runner, find_two_downloads, seed);
  SmallestPlanOptions options;
  options.find = find_two_downloads;
  bool was_shown = false;
  options.on_unshrunk = [&](const Plan& shown, const StepViolation& violation) {
    EXPECT_EQ(shown, plan);
    EXPECT_EQ(violation.invariant, "planted");
    EXPECT_FALSE(std::exchange(was_shown, true));
  };
  const SmallestPlan smallest = smallest_plan(runner, plan, options);
  EXPECT_TRUE(was_shown);
  ASSERT_TRUE(smallest.shrunk.violation);
  EXPECT_EQ(smallest.proof.verdict, Proof::Verdict::proven) << proof_text(smallest);
  EXPECT_EQ(smallest.shrunk.plan.schedule.switches.size(), 1U);
  EXPECT_TRUE(smallest.is_repeatable) << smallest.difference;
  const PlanNote& note = smallest.shrunk.plan.note;
  EXPECT_EQ(note.expect, "planted");
  EXPECT_EQ(note.why, "planted: two downloads");
  const SimReplay replay = replay_sim(runner, smallest.shrunk.plan, true);
  EXPECT_EQ(hash_text(replay.outcome.trace_hash), note.trace_hash);
}

TEST(SmallestPlan, IsNotProvenWhereNoProofIsAskedFor) {
  SimRunner runner;
  std::uint64_t seed = 600;
  SmallestPlanOptions options;
  options.find = find_two_downloads;
  options.proof.schedules_max = 0;
  const SmallestPlan smallest = smallest_plan(runner, failing_plan(runner, find_two_downloads, seed), options);
  EXPECT_EQ(smallest.proof.schedules, 0U);
  EXPECT_EQ(proof_text(smallest), "not proven: no proof was asked for");
}

TEST(SmallestPlan, LeavesTheGoodCacheAlone) {
  SimRunner runner;
  EXPECT_FALSE(smallest_plan(runner, three_get_one()).shrunk.violation);
}

}  // namespace
}  // namespace stampede
