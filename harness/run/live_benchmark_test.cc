// Rows of the live world have the figures of their samples, and none of what was not measured.
#include "harness/run/live_benchmark.h"

#include <gtest/gtest.h>

#include <set>

#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

using Figure = std::optional<double> LiveRow::*;

constexpr Figure kFigures[] = {&LiveRow::seconds,
                               &LiveRow::seconds_min,
                               &LiveRow::seconds_max,
                               &LiveRow::schedules_per_second,
                               &LiveRow::ratio_to_bare_starts,
                               &LiveRow::ratio_to_one_world,
                               &LiveRow::decision_microseconds,
                               &LiveRow::strace_microseconds,
                               &LiveRow::ratio_of_plans_to_bare_starts,
                               &LiveRow::cpu_milliseconds,
                               &LiveRow::cpu_ratio_to_bare_starts};

LiveRow row_of(const LiveSamples& samples) {
  LiveRow row;
  row.schedules = 10;
  row.processes = 3;
  row.commands = 5;
  fill_in(samples, row);
  return row;
}

// These and no others.
void expect_figures(const LiveRow& row, const std::vector<std::pair<Figure, double>>& figures) {
  for (std::size_t i = 0; i < std::size(kFigures); ++i) {
    std::optional<double> expected;
    for (const auto& [figure, value] : figures) {
      if (figure == kFigures[i]) expected = value;
    }
    EXPECT_EQ((row.*kFigures[i]).has_value(), expected.has_value()) << "figure " << i;
    if (expected) {
      EXPECT_DOUBLE_EQ((row.*kFigures[i]).value_or(-1), *expected) << "figure " << i;
    }
  }
}

TEST(LiveRow, DividesBareStartsByItsTime) {
  LiveSamples samples;
  samples.seconds = {8, 2, 4};
  samples.bare_starts = {1, 0.5, 3};
  expect_figures(row_of(samples), {{&LiveRow::seconds, 4},
                                   {&LiveRow::seconds_min, 2},
                                   {&LiveRow::seconds_max, 8},
                                   {&LiveRow::schedules_per_second, 2.5},
                                   {&LiveRow::ratio_to_bare_starts, 0.25}});
}

TEST(LiveRow, ComparesTwoWorldsWithTwiceTheTimeOfOne) {
  LiveSamples samples;
  samples.seconds = {5, 5};
  samples.alone = {3, 5};
  expect_figures(row_of(samples), {{&LiveRow::seconds, 5},
                                   {&LiveRow::seconds_min, 5},
                                   {&LiveRow::seconds_max, 5},
                                   {&LiveRow::schedules_per_second, 2},
                                   {&LiveRow::ratio_to_one_world, 1.6}});
}

TEST(LiveRow, ComparesCommandsWithAsManyBareOnes) {
  LiveSamples samples;
  samples.seconds = {4, 9, 5};
  samples.without_epilogues = {3, 2, 4};
  samples.cpu = {2, 4, 3};
  samples.bare_commands = {0.01, 0.03, 0.02};
  samples.bare_commands_cpu = {0.012, 0.03, 0.001};
  expect_figures(row_of(samples), {{&LiveRow::seconds, 5},
                                   {&LiveRow::seconds_min, 4},
                                   {&LiveRow::seconds_max, 9},
                                   {&LiveRow::schedules_per_second, 2},
                                   {&LiveRow::cpu_milliseconds, 300},
                                   {&LiveRow::ratio_to_bare_starts, 0.02 * 50 / 5},
                                   {&LiveRow::ratio_of_plans_to_bare_starts, 0.02 * 30 / 3},
                                   {&LiveRow::cpu_ratio_to_bare_starts, 0.012 * 50 / 3}});
  for (const auto missing : {&LiveSamples::bare_commands, &LiveSamples::bare_commands_cpu}) {
    LiveSamples without = samples;
    (without.*missing).clear();
    expect_figures(row_of(without), {{&LiveRow::seconds, 5},
                                     {&LiveRow::seconds_min, 4},
                                     {&LiveRow::seconds_max, 9},
                                     {&LiveRow::schedules_per_second, 2},
                                     {&LiveRow::cpu_milliseconds, 300}});
  }
}

TEST(LiveRow, HasNoSchedulesWhereItMeasuresDecisions) {
  LiveSamples samples;
  samples.seconds = {1};
  samples.decisions = {7, 5, 9};
  samples.traced = {30, 20};
  LiveRow row;
  row.processes = 1;
  fill_in(samples, row);
  expect_figures(row, {{&LiveRow::seconds, 1},
                       {&LiveRow::seconds_min, 1},
                       {&LiveRow::seconds_max, 1},
                       {&LiveRow::decision_microseconds, 7},
                       {&LiveRow::strace_microseconds, 25}});
}

TEST(LiveRow, HasNothingWithoutARun) { expect_figures(row_of({}), {}); }

TEST(LiveSamples, AreWhatWasMeasured) {
  using std::chrono::nanoseconds;
  const LiveBenchmarkSize size{
      .schedules = 2, .command_schedules = 3, .calls = 5, .traced_calls = 7, .bare_commands = 4};
  LiveSamples samples;
  add({.tally = {.seconds = 13, .steps = 1, .violations = 1, .uncontrolled = 1}}, size, samples);
  EXPECT_EQ(samples.seconds, std::vector<double>{13});
  add({.tally = {.seconds = 99}, .error = modelcache::Error{}, .bare_starts = 1, .alone = 1}, size, samples);
  const LiveRun run{.tally = {.seconds = 17},
                    .bare_starts = 19,
                    .alone = 23,
                    .all = SpentTime{29, 31},
                    .epilogues = SpentTime{2, 37},
                    .bare = SpentTime{8, 44},
                    .decisions = {nanoseconds(7'500), nanoseconds(1'000), nanoseconds(41'000)},
                    .traced = nanoseconds(43'250)};
  add(run, size, samples);
  add({.tally = {.seconds = 47}, .decisions = {nanoseconds(1'000), nanoseconds(2'000)}}, size, samples);
  EXPECT_EQ(samples.seconds, (std::vector<double>{13, 17, 47})) << "nothing of a run that failed";
  EXPECT_EQ(samples.bare_starts, std::vector<double>{19});
  EXPECT_EQ(samples.alone, std::vector<double>{23});
  EXPECT_EQ(samples.without_epilogues, std::vector<double>{15}) << "by the clock on the wall";
  EXPECT_EQ(samples.cpu, std::vector<double>{31});
  EXPECT_EQ(samples.bare_commands, std::vector<double>{2}) << "of one";
  EXPECT_EQ(samples.bare_commands_cpu, std::vector<double>{11});
  EXPECT_EQ(samples.decisions, (std::vector<double>{7.5, 1.5})) << "microseconds, at the median of a run";
  EXPECT_EQ(samples.traced, std::vector<double>{43.25});
}

TEST(BareStages, AreAsManyProcessesAsThePlanHas) {
  Plan plan = three_get_one();
  EXPECT_EQ(bare_stages(plan), (std::vector<std::size_t>{3, 1}));
  plan.start.warm = {0};
  EXPECT_EQ(bare_stages(plan), (std::vector<std::size_t>{3, 1, 1}));
}

TEST(LiveBenchmark, NamesEachRowOnce) {
  std::set<std::string> names;
  for (const auto& [name, what] : live_scenario_names()) {
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_NE(what, "") << name;
    EXPECT_TRUE(name.starts_with("live_")) << name;
  }
  EXPECT_EQ(names.size(), 7U);
}

}  // namespace
}  // namespace stampede
