// Rows of the simulated world: figures by hand, and counts of runs that can be counted otherwise.
#include "harness/run/sim_benchmark.h"

#include <gtest/gtest.h>

#include <chrono>

#include "harness/run/figures.h"
#include "harness/run/idle_subject_for_test.h"
#include "harness/run/sim_draw.h"
#include "harness/run/tampered_world_for_test.h"
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

TEST(SimRow, HasTheFiguresOfItsRuns) {
  SimRow row;
  row.schedules = 100;
  row.steps = 6000;
  fill_in({8, 2, 4}, {0.5, 3, 1}, row);
  EXPECT_DOUBLE_EQ(row.seconds.value_or(-1), 4);
  EXPECT_DOUBLE_EQ(row.seconds_min.value_or(-1), 2);
  EXPECT_DOUBLE_EQ(row.seconds_max.value_or(-1), 8);
  EXPECT_DOUBLE_EQ(row.schedules_per_second.value_or(-1), 25);
  EXPECT_DOUBLE_EQ(row.steps_per_second.value_or(-1), 1500);
  EXPECT_DOUBLE_EQ(row.ratio_to_bare_steps.value_or(-1), 0.25) << "bound / measured";
  fill_in({8, 2}, {1, 4}, row);
  EXPECT_DOUBLE_EQ(row.seconds.value_or(-1), 5);
  EXPECT_DOUBLE_EQ(row.ratio_to_bare_steps.value_or(-1), 0.5);
}

TEST(SimRow, HasNoFiguresWithoutARun) {
  SimRow row;
  row.schedules = 100;
  fill_in({}, {}, row);
  for (const auto& figure : {row.seconds, row.seconds_min, row.seconds_max, row.schedules_per_second,
                             row.steps_per_second, row.ratio_to_bare_steps}) {
    EXPECT_EQ(figure, std::nullopt);
  }
}

TEST(ScheduleTally, AddsOutcomesUp) {
  ScheduleTally tally;
  SimOutcome outcome;
  outcome.steps = 5;
  outcome.processes = 100;
  tally.add(outcome);
  outcome.steps = 7;
  outcome.violations.resize(2);
  tally.add(outcome);
  outcome.uncontrolled = "another thread";
  tally.add(outcome);
  tally.add(outcome);
  EXPECT_EQ(tally.steps, 26U);
  EXPECT_EQ(tally.violations, 6U);
  EXPECT_EQ(tally.uncontrolled, 2U);
}

TEST(ScheduleTally, OfTwoWorldsHasAllStepsAndTheTimeOfTheSlowest) {
  ScheduleTally all;
  all.add_beside({.seconds = 2, .steps = 3, .violations = 5, .uncontrolled = 7});
  all.add_beside({.seconds = 1, .steps = 11, .violations = 13, .uncontrolled = 17});
  EXPECT_EQ(all.seconds, 2);
  EXPECT_EQ(all.steps, 14U);
  EXPECT_EQ(all.violations, 18U);
  EXPECT_EQ(all.uncontrolled, 24U);
  all.add_beside({.seconds = 4});
  EXPECT_EQ(all.seconds, 4);
}

TEST(ScheduleRow, HasTheStepsOfOneRunAndTheViolationsOfAll) {
  ScheduleRow row;
  row.add({.seconds = 1, .steps = 7, .violations = 2, .uncontrolled = 3});
  row.add({.seconds = 1, .steps = 5, .violations = 11, .uncontrolled = 13});
  EXPECT_EQ(row.steps, 5U);
  EXPECT_EQ(row.violations, 13U);
  EXPECT_EQ(row.uncontrolled, 16U);
  EXPECT_EQ(row.runs, 2U);
  row.add({.seconds = 1, .steps = 100, .violations = 17, .uncontrolled = 19}, false);
  EXPECT_EQ(row.steps, 5U) << "nothing of a run that failed but what it found";
  EXPECT_EQ(row.violations, 30U);
  EXPECT_EQ(row.uncontrolled, 35U);
  EXPECT_EQ(row.runs, 2U);
}

