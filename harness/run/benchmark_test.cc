// The benchmark's figures come from what happened, and what did not happen is not a figure.
#include "harness/run/benchmark.h"

#include <gtest/gtest.h>

#include "harness/free/directory_for_test.h"
#include "harness/run/posix_bare_copy.h"

namespace stampede {
namespace {

BenchmarkOptions options_in(const TestDirectory& directory, std::string program) {
  BenchmarkOptions options;
  options.runs = 2;
  options.free.program = std::move(program);
  options.free.scratch_parent = directory.path();
  return options;
}

Scenario three_processes() {
  Scenario scenario;
  scenario.name = "row";
  scenario.processes = 3;
  scenario.models = {generated_model("a", 100'000)};
  return scenario;
}

void ignore(const std::string&) {}

TEST(Benchmark, MeasuresRealRunsInBothModes) {
  const TestDirectory directory;
  const auto benchmark = run_benchmark({three_processes()}, options_in(directory, STAMPEDE_PROGRAM), ignore);
  ASSERT_TRUE(benchmark) << benchmark.error().message();
  for (const RowMeasures& row : benchmark->rows) {
    for (const Violation& violation : row.violations) ADD_FAILURE() << violation.invariant << ": " << violation.what;
  }
  ASSERT_EQ(benchmark->rows.size(), 2U);
  EXPECT_EQ(benchmark->rows[0].start, StartMode::exec);
  EXPECT_EQ(benchmark->rows[1].start, StartMode::fork);
  for (const RowMeasures& row : benchmark->rows) {
    EXPECT_EQ(row.runs, 2U);
    ASSERT_TRUE(row.hit_ratio);
    EXPECT_DOUBLE_EQ(*row.hit_ratio, 2.0 / 3.0);
    ASSERT_TRUE(row.seconds && row.get_seconds && row.mb_per_second && row.processes_per_second);
    EXPECT_GT(*row.seconds, *row.get_seconds);
    EXPECT_TRUE(row.ratio_to_start && row.ratio_to_copy && row.ratio_to_hash);
    EXPECT_EQ(row.gets_succeeded, 6U);
    EXPECT_EQ(row.wire_body_bytes, 200'000U);
    EXPECT_EQ(row.ends.at("exited"), 6U);
    EXPECT_EQ(row.cpu_times.size(), 6U);
    EXPECT_EQ(row.measures.times.at("get").size(), 6U);
    EXPECT_EQ(row.measures.times.at("start").size(), 6U);
    EXPECT_EQ(row.measures.times.at("download").size(), 2U) << "one a run";
    EXPECT_EQ(row.measures.counts.at("bytes"), 600'000U);
  }
  EXPECT_EQ(benchmark->total.processes, 6U);
  EXPECT_DOUBLE_EQ(*benchmark->total.hit_ratio, 2.0 / 3.0);
}

TEST(Benchmark, StartsWarmWhereItSaysSo) {
  const TestDirectory directory;
  Scenario scenario = three_processes();
  scenario.starts_warm = true;
  const auto benchmark = run_benchmark({scenario}, options_in(directory, STAMPEDE_PROGRAM), ignore);
  ASSERT_TRUE(benchmark) << benchmark.error().message();
  for (const RowMeasures& row : benchmark->rows) {
    for (const Violation& violation : row.violations) ADD_FAILURE() << violation.invariant << ": " << violation.what;
  }
  for (const RowMeasures& row : benchmark->rows) {
    EXPECT_DOUBLE_EQ(row.hit_ratio.value(), 1);
    EXPECT_EQ(row.wire_body_bytes, 0U);
    EXPECT_TRUE(row.ratio_to_start);
    EXPECT_FALSE(row.ratio_to_copy || row.ratio_to_hash) << "nothing is downloaded";
  }
}

TEST(Benchmark, HasNoFiguresForProcessesThatDidNotStart) {
  const TestDirectory directory;
  BenchmarkOptions options = options_in(directory, "/nonexistent/program");
  options.starts = {StartMode::exec};
  const auto benchmark = run_benchmark({three_processes()}, options, ignore);
  ASSERT_TRUE(benchmark) << benchmark.error().message();
  EXPECT_FALSE(benchmark->holds());
  const RowMeasures& row = benchmark->rows.at(0);
  EXPECT_FALSE(row.hit_ratio || row.mb_per_second || row.get_seconds);
  EXPECT_FALSE(row.ratio_to_start || row.ratio_to_copy || row.ratio_to_hash);
  EXPECT_DOUBLE_EQ(row.processes_per_second.value(), 0);
  EXPECT_EQ(row.ends.at("not_started"), 6U);
  options.starts = {StartMode::fork};
  EXPECT_FALSE(run_benchmark({three_processes()}, options, ignore)) << "a zygote of nothing";
}

TEST(BareCopy, DeliversTheBytes) {
  const Model model = generated_model("a", 1'000'000);
  const auto times = measure_bare_times(*model.bytes, model.sha256);
  ASSERT_TRUE(times);
  EXPECT_GT(times->copy.count(), 0);
  EXPECT_GT(times->hash.count(), 0);
  EXPECT_FALSE(measure_bare_times(*model.bytes, modelcache::Sha256Digest{})) << "other bytes passed for the right ones";
}

}  // namespace
}  // namespace stampede
