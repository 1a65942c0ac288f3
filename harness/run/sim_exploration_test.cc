// Explorations of the simulated world: counts that add up, and hashes that do not depend on who ran what.
#include "harness/run/sim_exploration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/run/sim_benchmark.h"
#include "harness/run/sim_exploration_for_test.h"
#include "harness/run/trace.h"
#include "harness/strategy/bounded_exhaustive.h"
#include "harness/strategy/pct.h"
#include "harness/strategy/shared_step.h"

namespace stampede {
namespace {

void ignore(const SimTotals&) {}

SimExplorationOptions drawn(std::uint64_t runs) {
  SimExplorationOptions options;
  options.seed = 1;
  options.runs = runs;
  options.strategy = {.kind = StrategyKind::random};
  return options;
}

TEST(SimExploration, JudgesEveryInvariantOverAFewThousandPlans) {
  SimExplorationOptions options = drawn(3000);
  options.runs_twice = false;
  const SimTotals totals = explore_sim(options, ignore);
  expect_no_discovery(totals.discoveries);
  for (const WatchedInvariant& invariant : watched_invariants()) {
    const auto judged = totals.judged.find(std::string(invariant.id));
    ASSERT_NE(judged, totals.judged.end()) << invariant.id;
    EXPECT_GT(judged->second, 0U) << invariant.id;
  }
}

TEST(SimExploration, HoldsForDrawnPlansAndRunsEachTwice) {
  constexpr std::uint64_t kRuns = 256, kBlock = 64;
  const SimTotals totals = explore_sim(drawn(kRuns), ignore);
  expect_no_discovery(totals.discoveries);
  EXPECT_EQ(totals.violations, 0U);
  EXPECT_EQ(totals.divergences, 0U);
  EXPECT_EQ(totals.plans, kRuns);
  EXPECT_EQ(totals.repetitions, kRuns);
  EXPECT_GT(totals.seconds, 0.0);
  EXPECT_EQ(totals.schedules, kRuns);
  EXPECT_EQ(totals.strategies.at("random").runs, kRuns);
  // Each plan by itself.
  SimRunner runner;
  std::uint64_t steps = 0, processes = 0, preemptions = 0, gets = 0;
  std::map<std::string, std::uint64_t> judged;
  TraceHash hash, of_block;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    const SimDraw draw = draw_sim(seed);
    const SimOutcome outcome = runner.run(draw.plan, *make_strategy({}, draw.strategy_seed));
    of_block.add_number(outcome.trace_hash);
    if (seed % kBlock == 0) {
      hash.add_number(of_block.value());
      of_block.clear();
    }
    steps += outcome.steps;
    processes += outcome.processes;
    preemptions += outcome.run.preemptions;
    for (std::size_t i = 0; i < outcome.judged.size(); ++i) {
      judged[std::string(watched_invariants()[i].id)] += outcome.judged[i];
    }
    for (const OperationOutcome& operation : outcome.operations) {
      gets += operation.stage == StageKind::run && operation.operation.kind == OperationKind::get ? 1 : 0;
    }
  }
  EXPECT_EQ(totals.trace_hash, hash.value());
  EXPECT_EQ(totals.steps, steps);
  EXPECT_EQ(totals.processes, processes);
  EXPECT_EQ(totals.preemptions, preemptions);
  EXPECT_EQ(totals.drawn.at("get"), gets);
  EXPECT_EQ(totals.judged, judged);
}

TEST(SimExploration, HasOneHashForAnyNumberOfJobs) {
  const SimTotals alone = explore_sim(drawn(200), ignore);
  SimExplorationOptions options = drawn(200);
  options.jobs = 3;
  const SimTotals together = explore_sim(options, ignore);
  EXPECT_EQ(together.trace_hash, alone.trace_hash);
  EXPECT_EQ(together.steps, alone.steps);
  EXPECT_EQ(together.drawn, alone.drawn);
  EXPECT_EQ(together.judged, alone.judged);
  options.seed = 2;
  EXPECT_NE(explore_sim(options, ignore).trace_hash, alone.trace_hash);
}

// Each plan once under the part that its seed picks; PCT and URW learn from a run of their own, under the default
// schedule.
TEST(SimExploration, CountsTheRunsOfEachStrategy) {
  SimExplorationOptions options = drawn(300);
  options.strategy = {.kind = StrategyKind::mix};
  const SimTotals totals = explore_sim(options, ignore);
  expect_no_discovery(totals.discoveries);
  std::uint64_t picked = 0, learning = 0;
  for (const auto& [name, tally] : totals.strategies) {
    EXPECT_EQ(tally.hits, 0U) << name;
    (name == "default" ? learning : picked) += tally.runs;
  }
  EXPECT_EQ(totals.strategies.size(), 8U);
  EXPECT_EQ(picked, 300U);
  EXPECT_EQ(totals.plans, 300U);
  EXPECT_EQ(totals.repetitions, 300U);
  EXPECT_EQ(totals.schedules, picked + learning);
  EXPECT_FALSE(totals.promise) << "each plan is another program";
}

TEST(SimExploration, PromisesWhatSchedulesOfOnePlanFind) {
  SimExplorationOptions options = drawn(100);
  options.plan = three_get_one();
  options.strategy = {.kind = StrategyKind::pct, .depth = 2};
  const SimTotals totals = explore_sim(options, ignore);
  expect_no_discovery(totals.discoveries);
  ASSERT_TRUE(totals.promise);
  const PctPromise& promise = *totals.promise;
  EXPECT_EQ(promise.processes, 3U);
  SimRunner runner;
  const Learned learned = learn(LearningScope::some_runs, [&](const StrategyChoice&, Strategy& strategy) {
    (void)runner.run(three_get_one(), strategy);
  });
  std::vector<std::uint64_t> seen;  // shared steps of each run
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Pct pct(2, learned, seed);
    (void)runner.run(three_get_one(), pct);
    seen.push_back(pct.shared_steps());
  }
  EXPECT_EQ(promise.shared_steps, learned.shared_steps);
  EXPECT_EQ(promise.shared_steps_seen, *std::max_element(seen.begin(), seen.end()));
  EXPECT_LT(seen[63], promise.shared_steps_seen) << "no run that ends a block is the longest one";
  EXPECT_LT(seen[99], *std::max_element(seen.begin(), seen.begin() + 64));
  ASSERT_EQ(promise.guarantees.size(), 1U);
  EXPECT_DOUBLE_EQ(promise.guarantees[0].probability,
                   guarantees(3, promise.shared_steps, {{.depth = 2, .runs = 100}})[0].probability);