TEST(BareSteps, AreSharedByThreeProcesses) {
  EXPECT_EQ(bare_steps_each(6000, 100), 20U);
  EXPECT_EQ(bare_steps_each(6299, 100), 20U);
  EXPECT_EQ(bare_steps_each(100, 100), 1U) << "at least one";
}

TEST(ThreeGetOne, IsTheWorkloadOfTheRows) {
  const Plan plan = three_get_one();
  ASSERT_EQ(plan.models.size(), 1U);
  EXPECT_EQ(plan.models[0].name, "m0");
  EXPECT_EQ(plan.models[0].size_bytes, 1024U);
  ASSERT_EQ(plan.processes.size(), 3U);
  for (const PlanProcess& process : plan.processes) {
    EXPECT_EQ(process.operations, std::vector<Operation>{(Operation{OperationKind::get, 0})});
  }
}

using Clock = std::chrono::steady_clock;

// Counts what it is told of, and when.
class Counts final : public Observer {
 public:
  void on_step(const Step& step, const DiskView&) override {
    if (times.empty()) times.push_back(Clock::now());
    times.resize(2, Clock::now());
    times.back() = Clock::now();
    others += step.kind == StepKind::now ? 0 : 1;
    ++steps;
  }
  void on_process_end(std::uint32_t, ProcessEnd, const DiskView&) override { ++ends; }
  std::uint64_t steps = 0, others = 0, ends = 0;
  std::vector<Clock::time_point> times;
};

TEST(BareSteps, AreAsManyAsThePlansTook) {
  Counts counts;
  const auto before = Clock::now();
  const double seconds = bare_steps(6000, 50, counts);
  const double outer = seconds_since(before);
  EXPECT_EQ(counts.steps, 6000U);
  EXPECT_EQ(counts.others, 0U);
  EXPECT_EQ(counts.ends, 150U);
  ASSERT_EQ(counts.times.size(), 2U);
  EXPECT_GE(seconds, seconds_of(counts.times[1] - counts.times[0]));
  EXPECT_LE(seconds, outer);
}

TEST(TimeSchedules, TakesTheTimeFromTheFirstToTheLast) {
  std::vector<Clock::time_point> times;
  const auto look = [&](auto&&...) { times.push_back(Clock::now()); };
  SimRunner runner(std::make_unique<TamperedWorld>([&](int) { return Tampering{.before = look, .after = look}; }));
  const auto plans = plans_to_time(20, false);
  const auto before = Clock::now();
  const ScheduleTally tally = time_schedules(plans, runner);
  const double outer = seconds_since(before);
  ASSERT_EQ(times.size(), 40U);
  EXPECT_GE(tally.seconds, seconds_of(times.back() - times.front()));
  EXPECT_LE(tally.seconds, outer);
}

constexpr std::uint64_t kSchedules = 3;

// The steps of that many schedules of a walk.
std::uint64_t steps_of(bool is_drawn) {
  SimRunner runner;
  RandomWalk walk(1);
  std::uint64_t steps = 0;
  for (std::uint64_t seed = 1; seed <= kSchedules; ++seed) {
    steps += runner.run(is_drawn ? draw_sim(seed).plan : three_get_one(), walk).steps;
  }
  return steps;
}

