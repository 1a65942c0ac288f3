// Explorations of the simulated world: counts that add up, and hashes that do not depend on who ran what.
#include "harness/run/sim_exploration.h"

#include <gtest/gtest.h>

#include "harness/run/kill_sweep.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

void ignore(const SimTotals&) {}

SimExplorationOptions drawn(std::uint64_t runs) {
  SimExplorationOptions options;
  options.seed = 1;
  options.runs = runs;
  return options;
}

void expect_no_discovery(const std::vector<SimDiscovery>& discoveries) {
  for (const SimDiscovery& discovery : discoveries) {
    for (const StepViolation& violation : discovery.violations) {
      ADD_FAILURE() << "seed " << discovery.seed << ": " << violation.invariant << ": " << violation.what;
    }
    EXPECT_EQ(discovery.divergence, "") << "seed " << discovery.seed;
  }
}

TEST(SimExploration, HoldsForDrawnPlansAndRunsEachTwice) {
  const SimTotals totals = explore_sim(drawn(300), ignore);
  expect_no_discovery(totals.discoveries);
  EXPECT_EQ(totals.violations, 0U);
  EXPECT_EQ(totals.divergences, 0U);
  EXPECT_EQ(totals.plans, 300U);
  EXPECT_EQ(totals.repetitions, 300U);
  EXPECT_GT(totals.steps, 300U * 50);
  EXPECT_GT(totals.drawn.at("get"), 0U);
  EXPECT_GT(totals.judged.at("visible_means_complete"), 0U);
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
  options.strategy = {StrategyKind::exhaustive, 1};
  const SimTotals totals = explore_sim(options, ignore);
  expect_no_discovery(totals.discoveries);
  EXPECT_TRUE(totals.is_exhausted);
  EXPECT_EQ(totals.plans, 1U);
  EXPECT_GT(totals.schedules, 50U);
  options.runs = 10;
  const SimTotals cut = explore_sim(options, ignore);
  EXPECT_FALSE(cut.is_exhausted);
  EXPECT_EQ(cut.schedules, 10U);
}

TEST(SimDraw, SkewsProcessesWithTheirFaultsAndSwitches) {
  Plan plan = three_get_one();
  plan.processes[2].idle_steps = 1;
  plan.process_faults = {{ProcessFaultKind::kill_before, 2, 17, {}}, {ProcessFaultKind::kill_before, 0, 3, {}}};
  plan.schedule.switches = {{1, 4, 0}, {0, 5, 1}};
  const Plan late = skewed(plan, 60);
  EXPECT_EQ(late.processes[0].idle_steps, 0U);
  EXPECT_EQ(late.processes[1].idle_steps, 60U);
  EXPECT_EQ(late.processes[2].idle_steps, 121U);
  EXPECT_EQ(late.process_faults[0].step, 137U);
  EXPECT_EQ(late.process_faults[1].step, 3U);
  EXPECT_EQ(late.schedule.switches, (std::vector<Switch>{{1, 64, 0}, {0, 5, 1}}));
}

TEST(SimExploration, ExploresDrawnPlansWithASkew) {
  SimExplorationOptions options = drawn(100);
  const std::uint64_t steps = explore_sim(options, ignore).steps;
  options.skew = 60;
  const SimTotals totals = explore_sim(options, ignore);
  expect_no_discovery(totals.discoveries);
  EXPECT_GT(totals.steps, steps + 100 * 60) << "three processes are 180 steps, and most plans have two or more";
}

TEST(KillSweep, SeesEveryPointOfOneProcess) {
  Plan plan = three_get_one();
  plan.processes.resize(1);
  const KillSweep sweep = sweep_kills(plan, [] { return false; });
  expect_no_discovery(sweep.discoveries);
  EXPECT_EQ(sweep.violations, 0U);
  EXPECT_TRUE(sweep.is_complete());
  EXPECT_EQ(sweep.runs, sweep.points);
  EXPECT_EQ(sweep.met, sweep.points);
  EXPECT_GT(sweep.points, 60U);
  EXPECT_GT(sweep.judged.at("recovery_needs_no_hands"), 0U);
}

TEST(KillSweep, SeesEveryPairOfTwoProcesses) {
  Plan plan = three_get_one();
  plan.processes.resize(2);
  const KillSweep sweep = sweep_kill_pairs(plan, [] { return false; });
  expect_no_discovery(sweep.discoveries);
  EXPECT_TRUE(sweep.is_complete());
  EXPECT_GT(sweep.runs, sweep.points);
  EXPECT_EQ(sweep.met, sweep.runs);
  EXPECT_EQ(sweep.expected, sweep.runs);
  EXPECT_EQ(sweep.kills_before + sweep.kills_after, 2 * sweep.runs);
}

TEST(KillSweep, IsIncompleteWhenInterrupted) {
  const KillSweep sweep = sweep_kills(three_get_one(), [] { return true; });
  EXPECT_TRUE(sweep.interrupted);
  EXPECT_FALSE(sweep.is_complete());
}

}  // namespace
}  // namespace stampede