  options.strategy = {.kind = StrategyKind::mix};
  options.jobs = 3;
  const SimTotals mixed = explore_sim(options, ignore);
  ASSERT_TRUE(mixed.promise);
  EXPECT_EQ(mixed.promise->guarantees.size(), 4U) << "depths 2 to 5";
  EXPECT_LT(mixed.promise->guarantees[0].probability, promise.guarantees[0].probability);
  options.strategy = {.kind = StrategyKind::pos};
  EXPECT_TRUE(explore_sim(options, ignore).promise->guarantees.empty());
}

// What no two processes meet on is not counted, and a head start adds nothing.
TEST(SimExploration, LearnsFewerSharedStepsThanTheTableHas) {
  SimRunner runner;
  const auto run = [&](const StrategyChoice&, Strategy& strategy) {
    EXPECT_TRUE(runner.run(three_get_one(), strategy).violations.empty());
  };
  const Learned rough = learn(LearningScope::one_run, run);
  const Learned fine = learn(LearningScope::some_runs, run);
  EXPECT_TRUE(rough.private_objects.empty());
  EXPECT_GT(fine.private_objects.size(), 5U);
  const auto late = [&](const StrategyChoice&, Strategy& strategy) {
    runner.run(skewed(three_get_one(), 60), strategy);
  };
  EXPECT_EQ(learn(LearningScope::one_run, late).shared_steps, rough.shared_steps);
  const auto is_shared = [&](StepKind kind, std::string path) {
    return fine.is_shared({.kind = kind, .path = std::move(path), .to_path = {}});
  };
  EXPECT_TRUE(is_shared(StepKind::try_lock, "locks/manifest.lock"));
  EXPECT_TRUE(is_shared(StepKind::open, "manifest.json"));
  EXPECT_TRUE(is_shared(StepKind::connect, ""));
  EXPECT_FALSE(is_shared(StepKind::close, "entries")) << "nobody locks it";
}