TEST(SimBenchmark, CountsWhatItRuns) {
  std::vector<std::string> said;
  const auto rows = run_sim_benchmark(
      {}, 2, [] { return false; }, [&](const std::string& text) { said.push_back(text); }, kSchedules);
  ASSERT_EQ(rows.size(), 4U);
  const auto names = sim_scenario_names();
  ASSERT_EQ(names.size(), rows.size());
  const std::string expected[] = {"sim_same_model_3proc", "sim_drawn_plans", "replay_same_model_3proc",
                                  "replay_drawn_plans"};
  std::vector<std::string> progress;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SimRow& row = rows[i];
    SCOPED_TRACE(row.name);
    const bool is_drawn = i % 2 == 1;
    EXPECT_EQ(row.name, expected[i]);
    EXPECT_EQ(names[i].first, expected[i]);
    EXPECT_EQ(row.runs, 2U);
    EXPECT_EQ(row.schedules, kSchedules);
    EXPECT_EQ(row.processes, is_drawn ? 0U : 3U);
    EXPECT_EQ(row.steps, steps_of(is_drawn)) << "of one run, and a replay takes the same steps";
    EXPECT_EQ(row.violations, 0U);
    EXPECT_GT(row.ratio_to_bare_steps.value_or(0), 0);
    ASSERT_TRUE(row.seconds && row.seconds_min && row.seconds_max);
    EXPECT_DOUBLE_EQ(*row.seconds, (*row.seconds_min + *row.seconds_max) / 2);
    EXPECT_DOUBLE_EQ(row.steps_per_second.value_or(-1), static_cast<double>(row.steps) / *row.seconds);
    for (const char* what : {", drawing", ", run 1 of 2", ", run 2 of 2"}) progress.push_back(row.name + what);
  }
  EXPECT_EQ(said, progress);
  EXPECT_EQ(names[1].second, "plans drawn from seeds, with their faults; random schedules");
}

TEST(SimBenchmark, TellsWhatAllItsRunsViolated) {
  const std::uint64_t of_one = violations_of_the_idle();
  ASSERT_GT(of_one, 0U);
  const auto rows = run_sim_benchmark(
      {"sim_same", "replay_same"}, 2, [] { return false; }, [](const std::string&) {}, kSchedules,
      {.make_world = [] { return make_sim_plan_world(idle_subject()); }});
  ASSERT_EQ(rows.size(), 2U);
  for (const SimRow& row : rows) EXPECT_EQ(row.violations, 2 * kSchedules * of_one) << row.name;
}

TEST(SimBenchmark, TellsHowManyOfAllItsRunsWereUncontrolled) {
  const auto lose = [](StageEnd& end) { end.uncontrolled = "lost"; };
  const auto rows = run_sim_benchmark(
      {"sim_same"}, 2, [] { return false; }, [](const std::string&) {}, kSchedules, {.make_world = [&] {
        return std::make_unique<TamperedWorld>(
            [&](int run) { return run % 3 == 1 ? Tampering{} : Tampering{.end = lose}; });
      }});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].uncontrolled, 4U) << "two of three, in two runs";
}

TEST(SimBenchmark, SetsItsTimeBesideABoundOfAsManyStepsAndSchedules) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> asked;
  const auto before = Clock::now();
  const auto rows = run_sim_benchmark(
      {}, 3, [] { return false; }, [](const std::string&) {}, kSchedules,
      {.bare_steps = [&](std::uint64_t steps, std::uint64_t schedules, Observer&) {
        asked.emplace_back(steps, schedules);
        return asked.size() % 3 == 0 ? 7.0 : 1000.0;
      }});
  const double outer = seconds_since(before);
  ASSERT_EQ(rows.size(), 4U);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> expected;
  for (const SimRow& row : rows) {
    expected.insert(expected.end(), 3, {row.steps, kSchedules});
    EXPECT_LE(row.seconds_max.value_or(outer + 1), outer);
    EXPECT_DOUBLE_EQ(row.ratio_to_bare_steps.value_or(-1), 1000 / row.seconds.value_or(1)) << row.name;
    EXPECT_DOUBLE_EQ(row.schedules_per_second.value_or(-1), kSchedules / row.seconds.value_or(1)) << row.name;
  }
  EXPECT_EQ(asked, expected);
}

TEST(SimBenchmark, RunsWhatIsChosenUntilItIsInterrupted) {
  const auto nobody = [](const std::string&) {};
  const auto one = run_sim_benchmark({"replay_same"}, 1, [] { return false; }, nobody, 1);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].name, "replay_same_model_3proc");
  EXPECT_TRUE(run_sim_benchmark({}, 1, [] { return true; }, nobody, 1).empty());
  int asked = 0;
  const auto cut = run_sim_benchmark({}, 5, [&] { return ++asked > 3; }, nobody, 1);
  ASSERT_EQ(cut.size(), 1U);
  EXPECT_EQ(cut[0].runs, 2U) << "asked once for the row, and once for each run";
}

}  // namespace
}  // namespace stampede
