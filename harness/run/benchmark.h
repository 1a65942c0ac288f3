// The benchmark: rows of processes that get one model at the same time, measured beside what bounds them.
#ifndef STAMPEDE_RUN_BENCHMARK_H
#define STAMPEDE_RUN_BENCHMARK_H

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/run/free_run.h"

namespace stampede {

struct BenchmarkRow {
  std::string name;
  std::size_t processes = 0;
  Model model;
};

// small_concurrent_2proc (64 KiB), medium_concurrent_4proc (1 MiB), large_concurrent_8proc (64 MiB); with `models`, row
// i gets model i, and the first ones again where there are fewer.
std::vector<BenchmarkRow> standard_rows(const std::vector<Model>& models);

// Medians over the runs; nothing where no run measured it.
struct RowMeasures {
  std::string name;
  std::uint64_t processes = 0;  // of one run, all of them started and reaped
  std::uint64_t runs = 0;
  std::optional<double> seconds;                 // from before the first start to the last exit
  std::optional<double> get_seconds;             // from the opened barrier to the end of the last get
  std::optional<double> processes_per_second;    // processes / seconds
  std::optional<double> hit_ratio;               // gets that caused no request / gets that succeeded, over all runs
  std::optional<double> mb_per_second;           // 10^6 bytes that gets delivered / get_seconds
  std::optional<double> ratio_to_bare_start;     // starting as many that do nothing: seconds / `seconds`
  std::optional<double> ratio_to_copy_and_hash;  // one loopback copy and one SHA-256 of the model / `get_seconds`
  std::vector<Violation> violations;
  std::vector<std::string> kept_directories;
};

struct Benchmark {
  std::vector<RowMeasures> rows;
  RowMeasures total;  // sums, quotients of sums, and means of the ratios
  bool interrupted = false;
  [[nodiscard]] bool holds() const;
};

struct BenchmarkOptions {
  std::uint64_t runs = 5;
  FreeOptions free;
};

// Each run has a new directory and is followed by one measurement of each bound. ERRORS: a run that could not begin.
modelcache::Result<Benchmark> run_benchmark(const std::vector<BenchmarkRow>& rows, const BenchmarkOptions& options,
                                            const std::function<void(const std::string&)>& progress);

}  // namespace stampede

#endif  // STAMPEDE_RUN_BENCHMARK_H