TEST(SimExploration, DividesSeedsAmongShards) {
  const SimTotals whole = explore_sim(drawn(60), ignore);
  std::uint64_t steps = 0;
  for (std::uint64_t shard = 0; shard < 3; ++shard) {
    SimExplorationOptions options = drawn(20);
    options.shard = shard;
    options.shards = 3;
    steps += explore_sim(options, ignore).steps;
  }
  EXPECT_EQ(steps, whole.steps);
}

TEST(SimExploration, EndsWhenInterrupted) {
  SimExplorationOptions options = drawn(100'000'000);
  options.is_interrupted = [] { return true; };
  const SimTotals totals = explore_sim(options, ignore);
  EXPECT_TRUE(totals.interrupted);
  EXPECT_LT(totals.plans, 100'000'000U);
}

TEST(SimExploration, RunsEveryScheduleWithinABoundOfPreemptions) {
  Plan plan = three_get_one();
  plan.processes.resize(2);
  SimExplorationOptions options;
  options.plan = plan;
  options.strategy = {.kind = StrategyKind::exhaustive, .preemptions_max = 1};
  const SimTotals totals = explore_sim(options, ignore);
  expect_no_discovery(totals.discoveries);
  EXPECT_TRUE(totals.is_exhausted);
  EXPECT_TRUE(totals.is_reduced);
  EXPECT_EQ(totals.plans, 1U);
  EXPECT_GT(totals.schedules, 50U);
  EXPECT_GT(totals.repeating, 0U);
  options.strategy.is_plain = true;
  const SimTotals plain = explore_sim(options, ignore);
  EXPECT_TRUE(plain.is_exhausted);
  EXPECT_FALSE(plain.is_reduced);
  EXPECT_GT(plain.schedules, totals.schedules);
  EXPECT_EQ(plain.repeating, 0U);
  options.runs = 10;
  const SimTotals cut = explore_sim(options, ignore);
  EXPECT_FALSE(cut.is_exhausted);
  EXPECT_EQ(cut.schedules, 10U);
}

TEST(SimExploration, ExploresDrawnPlansWithASkew) {
  SimExplorationOptions options = drawn(100);
  const std::uint64_t steps = explore_sim(options, ignore).steps;
  options.skew = 60;
  const SimTotals totals = explore_sim(options, ignore);
  expect_no_discovery(totals.discoveries);
  EXPECT_GT(totals.steps, steps + 100 * 60) << "three processes are 180 steps, and most plans have two or more";
}

TEST(SimExploration, ReducesOnlyWhatCommutes) {
  Plan plan = three_get_one();
  EXPECT_TRUE(can_reduce(plan));
  plan.network.faults = {*parse_turn("reset_in_body:10")};
  EXPECT_TRUE(can_reduce(plan));
  plan.network.faults = {*parse_turn("other_version_same_etag:1")};
  EXPECT_FALSE(can_reduce(plan));
  plan = three_get_one();
  plan.disk = {DiskFault{.step = StepKind::write, .path = {}, .error = ENOSPC}};
  EXPECT_FALSE(can_reduce(plan));
  plan = three_get_one();
  plan.process_faults = {{ProcessFaultKind::kill_before, 0, 3, {}}};
  EXPECT_FALSE(can_reduce(plan));
  plan = three_get_one();
  plan.schedule.time_runs_first = true;
  EXPECT_FALSE(can_reduce(plan));
}

}  // namespace
}  // namespace stampede
