// A row's figures are those of the facts, whatever its processes say of themselves.
#include "harness/run/row_samples.h"

#include <gtest/gtest.h>

#include "harness/run/get_counts.h"
#include "harness/run/row_facts_for_test.h"

namespace stampede {
namespace {

Scenario three_processes() {
  Scenario scenario;
  scenario.name = "row";
  scenario.processes = 3;
  return scenario;
}

RowMeasures row_of(std::vector<FreeOutcome> outcomes, const std::vector<Bounds>& bounds = {}) {
  RowSamples samples(three_processes(), StartMode::fork);
  for (FreeOutcome& outcome : outcomes) samples.add(outcome);
  for (const Bounds& bound : bounds) samples.add(bound);
  return samples.take();
}

// One downloads, who says that it hit; one hits, who says that it downloaded; one does not start.
FreeOutcome liars() {
  return outcome_of({reported({got(7, true)}), reported({got(9, false)}), ended(ExitReason::not_started)},
                    {asked(0, 0, 1'000'000)});
}

TEST(RowSamples, CountHitsByTheLedgerAndNotByWhatProcessesClaim) {
  const RowMeasures row = row_of({liars()});
  EXPECT_EQ(row.name, "row");
  EXPECT_EQ(row.start, StartMode::fork);
  EXPECT_EQ(row.processes, 3U);
  EXPECT_EQ(row.runs, 1U);
  EXPECT_EQ(row.gets_succeeded, 2U);
  EXPECT_EQ(row.gets_failed, 0U);
  EXPECT_DOUBLE_EQ(row.hit_ratio.value_or(-1), 0.5);
  EXPECT_EQ(row.wire_body_bytes, 1'000'000U) << "a body is counted once";
}

TEST(RowSamples, TimeProcessesFromTheBeginningAndGetsFromTheBarrier) {
  const RowMeasures row = row_of({liars()});
  EXPECT_DOUBLE_EQ(row.seconds.value_or(-1), 10) << "from second 1 to second 11";
  EXPECT_DOUBLE_EQ(row.get_seconds.value_or(-1), 4) << "from second 5 to the last get's end at second 9";
  EXPECT_DOUBLE_EQ(row.processes_per_second.value_or(-1), 0.2) << "two of three started";
  EXPECT_DOUBLE_EQ(row.mb_per_second.value_or(-1), 0.5) << "2 MB were delivered in 4 s";
}

TEST(RowSamples, CountAProcessForItsRateOnlyWhereItEndedWell) {
  const std::pair<ProcessRecord, const char*> others[] = {
      {ended(ExitReason::not_started), "not_started"},
      {ended(ExitReason::exited, 3), "exited"},
      {ended(ExitReason::signalled, 11), "signalled"},
      {ended(ExitReason::hang, 9), "hang"},
      {ended(ExitReason::killed_by_plan, 9), "killed_by_plan"},
      {ended(ExitReason::interrupted, 9), "interrupted"},
      {ended(ExitReason::exited, 0), "exited"},  // without a report
  };
  for (const auto& [other, name] : others) {
    SCOPED_TRACE(name);
    const RowMeasures row = row_of({outcome_of({reported({got(6)}), other, reported({got(7)})}, {})});
    EXPECT_DOUBLE_EQ(row.processes_per_second.value_or(-1), 0.2);
    EXPECT_EQ(row.gets_succeeded, 2U);
    std::map<std::string, std::uint64_t> ends = {{"exited", 2}};
    ++ends[name];
    EXPECT_EQ(row.ends, ends);
  }
  for (const auto& [reason, value] : {std::pair(ExitReason::exited, 1), std::pair(ExitReason::signalled, 0)}) {
    ProcessRecord other = reported({got(8)});  // it reported, and did not end well
    other.reason = reason;
    other.exit_value = value;
    const RowMeasures row = row_of({outcome_of({reported({got(6)}), other}, {})});
    EXPECT_DOUBLE_EQ(row.processes_per_second.value_or(-1), 0.1);
    EXPECT_EQ(row.gets_succeeded, 2U);
  }
}

TEST(RowSamples, HaveNoFiguresOfGetsThatNobodyReported) {
  const FreeOutcome outcome = outcome_of({ended(ExitReason::not_started), reported({failed_at(8)})}, {});
  const RowMeasures row = row_of({outcome}, {{.start = 1, .copy = 1, .hash = 1}});
  EXPECT_EQ(row.gets_succeeded, 0U);
  EXPECT_EQ(row.gets_failed, 1U);
  EXPECT_DOUBLE_EQ(row.seconds.value_or(-1), 10);
  EXPECT_DOUBLE_EQ(row.processes_per_second.value_or(-1), 0.1);
  EXPECT_EQ(row.hit_ratio, std::nullopt);
  EXPECT_EQ(row.get_seconds, std::nullopt);
  EXPECT_EQ(row.mb_per_second, std::nullopt);
  EXPECT_EQ(row.ratio_to_start, std::nullopt);
  EXPECT_EQ(row.ratio_to_copy, std::nullopt);
  EXPECT_EQ(row.ratio_to_hash, std::nullopt);
}

TEST(RowSamples, HaveNothingWithoutARun) {
  const RowMeasures row = row_of({}, {{.start = 1, .copy = 1, .hash = 1}});
  EXPECT_EQ(row.runs, 0U);
  for (const auto figure :
       {&RowMeasures::seconds, &RowMeasures::seconds_min, &RowMeasures::seconds_max, &RowMeasures::get_seconds,
        &RowMeasures::processes_per_second, &RowMeasures::hit_ratio, &RowMeasures::mb_per_second,
        &RowMeasures::ratio_to_start, &RowMeasures::ratio_to_copy, &RowMeasures::ratio_to_hash}) {
    EXPECT_EQ(row.*figure, std::nullopt);
  }
}

TEST(RowSamples, HaveNoTimeOfAProcessThatLiesAboutIts) {
  for (const double ended_at : {0.0, 5.0}) {  // before the barrier was opened, or in that very moment
    const RowMeasures row = row_of({outcome_of({reported({got(ended_at)})}, {})});
    EXPECT_EQ(row.get_seconds, std::nullopt);
    EXPECT_EQ(row.mb_per_second, std::nullopt);
    EXPECT_DOUBLE_EQ(row.hit_ratio.value_or(-1), 1);
  }
}

TEST(RowSamples, AreMediansOverRuns) {
  // Seconds, of gets too: the run begins at second 1.
  const auto run = [](double seconds, double get_seconds) {
    return outcome_of({reported({got(5 + get_seconds)})}, {asked(0, 0, 1'000'000)}, 1, 5, 1 + seconds);
  };
  const RowMeasures odd = row_of({run(40, 2), run(5, 8), run(10, 4)});
  EXPECT_DOUBLE_EQ(odd.seconds.value_or(-1), 10);
  EXPECT_DOUBLE_EQ(odd.seconds_min.value_or(-1), 5);
  EXPECT_DOUBLE_EQ(odd.seconds_max.value_or(-1), 40);
  EXPECT_DOUBLE_EQ(odd.get_seconds.value_or(-1), 4);
  EXPECT_DOUBLE_EQ(odd.processes_per_second.value_or(-1), 0.1);
  EXPECT_DOUBLE_EQ(odd.mb_per_second.value_or(-1), 0.25);
  EXPECT_EQ(odd.runs, 3U);
  EXPECT_EQ(odd.gets_succeeded, 3U);
  EXPECT_EQ(odd.wire_body_bytes, 3'000'000U);
  EXPECT_DOUBLE_EQ(odd.hit_ratio.value_or(-1), 0);
  const RowMeasures even = row_of({run(40, 2), run(5, 8), run(10, 4), run(20, 1)});
  EXPECT_DOUBLE_EQ(even.seconds.value_or(-1), 15);
  EXPECT_DOUBLE_EQ(even.get_seconds.value_or(-1), 3);
  EXPECT_DOUBLE_EQ(even.processes_per_second.value_or(-1), 0.075);
  EXPECT_DOUBLE_EQ(even.mb_per_second.value_or(-1), 0.375);
}

TEST(RowSamples, DivideTheirBoundsByWhatWasMeasured) {
  const FreeOutcome outcome = outcome_of({reported({got(9)})}, {});
  const std::vector<Bounds> bounds = {
      {.start = 2, .copy = 3, .hash = 0.5}, {.start = 9, .copy = 1, .hash = 0.25}, {.start = 5, .copy = 2, .hash = 7}};
  const RowMeasures row = row_of({outcome}, bounds);  // 10 s, and 4 s of gets
  EXPECT_DOUBLE_EQ(row.ratio_to_start.value_or(-1), 0.5);
  EXPECT_DOUBLE_EQ(row.ratio_to_copy.value_or(-1), 0.5);
  EXPECT_DOUBLE_EQ(row.ratio_to_hash.value_or(-1), 0.125);
  const RowMeasures warm = row_of({outcome}, {{.start = 20, .copy = {}, .hash = {}}, {}});
  EXPECT_DOUBLE_EQ(warm.ratio_to_start.value_or(-1), 2);
  EXPECT_EQ(warm.ratio_to_copy, std::nullopt);
  EXPECT_EQ(warm.ratio_to_hash, std::nullopt);
}

TEST(RowSamples, KeepWhatProcessesUsedAndMeasured) {
  ProcessRecord first = reported({got(6)});
  first.cpu_time = std::chrono::nanoseconds(7);
  first.peak_memory_bytes = 4096;
  first.measures = {.times = {{"get", {std::chrono::nanoseconds(3)}}}, .counts = {{"bytes", 5}}};
  ProcessRecord second = reported({got(6)});
  second.cpu_time = std::chrono::nanoseconds(8);
  second.measures = {.times = {{"get", {std::chrono::nanoseconds(2)}}}, .counts = {{"bytes", 6}}};
  ProcessRecord third = ended(ExitReason::hang, 9);
  third.peak_memory_bytes = 1024;
  const RowMeasures row = row_of({outcome_of({first, second, third}, {})});
  EXPECT_EQ(row.cpu_times, (Samples{std::chrono::nanoseconds(7), std::chrono::nanoseconds(8)}));
  EXPECT_EQ(row.peak_memory_bytes, (std::vector<std::uint64_t>{4096, 1024}));
  EXPECT_EQ(row.measures.times.at("get"), (Samples{std::chrono::nanoseconds(3), std::chrono::nanoseconds(2)}));
  EXPECT_EQ(row.measures.counts.at("bytes"), 11U);
}

TEST(RowSamples, KeepViolationsAndDirectoriesOfEachRun) {
  FreeOutcome bad = liars();
  bad.verdict.violations = {{"one_download", "twice"}, {"bytes_are_what_was_asked", "other"}};
  bad.kept_directory = "/kept/1";
  FreeOutcome worse = bad;
  worse.verdict.violations = {{"nothing_left_over", "x"}};
  worse.kept_directory = "/kept/2";
  const RowMeasures row = row_of({bad, liars(), worse});
  std::vector<std::string> said;
  for (const Violation& violation : row.violations) said.push_back(violation.invariant + ": " + violation.what);
  EXPECT_EQ(said, (std::vector<std::string>{"one_download: twice", "bytes_are_what_was_asked: other",
                                            "nothing_left_over: x"}));
  EXPECT_EQ(row.kept_directories, (std::vector<std::string>{"/kept/1", "/kept/2"}));
}

TEST(GetCounts, CountEachGetOfEachProcessByItsOwnRequest) {
  // Process 0 asks for its first get alone; process 1 for its second, and someone else's listener is not its own.
  const FreeOutcome outcome = outcome_of({reported({got(6), got(8)}), reported({failed_at(20), got(7)}),
                                          reported({got(3)}), ended(ExitReason::signalled, 9)},
                                         {asked(0, 0, 1), asked(0, 0, 2), asked(1, 1, 3), asked(3, 1, 4)}, 2);
  const GetCounts counts = count_gets(outcome.facts.plan, outcome.facts.run);
  EXPECT_EQ(counts.succeeded, 4U);
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(counts.hits, 2U);
  EXPECT_EQ(counts.delivered_bytes, 1'000'000U + 2'000'000U + 2'000'000U + 1'000'000U);
  EXPECT_EQ(counts.last_end, at_second(8)) << "the failed one ended later";
  EXPECT_EQ(count_gets({}, {}).last_end, MachineTime{});
}

RowMeasures whole_row() {
  RowMeasures row;
  row.name = "row";
  row.start = StartMode::exec;
  row.processes = 4;
  row.runs = 3;
  row.gets_succeeded = 30;
  row.gets_failed = 2;
  row.wire_body_bytes = 1000;
  row.seconds = 1;
  row.get_seconds = 0.5;
  row.processes_per_second = 4;
  row.hit_ratio = 1;
  row.mb_per_second = 100;
  row.ratio_to_start = 0.5;
  row.ratio_to_copy = 0.2;
  row.ratio_to_hash = 0.125;
  return row;
}

RowMeasures slow_row() {
  RowMeasures row = whole_row();
  row.processes = 5;
  row.runs = 2;
  row.gets_succeeded = 10;
  row.gets_failed = 1;
  row.wire_body_bytes = 77;
  row.seconds = 3;
  row.get_seconds = 1.5;
  row.processes_per_second = 1;
  row.hit_ratio = 0;
  row.mb_per_second = 20;
  row.ratio_to_start = std::nullopt;
  row.ratio_to_copy = 0.4;
  row.ratio_to_hash = 0.375;
  return row;
}

void expect_sums(const RowMeasures& total) {
  EXPECT_EQ(total.name, "TOTAL/AVERAGE");
  EXPECT_EQ(total.start, std::nullopt);
  EXPECT_EQ(total.processes, 9U);
  EXPECT_EQ(total.runs, 5U);
  EXPECT_EQ(total.gets_succeeded, 40U);
  EXPECT_EQ(total.gets_failed, 3U);
  EXPECT_EQ(total.wire_body_bytes, 1077U);
}

TEST(Total, AddsDurationsUpAndDividesSums) {
  const RowMeasures total = total_of({whole_row(), slow_row()});
  expect_sums(total);
  EXPECT_DOUBLE_EQ(total.seconds.value_or(-1), 4);
  EXPECT_DOUBLE_EQ(total.get_seconds.value_or(-1), 2);
  EXPECT_DOUBLE_EQ(total.processes_per_second.value_or(-1), 7.0 / 4);
  EXPECT_DOUBLE_EQ(total.hit_ratio.value_or(-1), 0.75);
  EXPECT_DOUBLE_EQ(total.mb_per_second.value_or(-1), 40);
  EXPECT_DOUBLE_EQ(total.ratio_to_start.value_or(-1), 0.5) << "of those that have one";
  EXPECT_DOUBLE_EQ(total.ratio_to_copy.value_or(-1), 0.3);
  EXPECT_DOUBLE_EQ(total.ratio_to_hash.value_or(-1), 0.25);
}

TEST(Total, HasNoSumOfWhichAPartIsUnknown) {
  for (const auto missing : {&RowMeasures::seconds, &RowMeasures::get_seconds}) {
    RowMeasures unknown = slow_row();
    unknown.*missing = std::nullopt;
    for (const auto& rows : {std::vector{whole_row(), unknown}, std::vector{unknown, whole_row()}}) {
      const RowMeasures total = total_of(rows);
      expect_sums(total);
      for (const auto figure : {&RowMeasures::seconds, &RowMeasures::get_seconds, &RowMeasures::processes_per_second,
                                &RowMeasures::mb_per_second, &RowMeasures::ratio_to_start, &RowMeasures::ratio_to_copy,
                                &RowMeasures::ratio_to_hash}) {
        EXPECT_EQ(total.*figure, std::nullopt);
      }
      EXPECT_DOUBLE_EQ(total.hit_ratio.value_or(-1), 0.75) << "hits are known all the same";
    }
  }
}

TEST(Total, OfNothingIsNothing) {
  const RowMeasures total = total_of({});
  EXPECT_EQ(total.seconds, std::nullopt);
  EXPECT_EQ(total.get_seconds, std::nullopt);
  EXPECT_EQ(total.hit_ratio, std::nullopt);
  EXPECT_EQ(total.processes_per_second, std::nullopt);
  EXPECT_EQ(total.ratio_to_start, std::nullopt);
  RowMeasures without_ratios = whole_row();
  without_ratios.ratio_to_start = without_ratios.ratio_to_copy = without_ratios.ratio_to_hash = std::nullopt;
  EXPECT_EQ(total_of({without_ratios}).ratio_to_copy, std::nullopt) << "a mean of none is no zero";
}

}  // namespace
}  // namespace stampede
