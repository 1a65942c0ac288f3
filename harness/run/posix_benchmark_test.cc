// The benchmark's figures come from what happened, and what did not happen is not a figure.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/free/directory_for_test.h"
#include "harness/free/posix_descriptor.h"
#include "harness/free/posix_descriptor_sweep_for_test.h"
#include "harness/free/posix_zygote.h"
#include "harness/plan/sanitized.h"
#include "harness/run/benchmark.h"
#include "harness/run/bounds.h"
#include "harness/run/posix_bare_copy.h"

namespace stampede {
namespace {

BenchmarkOptions benchmark_in(const TestDirectory& directory, std::string program) {
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

std::size_t count_of(const RowMeasures& row, const std::string& operation) {
  const auto found = row.measures.times.find(operation);
  return found == row.measures.times.end() ? 0 : found->second.size();
}

TEST(Benchmark, HoldsWhereNoRowHasAViolation) {
  Benchmark benchmark;
  EXPECT_TRUE(benchmark.holds());
  benchmark.rows.resize(3);
  EXPECT_TRUE(benchmark.holds());
  benchmark.rows[2].violations = {{"one_download", "twice"}};
  EXPECT_FALSE(benchmark.holds());
  EXPECT_EQ(name_of(StartMode::exec), "exec");
  EXPECT_EQ(name_of(StartMode::fork), "fork");
}

TEST(FreeRun, TellsWhichUmaskItHad) {
  const TestDirectory directory;
  FreePlan plan;
  plan.models = {generated_model("a", 10)};
  plan.processes = {{.operations = {{.model = 0, .directory = 0}}}};
  const mode_t usual = ::umask(0027);
  const auto outcome = run_free(plan, benchmark_in(directory, STAMPEDE_PROGRAM).free);
  ::umask(usual);
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(outcome->facts.umask, 0027U);
  EXPECT_TRUE(outcome->verdict.violations.empty());
}

TEST(Benchmark, MeasuresRealRunsInBothModes) {
  const TestDirectory directory;
  std::vector<std::string> said;
  const auto benchmark = run_benchmark({three_processes()}, benchmark_in(directory, STAMPEDE_PROGRAM),
                                       [&](const std::string& text) { said.push_back(text); });
  ASSERT_TRUE(benchmark) << benchmark.error().message();
  EXPECT_EQ(said, (std::vector<std::string>{"row, run 1 of 2", "row, run 2 of 2"}));
  EXPECT_TRUE(benchmark->holds());
  EXPECT_FALSE(benchmark->interrupted);
  EXPECT_EQ(benchmark->runs_per_row, 2U);
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
    EXPECT_EQ(row.ends, (std::map<std::string, std::uint64_t>{{"exited", 6}}));
    EXPECT_EQ(row.cpu_times.size(), 6U);
    EXPECT_EQ(row.peak_memory_bytes.size(), 6U);
    EXPECT_EQ(count_of(row, "get"), 6U);
    EXPECT_EQ(count_of(row, "start"), 6U);
    EXPECT_EQ(count_of(row, "download"), 2U) << "one a run";
    EXPECT_EQ(row.measures.counts, (std::map<std::string, std::uint64_t>{{"bytes", 600'000}}));
    EXPECT_TRUE(row.kept_directories.empty());
  }
  EXPECT_EQ(benchmark->total.processes, 6U);
  EXPECT_EQ(benchmark->total.gets_succeeded, 12U);
  EXPECT_DOUBLE_EQ(benchmark->total.hit_ratio.value_or(-1), 2.0 / 3.0);
}

TEST(Benchmark, CountsNoRunThatWasInterrupted) {
  const TestDirectory directory;
  const PosixPipe pipe = make_pipe();
  ASSERT_EQ(::write(pipe.write.get(), "I", 1), 1);
  BenchmarkOptions options = benchmark_in(directory, STAMPEDE_PROGRAM);
  options.free.interrupt_descriptor = pipe.read.get();
  std::size_t said = 0;
  const auto benchmark = run_benchmark({three_processes()}, options, [&](const std::string&) { ++said; });
  ASSERT_TRUE(benchmark) << benchmark.error().message();
  EXPECT_TRUE(benchmark->interrupted);
  EXPECT_EQ(said, 1U) << "no other run was begun";
  ASSERT_EQ(benchmark->rows.size(), 2U);
  for (const RowMeasures& row : benchmark->rows) {
    EXPECT_EQ(row.runs, 0U);
    EXPECT_FALSE(row.seconds || row.hit_ratio || row.ratio_to_start);
    EXPECT_TRUE(row.ends.empty());
  }
  EXPECT_FALSE(benchmark->total.seconds);
}

TEST(Benchmark, StartsWarmWhereItSaysSo) {
  const TestDirectory directory;
  Scenario scenario = three_processes();
  scenario.starts_warm = true;
  const auto benchmark = run_benchmark({scenario}, benchmark_in(directory, STAMPEDE_PROGRAM), ignore);
  ASSERT_TRUE(benchmark) << benchmark.error().message();
  for (const RowMeasures& row : benchmark->rows) {
    for (const Violation& violation : row.violations) ADD_FAILURE() << violation.invariant << ": " << violation.what;
  }
  for (const RowMeasures& row : benchmark->rows) {
    EXPECT_DOUBLE_EQ(row.hit_ratio.value_or(-1), 1);
    EXPECT_EQ(row.gets_succeeded, 6U);
    EXPECT_EQ(row.wire_body_bytes, 0U);
    EXPECT_TRUE(row.ratio_to_start);
    EXPECT_FALSE(row.ratio_to_copy || row.ratio_to_hash) << "nothing is downloaded";
  }
}

TEST(Benchmark, HasNoFiguresForProcessesThatDidNotStart) {
  const TestDirectory directory;
  BenchmarkOptions options = benchmark_in(directory, "/nonexistent/program");
  options.starts = {StartMode::exec};
  const auto benchmark = run_benchmark({three_processes()}, options, ignore);
  ASSERT_TRUE(benchmark) << benchmark.error().message();
  EXPECT_FALSE(benchmark->holds());
  ASSERT_EQ(benchmark->rows.size(), 1U);
  const RowMeasures& row = benchmark->rows[0];
  EXPECT_EQ(row.kept_directories.size(), 2U) << "one of each run";
  EXPECT_FALSE(row.hit_ratio || row.mb_per_second || row.get_seconds);
  EXPECT_FALSE(row.ratio_to_start || row.ratio_to_copy || row.ratio_to_hash);
  EXPECT_DOUBLE_EQ(row.processes_per_second.value_or(-1), 0);
  EXPECT_EQ(row.ends, (std::map<std::string, std::uint64_t>{{"not_started", 6}}));
  options.starts = {StartMode::fork};
  EXPECT_FALSE(run_benchmark({three_processes()}, options, ignore)) << "a zygote of nothing";
}

TEST(Bounds, AreOfForksWhereAZygoteStartsTheProcesses) {
  auto zygote = PosixZygote::start(STAMPEDE_PROGRAM, std::chrono::seconds(20));
  ASSERT_TRUE(zygote) << zygote.error().message();
  FreeOptions options;
  options.program = "/bin/false";  // nothing that can be started has a part in it
  options.zygote = &*zygote;
  EXPECT_GT(measure_bounds(three_processes(), options).start.value_or(0), 0);
}

TEST(BareCopy, DeliversTheBytes) {
  const Model model = generated_model("a", 1'000'000);
  const auto times = measure_bare_times(*model.bytes, model.sha256);
  ASSERT_TRUE(times);
  EXPECT_GT(times->copy.count(), 0);
  EXPECT_GT(times->hash.count(), 0);
  EXPECT_FALSE(measure_bare_times(*model.bytes, modelcache::Sha256Digest{})) << "other bytes passed for the right ones";
}

TEST(BareCopy, TimesWhatItDoes) {
  // The shortest times of as many tries as it takes until other work on the machine does not show any more.
  constexpr int kTriesMax = 300;
  const Model nothing = generated_model("a", 0), much = generated_model("b", 1'000'000);
  BareTimes none{.copy = std::chrono::hours(1), .hash = std::chrono::hours(1)}, all = none;
  const auto take = [](const Model& model, BareTimes& shortest) {
    const auto times = measure_bare_times(*model.bytes, model.sha256);
    ASSERT_TRUE(times);
    shortest = {.copy = std::min(shortest.copy, times->copy), .hash = std::min(shortest.hash, times->hash)};
  };
  bool is_told_apart = false;
  for (int i = 0; i < kTriesMax && !is_told_apart; ++i) {
    take(nothing, none);
    if (i % 10 == 0) take(much, all);
    // A connection costs more than a hash of nothing.
    is_told_apart = none.hash < none.copy && none.hash * 10 < all.hash && none.copy < all.copy;
  }
  EXPECT_TRUE(is_told_apart);
}

TEST(BareCopy, HasNoTimesWhereDescriptorsRunOut) {
  if (kIsSanitized) GTEST_SKIP() << "not applicable: a sanitizer needs descriptors for its own checks";
  const Model model = generated_model("a", 10);
  EXPECT_GE(sweep_descriptors([&] { return measure_bare_times(*model.bytes, model.sha256).has_value(); }, 3), 3)
      << "who listens, who connects, and who was accepted";
}

}  // namespace
}  // namespace stampede
