// Runs the scenarios, and measures the bounds in between.
#include "harness/run/benchmark.h"

#include <algorithm>
#include <utility>

#include "harness/free/posix_zygote.h"
#include "harness/run/bounds.h"
#include "harness/run/row_samples.h"

namespace stampede {
namespace {

using modelcache::fail;
using modelcache::Result;

// One run, and its bounds. False when it was interrupted: then it does not count.
Result<bool> run_once(const Scenario& scenario, std::uint64_t seed, const FreeOptions& options, RowSamples& samples) {
  Result<FreeOutcome> outcome = run_free(plan_of(scenario, seed), options);
  if (!outcome) return fail(outcome.error());
  if (outcome->facts.interrupted) return false;
  samples.add(*outcome);
  samples.add(measure_bounds(scenario, options));
  return true;
}

}  // namespace

std::string_view name_of(StartMode mode) { return mode == StartMode::exec ? "exec" : "fork"; }

bool Benchmark::holds() const {
  return std::all_of(rows.begin(), rows.end(), [](const RowMeasures& row) { return row.violations.empty(); });
}

Result<Benchmark> run_benchmark(const std::vector<Scenario>& scenarios, const BenchmarkOptions& options,
                                const std::function<void(const std::string&)>& progress) {
  Benchmark benchmark;
  benchmark.runs_per_row = options.runs;
  FreeOptions executed = options.free;
  executed.reads_back = false;  // these would be measured too; the census still hashes every entry
  executed.counts_descriptors = false;
  FreeOptions forked = executed;
  std::optional<PosixZygote> zygote;
  if (std::find(options.starts.begin(), options.starts.end(), StartMode::fork) != options.starts.end()) {
    Result<PosixZygote> started = PosixZygote::start(options.free.program, options.free.worker_timeout);
    if (!started) return fail(started.error());
    forked.zygote = &zygote.emplace(std::move(*started));
  }
  for (const Scenario& scenario : scenarios) {
    std::vector<RowSamples> samples;
    for (const StartMode start : options.starts) samples.emplace_back(scenario, start);
    for (std::uint64_t i = 0; i < options.runs && !benchmark.interrupted; ++i) {
      progress(scenario.name + ", run " + std::to_string(i + 1) + " of " + std::to_string(options.runs));
      for (std::size_t start = 0; start < options.starts.size() && !benchmark.interrupted; ++start) {
        const FreeOptions& free = options.starts[start] == StartMode::exec ? executed : forked;
        const Result<bool> done = run_once(scenario, i, free, samples[start]);
        if (!done) return fail(done.error());
        benchmark.interrupted = !*done;
      }
    }
    for (RowSamples& row : samples) benchmark.rows.push_back(row.take());
  }
  benchmark.total = total_of(benchmark.rows);
  return benchmark;
}

}  // namespace stampede
