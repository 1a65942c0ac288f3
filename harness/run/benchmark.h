// The benchmark: scenarios run again and again, each time beside what bounds them.
#ifndef STAMPEDE_RUN_BENCHMARK_H
#define STAMPEDE_RUN_BENCHMARK_H

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/plan/measures.h"
#include "harness/run/free_run.h"
#include "harness/run/scenario.h"

namespace stampede {

enum class StartMode { exec, fork };
std::string_view name_of(StartMode mode);

// Medians over the runs; nothing where no run measured it.
struct RowMeasures {
  std::string name;
  std::optional<StartMode> start;  // none of the total
  std::uint64_t processes = 0;     // of one run
  std::uint64_t runs = 0;          // that were measured and judged
  std::optional<double> seconds;   // from before the first start to the last exit
  std::optional<double> seconds_min, seconds_max;
  std::optional<double> get_seconds;           // from the opened barrier to the end of the last get
  std::optional<double> processes_per_second;  // processes that ended well / seconds
  std::optional<double> hit_ratio;             // gets that caused no request / gets that succeeded, over all runs
  std::optional<double> mb_per_second;         // 10^6 bytes that gets delivered / get_seconds
  // Quotients of the medians: bound / measured. 1 is the bound itself.
  std::optional<double> ratio_to_start;               // bare starts / `seconds`
  std::optional<double> ratio_to_copy;                // bare copies / `get_seconds`
  std::optional<double> ratio_to_hash;                // bare hashes / `get_seconds`
  std::uint64_t gets_succeeded = 0, gets_failed = 0;  // over all runs
  std::uint64_t wire_body_bytes = 0;                  // that the server sent, over all runs
  Measures measures;                                  // of all processes of all runs
  Samples cpu_times;                                  // a process each
  std::vector<std::uint64_t> peak_memory_bytes;       // likewise
  std::map<std::string, std::uint64_t> ends;          // exit reason -> processes
  std::vector<Violation> violations;
  std::vector<std::string> kept_directories;
};

struct Benchmark {
  std::vector<RowMeasures> rows;  // a scenario's start modes beside each other
  RowMeasures total;              // sums, quotients of sums, and means of the ratios
  std::uint64_t runs_per_row = 0;
  bool interrupted = false;
  [[nodiscard]] bool holds() const;
};

struct BenchmarkOptions {
  std::uint64_t runs = 5;
  std::vector<StartMode> starts = {StartMode::exec, StartMode::fork};
  FreeOptions free;  // its zygote is made here, where forks are asked for
};

// Each run has new directories and is followed by one measurement of each bound; the start modes take turns. ERRORS: a
// run that could not begin, a zygote that could not be had.
modelcache::Result<Benchmark> run_benchmark(const std::vector<Scenario>& scenarios, const BenchmarkOptions& options,
                                            const std::function<void(const std::string&)>& progress);

}  // namespace stampede

#endif  // STAMPEDE_RUN_BENCHMARK_H
