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

TEST(Benchmark, MeasuresRealRuns) {
  const TestDirectory directory;
  const std::vector<BenchmarkRow> rows = {{"row", 3, generated_model("a", 100'000)}};
  const auto benchmark = run_benchmark(rows, options_in(directory, STAMPEDE_PROGRAM), [](const std::string&) {});
  ASSERT_TRUE(benchmark) << benchmark.error().message();
  EXPECT_TRUE(benchmark->holds());
  const RowMeasures& row = benchmark->rows.at(0);
  EXPECT_EQ(row.runs, 2U);
  ASSERT_TRUE(row.hit_ratio);
  EXPECT_DOUBLE_EQ(*row.hit_ratio, 2.0 / 3.0);
  ASSERT_TRUE(row.seconds && row.get_seconds && row.mb_per_second && row.processes_per_second);
  EXPECT_GT(*row.seconds, *row.get_seconds);
  EXPECT_DOUBLE_EQ(*row.processes_per_second, 3 / *row.seconds);
  EXPECT_TRUE(row.ratio_to_bare_start && row.ratio_to_copy_and_hash);
  EXPECT_EQ(benchmark->total.processes, 3U);
  EXPECT_DOUBLE_EQ(*benchmark->total.hit_ratio, *row.hit_ratio);
}

TEST(Benchmark, HasNoFiguresForProcessesThatDidNotStart) {
  const TestDirectory directory;
  const std::vector<BenchmarkRow> rows = {{"row", 3, generated_model("a", 1000)}};
  const auto benchmark = run_benchmark(rows, options_in(directory, "/nonexistent/program"), [](const std::string&) {});
  ASSERT_TRUE(benchmark) << benchmark.error().message();
  EXPECT_FALSE(benchmark->holds());
  const RowMeasures& row = benchmark->rows.at(0);
  EXPECT_FALSE(row.hit_ratio || row.mb_per_second || row.get_seconds);
  EXPECT_FALSE(row.ratio_to_bare_start || row.ratio_to_copy_and_hash);
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
