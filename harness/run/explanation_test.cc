// Explanations of planted bugs: the nearest run passes, and its pair of steps comes the other way round.
#include "harness/run/explanation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "harness/run/shrink.h"
#include "harness/run/shrink_for_test.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

TEST(Explanation, ShowsAPairThatComesTheOtherWayRoundInARunThatHolds) {
  SimRunner runner;
  const RunTrial run = trial_with(runner, find_two_downloads);
  std::uint64_t seed = 1;
  for (int i = 0; i < 10; ++i) {
    const Shrunk shrunk = shrink(failing_plan(runner, find_two_downloads, seed), run);
    SCOPED_TRACE(print_line(shrunk.plan));
    const Explanation why = explain(runner, shrunk.plan, find_two_downloads);
    ASSERT_TRUE(why.failing.violation);
    ASSERT_TRUE(why.passing);
    EXPECT_FALSE(run(why.passing->plan).violation);
    ASSERT_EQ(why.change, Explanation::Change::switch_moved);
    ASSERT_LT(why.changed_switch, shrunk.plan.schedule.switches.size());
    ASSERT_TRUE(why.pair);
    EXPECT_LT(why.pair->second_passing, why.pair->first_passing);
    const Step& first = why.failing.steps.at(why.pair->first);
    const Step& first_passing = why.passing->steps.at(why.pair->first_passing);
    EXPECT_EQ(first.process, first_passing.process);
    EXPECT_EQ(first.own_step, first_passing.own_step);
    EXPECT_EQ(first.kind, first_passing.kind);
    EXPECT_NE(first.process, why.passing->steps.at(why.pair->second_passing).process);
    EXPECT_LT(why.pair->first, why.pair->second.value_or(SIZE_MAX));
  }
}

// No nearer move of any switch passes.
TEST(Explanation, TakesTheNearestRun) {
  SimRunner runner;
  const RunTrial run = trial_with(runner, find_two_downloads);
  std::uint64_t seed = 50;
  const Shrunk shrunk = shrink(failing_plan(runner, find_two_downloads, seed), run);
  const Explanation why = explain(runner, shrunk.plan, find_two_downloads);
  ASSERT_EQ(why.change, Explanation::Change::switch_moved);
  for (std::int64_t by = 1; by < std::abs(why.moved_by); ++by) {
    for (Switch each : shrunk.plan.schedule.switches) {
      Plan moved = shrunk.plan;
      std::replace(moved.schedule.switches.begin(), moved.schedule.switches.end(), each,
                   Switch{each.process, each.step + static_cast<std::uint32_t>(by), each.to});
      EXPECT_TRUE(run(moved).violation) << by;
    }
  }
}

TEST(Explanation, NamesTheFaultWhereNoOrderMatters) {
  SimRunner runner;
  const FindViolation failed_write = [](const SimOutcome& outcome) -> std::optional<StepViolation> {
    if (outcome.disk_faults_met[static_cast<std::size_t>(StepKind::write)] == 0) return std::nullopt;
    return planted("a write failed", 1);
  };
  Plan plan = three_get_one();
  plan.processes.resize(1);
  plan.disk = {DiskFault{.step = StepKind::write, .path = "tmp/", .error = 28}};
  const Explanation why = explain(runner, plan, failed_write);
  EXPECT_EQ(why.change, Explanation::Change::fault_dropped);
  ASSERT_TRUE(why.passing);
  EXPECT_TRUE(why.passing->plan.disk.empty());
  EXPECT_FALSE(why.pair);
}

TEST(Explanation, SaysThatNothingHelps) {
  SimRunner runner;
  const FindViolation always = [](const SimOutcome&) { return std::optional(planted("always", 1)); };
  const Explanation why = explain(runner, three_get_one(), always);
  EXPECT_EQ(why.change, Explanation::Change::none);
  EXPECT_FALSE(why.passing);
}

}  // namespace
}  // namespace stampede
