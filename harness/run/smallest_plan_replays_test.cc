// What is told of a smallest plan is what its runs did: each of the strict replays is compared, each run is counted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/run/shrink_for_test.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/smallest_plan.h"
#include "harness/run/tampered_world_for_test.h"
#include "harness/run/trace.h"

namespace stampede {
namespace {

using testing::StartsWith;

// Every get names another model than it was asked for. Nothing of that is in the trace.
Tampering lying() { return ways_to_tamper()[3].tampering; }

// Shrinks in a world that always lies, in which the run that is counted from the end is tampered with besides.
SmallestPlan smallest_with(int from_end, const Tampering& besides, int& runs) {
  const int wanted = from_end == 0 ? 0 : runs + 1 - from_end;
  runs = 0;
  SimRunner runner(std::make_unique<TamperedWorld>([&](int run) {
    runs = run;
    return run == wanted ? besides : lying();
  }));
  return smallest_plan(runner, three_get_one());
}

TEST(SmallestPlanReplays, AreThreeThatAreAllCompared) {
  int runs = 0;
  const SmallestPlan good = smallest_with(0, {}, runs);
  ASSERT_TRUE(good.shrunk.violation);
  EXPECT_TRUE(good.is_repeatable);
  EXPECT_EQ(good.difference, "");
  EXPECT_EQ(static_cast<std::uint64_t>(runs), good.shrunk.replays + 3) << "there is no switch to prove needed";
  EXPECT_EQ(good.proof.schedules, 0U);
  EXPECT_EQ(good.unshrunk.invariant, good.shrunk.violation->invariant);
  EXPECT_EQ(good.shrunk.plan.processes.size(), 1U);
  EXPECT_EQ(good.shrunk.plan.note.expect, good.shrunk.violation->invariant);
  EXPECT_EQ(good.shrunk.plan.note.why, good.shrunk.violation->invariant + ": " + good.shrunk.violation->what);
  EXPECT_EQ(good.shrunk.plan.note.trace_hash, hash_text(good.shrunk.trace_hash));
  EXPECT_EQ(proof_text(good), "proven: there is no switch to do without");

  std::vector<std::pair<Tampering, std::string>> cases;
  for (const NamedTampering& way : ways_to_tamper()) {
    if (way.name == "a violation") continue;
    Tampering both = lying();
    if (way.tampering.step) both.step = way.tampering.step;
    if (way.tampering.end) both.end = way.tampering.end;
    if (way.tampering.operation) {
      both.operation = [lie = both.operation, also = way.tampering.operation](OperationOutcome& outcome) {
        lie(outcome);
        also(outcome);
      };
    }
    cases.emplace_back(both,
                       way.changes_trace ? "the trace is another one" : "the traces are the same, and the verdicts");
  }
  cases.emplace_back(Tampering{}, "the violation is gone");
  cases.emplace_back(Tampering{.end = [](StageEnd& end) { end.uncontrolled = "a thread"; }}, "uncontrolled: a thread");
  const int all = runs;
  for (const int from_end : {1, 2, 3}) {
    for (const auto& [besides, difference] : cases) {
      runs = all;
      const SmallestPlan bad = smallest_with(from_end, besides, runs);
      EXPECT_FALSE(bad.is_repeatable) << from_end << difference;
      EXPECT_THAT(bad.difference, StartsWith(difference));
      EXPECT_EQ(bad.shrunk.plan, good.shrunk.plan);
      EXPECT_LE(runs, all);
    }
  }
  runs = all;
  EXPECT_TRUE(smallest_with(-1, {}, runs).is_repeatable) << "nothing comes behind the third";
  EXPECT_EQ(runs, all);
}

// Locks do nothing; two preemptions more than are needed.
TEST(SmallestPlanReplays, AreCountedApartFromTheProofs) {
  int runs = 0, lost = 0;
  SimRunner runner(std::make_unique<TamperedWorld>([&](int run) {
    runs = run;
    return run != lost ? Tampering{} : Tampering{.end = [](StageEnd& end) { end.uncontrolled = "a thread"; }};
  }));
  Plan plan = three_get_one();
  plan.processes.resize(2);
  plan.disk.push_back(locks_do_nothing());
  const RunTrial trial = trial_with(runner, find_two_downloads);
  plan.schedule.switches = {{0, 3, 1}, {1, 5, 0}, {0, 10, 1}};
  while (plan.schedule.switches[2].step < 200 && !trial(plan).violation) ++plan.schedule.switches[2].step;
  ASSERT_TRUE(trial(plan).violation);
  for (const std::uint64_t replays_max : {std::uint64_t{1}, std::uint64_t{1000}}) {
    SmallestPlanOptions options;
    options.find = find_two_downloads;
    options.shrink.replays_max = replays_max;
    const int before = runs;
    const SmallestPlan smallest = smallest_plan(runner, plan, options);
    SCOPED_TRACE(proof_text(smallest));
    ASSERT_TRUE(smallest.shrunk.violation);
    EXPECT_TRUE(smallest.is_repeatable) << smallest.difference;
    // A proof looks at the plan's own run first.
    const auto told = smallest.shrunk.replays + smallest.proof.schedules + kStrictReplays;
    const auto proofs = static_cast<std::uint64_t>(runs - before) - told;
    EXPECT_EQ(proofs, replays_max == 1 ? 2U : 1U);
    EXPECT_EQ(smallest.proof.verdict, Proof::Verdict::proven);
    EXPECT_EQ(smallest.shrunk.plan.schedule.switches.size(), 1U);
    if (replays_max > 1) continue;
    // The first proof found fewer switches, and shrinking went on from there.
    EXPECT_EQ(smallest.shrunk.replays, 2U);
    options.proof.schedules_max = smallest.proof.schedules - 1;
    const SmallestPlan bound = smallest_plan(runner, plan, options);
    EXPECT_EQ(bound.proof.verdict, Proof::Verdict::bound);
    EXPECT_EQ(bound.proof.schedules, smallest.proof.schedules - 1);
    options.proof.schedules_max = 1000;
    options.shrink.replays_max = 2;
    lost = runs + 2;
    const SmallestPlan other = smallest_plan(runner, plan, options);
    EXPECT_EQ(other.proof.verdict, Proof::Verdict::proven);
    EXPECT_EQ(other.shrunk.replays, 3U);
    EXPECT_EQ(other.shrunk.uncontrolled, 1U);
    EXPECT_EQ(other.shrunk.why_uncontrolled, "a thread");
  }
}

TEST(SmallestPlanReplays, SayWhatTheProofCameTo) {
  const auto text = [](Proof::Verdict verdict, std::uint64_t schedules, std::size_t switches) {
    SmallestPlan smallest;
    smallest.is_proof_wanted = true;
    smallest.proof.verdict = verdict;
    smallest.proof.schedules = schedules;
    smallest.proof.why = "it moved";
    smallest.shrunk.plan.schedule.switches.resize(switches);
    return proof_text(smallest);
  };
  using Verdict = Proof::Verdict;
  EXPECT_EQ(text(Verdict::proven, 0, 0), "proven: there is no switch to do without");
  EXPECT_EQ(text(Verdict::proven, 1, 1), "proven: no schedule with fewer switches does it (1 schedule run)");
  EXPECT_EQ(text(Verdict::proven, 12, 2), "proven: no schedule with fewer switches does it (12 schedules run)");
  EXPECT_EQ(text(Verdict::bound, 12, 2), "not proven: bound of 12 schedules reached");
  EXPECT_EQ(text(Verdict::interrupted, 0, 2), "not proven: interrupted after 0 schedules");
  EXPECT_EQ(text(Verdict::found_fewer, 1, 2),
            "not proven: fewer switches do it too, and cannot be shrunk on (1 schedule run)");
  EXPECT_EQ(text(Verdict::cannot, 3, 2), "not proven: it moved (3 schedules run)");
  SmallestPlan smallest;
  EXPECT_EQ(proof_text(smallest), "not proven: no proof was asked for");
  smallest.is_proof_wanted = true;
  smallest.shrunk.interrupted = true;
  EXPECT_EQ(proof_text(smallest), "not proven: interrupted before");
}

TEST(SmallestPlanReplays, HaveBoundsThatSuitWhatARunCosts) {
  Plan plan;
  EXPECT_EQ(options_for(plan).shrink.replays_max, ShrinkOptions{}.replays_max);
  EXPECT_EQ(options_for(plan).proof.schedules_max, 20'000U);
  plan.subject = "shell_cache";
  EXPECT_EQ(options_for(plan).shrink.replays_max, 600U);
  EXPECT_EQ(options_for(plan).proof.schedules_max, 500U);
}

// An interrupt leaves what was found so far, without a proof.
TEST(SmallestPlanReplays, ProveNothingAfterAnInterrupt) {
  int runs = 0;
  SimRunner runner(std::make_unique<TamperedWorld>([&](int run) {
    runs = run;
    return lying();
  }));
  SmallestPlanOptions options;
  options.shrink.is_interrupted = [&] { return runs >= 1; };
  Plan plan = three_get_one();
  plan.schedule.switches = {{0, 20, 1}};
  const SmallestPlan smallest = smallest_plan(runner, plan, options);
  EXPECT_TRUE(smallest.shrunk.interrupted);
  ASSERT_TRUE(smallest.shrunk.violation);
  EXPECT_EQ(smallest.proof.schedules, 0U);
  EXPECT_EQ(proof_text(smallest), "not proven: interrupted before");
  EXPECT_EQ(smallest.shrunk.plan.processes.size(), 3U);
}

}  // namespace
}  // namespace stampede
