// Shrinking of planted bugs: what is left is what they need, is never lost, and takes few replays.
#include "harness/run/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/plan/plan_json.h"
#include "harness/run/shrink_for_test.h"
#include "harness/run/sim_benchmark.h"
#include "harness/strategy/replay.h"
#include "harness/strategy/toy_world.h"

namespace stampede {
namespace {

constexpr int kPlans = 20;

TEST(Shrink, LeavesWhatAPlantedRaceNeeds) {
  SimRunner runner;
  const RunTrial run = trial_with(runner, find_two_downloads);
  std::uint64_t seed = 1;
  std::vector<std::uint64_t> replays;
  for (int i = 0; i < kPlans; ++i) {
    const Plan plan = failing_plan(runner, find_two_downloads, seed);
    SCOPED_TRACE(seed);
    const Shrunk shrunk = shrink(plan, run);
    ASSERT_TRUE(shrunk.violation);
    EXPECT_TRUE(shrunk.is_fixed_point);
    EXPECT_TRUE(check(shrunk.plan));
    // A third process comes in where the lock lies but once, for then two of three must meet.
    EXPECT_GE(shrunk.plan.processes.size(), 2U);
    EXPECT_LE(shrunk.plan.processes.size(), 3U);
    EXPECT_LE(shrunk.plan.models.size(), 2U);
    EXPECT_EQ(size_of(shrunk.plan).operations, shrunk.plan.processes.size()) << print_line(shrunk.plan);
    EXPECT_LE(shrunk.plan.schedule.switches.size(), 4U);
    EXPECT_GE(shrunk.plan.schedule.switches.size(), 1U);
    EXPECT_LT(size_of(shrunk.plan), size_of(plan));
    EXPECT_LE(shrunk.replays, 150U);
    replays.push_back(shrunk.replays);
    // What is returned is what was run.
    const SimReplay again = replay_sim(runner, shrunk.plan, true, {.keeps_steps = true});
    EXPECT_EQ(again.divergence, "");
    EXPECT_EQ(again.outcome.trace_hash, shrunk.trace_hash);
    EXPECT_TRUE(find_two_downloads(again.outcome));
  }
  std::sort(replays.begin(), replays.end());
  EXPECT_LE(replays[kPlans / 2], 60U);
}

TEST(Shrink, LeavesAShrunkPlanAsItIs) {
  SimRunner runner;
  const RunTrial run = trial_with(runner, find_two_downloads);
  std::uint64_t seed = 100;
  for (int i = 0; i < kPlans / 2; ++i) {
    const Shrunk once = shrink(failing_plan(runner, find_two_downloads, seed), run);
    const Shrunk twice = shrink(once.plan, run);
    EXPECT_EQ(twice.plan, once.plan) << print_line(once.plan) << "\n" << print_line(twice.plan);
    EXPECT_TRUE(twice.is_fixed_point);
  }
}

TEST(Shrink, CannotDropASingleThingMore) {
  SimRunner runner;
  const RunTrial run = trial_with(runner, find_two_downloads);
  std::uint64_t seed = 200;
  const Shrunk shrunk = shrink(failing_plan(runner, find_two_downloads, seed), run);
  std::vector<Plan> single;
  for (std::size_t i = 0; i < shrunk.plan.schedule.switches.size(); ++i) {
    single.push_back(without(shrunk.plan, {.switches = {i}}));
  }
  for (std::size_t i = 0; i < shrunk.plan.disk.size(); ++i) single.push_back(without(shrunk.plan, {.disk = {i}}));
  for (std::size_t i = 0; i < shrunk.plan.processes.size(); ++i) {
    single.push_back(without(shrunk.plan, {.processes = {i}}));
  }
  EXPECT_GE(single.size(), 4U);
  for (const Plan& smaller : single) EXPECT_FALSE(run(smaller).violation) << print_line(smaller);
}

TEST(Shrink, RunsNoPlanTwice) {
  SimRunner runner;
  const RunTrial run = trial_with(runner, find_two_downloads);
  std::uint64_t seed = 300, count = 0;
  const Plan plan = failing_plan(runner, find_two_downloads, seed);
  std::set<std::string> seen;
  const Shrunk shrunk = shrink(plan, [&](const Plan& tried) {
    EXPECT_TRUE(seen.insert(print_plan(tried)).second) << print_line(tried);
    ++count;
    return run(tried);
  });
  EXPECT_EQ(shrunk.replays, count);
  EXPECT_GT(count, 5U);
}

TEST(Shrink, LeavesAPlanThatHoldsAlone) {
  SimRunner runner;
  const Shrunk shrunk = shrink(three_get_one(), trial_with(runner, find_two_downloads));
  EXPECT_FALSE(shrunk.violation);
  EXPECT_EQ(shrunk.plan, three_get_one());
  EXPECT_EQ(shrunk.replays, 1U);
}

TEST(Shrink, KeepsTheBestSoFarWhenInterrupted) {
  SimRunner runner;
  const RunTrial run = trial_with(runner, find_two_downloads);
  std::uint64_t seed = 400;
  const Plan plan = failing_plan(runner, find_two_downloads, seed);
  for (const std::uint64_t limit : {std::uint64_t{1}, std::uint64_t{4}, std::uint64_t{12}}) {
    std::uint64_t replays = 0;
    ShrinkOptions options;
    options.is_interrupted = [&] { return replays >= limit; };
    const Shrunk shrunk = shrink(
        plan,
        [&](const Plan& tried) {
          ++replays;
          return run(tried);
        },
        options);
    EXPECT_TRUE(shrunk.interrupted);
    EXPECT_FALSE(shrunk.is_fixed_point);
    EXPECT_LE(shrunk.replays, limit + 2);  // besides, at most what confirms the result
    ASSERT_TRUE(shrunk.violation);
    EXPECT_LE(size_of(shrunk.plan), size_of(plan));
    EXPECT_TRUE(run(shrunk.plan).violation);
  }
}

// The violation is told of the first step, and is there only because of a switch that comes later: cutting the schedule
// behind the step loses it.
TEST(Shrink, KeepsWhatComesAfterTheStepWhereThatIsNeeded) {
  SimRunner runner;
  const FindViolation find = [](const SimOutcome& outcome) -> std::optional<StepViolation> {
    if (outcome.run.preemptions == 0) return std::nullopt;
    return planted("somebody was preempted", 1);
  };
  Plan plan = three_get_one();
  plan.schedule.switches = {Switch{0, 10, 1}, Switch{1, 12, 2}, Switch{2, 20, 0}};
  const Shrunk shrunk = shrink(plan, trial_with(runner, find));
  ASSERT_TRUE(shrunk.violation);
  EXPECT_EQ(shrunk.plan.processes.size(), 2U);
  EXPECT_EQ(shrunk.plan.schedule.switches.size(), 1U);
  EXPECT_TRUE(trial_with(runner, find)(shrunk.plan).violation);
}

TEST(Shrink, TakesUncontrolledRunsForRunsWithoutTheViolation) {
  const RunTrial lost = [](const Plan&) {
    Trial trial;
    trial.uncontrolled = "a thread ran";
    return trial;
  };
  const Shrunk shrunk = shrink(three_get_one(), lost);
  EXPECT_FALSE(shrunk.violation);
  EXPECT_EQ(shrunk.uncontrolled, 1U);
  EXPECT_EQ(shrunk.why_uncontrolled, "a thread ran");
}

// Three processes of counters. Process 2 must be done before process 0 takes step 1; process 1 must be done before step
// 3 of process 0, and take its step 2 after step 2 of that. Each switch of the schedule given is needed while the
// others are there, and two in its middle are not: blocks of process 0 that are put together save them.
TEST(Shrink, JoinsBlocksWhereNoSwitchCanGo) {
  const RunTrial run = [](const Plan& plan) {
    Replay replay(plan.schedule, Replay::Mode::lenient);
    const ToyRun toy = ToyWorld{.steps = {6, 6, 2}}.run(replay);
    Trial trial;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> places;
    trial.steps_taken.resize(3);
    for (const std::uint32_t process : toy.moves) {
      Step step;
      step.kind = StepKind::write;
      step.path = "entries/a";  // all steps conflict
      step.process = process;
      step.own_step = trial.steps_taken[process]++;
      places[{process, step.own_step}] = trial.steps.size();
      trial.steps.push_back(step);
    }
    const auto at = [&](std::uint32_t process, std::uint32_t step) { return places[{process, step}]; };
    if (at(2, 1) < at(0, 1) && at(1, 5) < at(0, 3) && at(0, 2) < at(1, 2)) trial.violation = planted("order", 0);
    trial.all_switches = trial.switches = trial.moves = toy.switches;
    trial.operations_begun.assign(3, 1);
    return trial;
  };
  Plan plan = three_get_one();
  plan.schedule.switches = {{0, 1, 2}, {0, 2, 1}, {1, 2, 0}, {0, 3, 1}};
  ASSERT_TRUE(run(plan).violation);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_FALSE(run(without(plan, {.switches = {i}})).violation) << i;
  ShrinkOptions options;
  const Shrunk shrunk = shrink(plan, run, options);
  ASSERT_TRUE(shrunk.violation);
  EXPECT_EQ(shrunk.plan.schedule.switches, (std::vector<Switch>{{0, 1, 2}, {0, 3, 1}}));
}

TEST(ShrinkSignature, ForgetsNumbersOfProcessesAlone) {
  StepViolation one = planted("", 1), other = planted("", 2);
  one.object = "process 1";
  other.object = "process 3";
  EXPECT_EQ(signature_of(one), signature_of(other));
  other.object = "m1";
  EXPECT_NE(signature_of(one), signature_of(other));
  one.object = "m1";
  one.stage = StageKind::epilogue;
  EXPECT_NE(signature_of(one), signature_of(other));
}

}  // namespace
}  // namespace stampede
