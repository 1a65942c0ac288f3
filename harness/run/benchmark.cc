// Runs the rows, measures the bounds in between, and takes medians.
#include "harness/run/benchmark.h"

#include <algorithm>
#include <set>
#include <utility>

#include "harness/free/posix_crew.h"
#include "harness/run/posix_bare_copy.h"

namespace stampede {
namespace {

using modelcache::fail;
using modelcache::Result;

double seconds_of(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::optional<double> quotient(std::optional<double> above, std::optional<double> below) {
  if (!above || !below || *below <= 0) return std::nullopt;
  return *above / *below;
}

// What the runs of a row gave, one value each.
struct Samples {
  std::vector<double> seconds, get_seconds, mb_per_second, bare_start_seconds, copy_and_hash_seconds;
  std::uint64_t successes = 0;
  std::uint64_t hits = 0;
  double delivered_bytes = 0;  // all runs
  double all_get_seconds = 0;
};

FreePlan plan_of(const BenchmarkRow& row) {
  FreePlan plan;
  plan.models = {row.model};
  plan.processes.assign(row.processes, PlannedProcess{.operations = {PlannedOperation{}}});
  return plan;
}

void add_run(const FreeOutcome& outcome, const BenchmarkRow& row, Samples& samples) {
  const Stage& stage = outcome.facts.run;
  samples.seconds.push_back(seconds_of(stage.ended_at - stage.began_at));
  std::set<std::uint32_t> asked;
  for (const LedgerEntry& entry : stage.ledger) asked.insert(entry.listener);
  MachineTime last{};
  std::uint64_t successes = 0;
  for (std::size_t i = 0; i < stage.processes.size(); ++i) {
    const auto& report = stage.processes[i].report;
    if (!report || report->empty() || !report->front().succeeded) continue;
    ++successes;
    samples.hits += asked.contains(static_cast<std::uint32_t>(i)) ? 0 : 1;
    last = std::max(last, report->front().ended_at);
  }
  samples.successes += successes;
  if (successes == 0) return;
  const double delivered = static_cast<double>(row.model.bytes->size()) * static_cast<double>(successes);
  const double get_seconds = seconds_of(last - stage.released_at);
  samples.get_seconds.push_back(get_seconds);
  samples.mb_per_second.push_back(delivered / 1e6 / get_seconds);
  samples.delivered_bytes += delivered;
  samples.all_get_seconds += get_seconds;
}

void add_bounds(const BenchmarkRow& row, const FreeOptions& options, Samples& samples) {
  const WorkerCommand bare{.arguments = {"stampede", "worker", "--bare"}, .specification = ""};
  CrewOptions crew_options;
  crew_options.program = options.program;
  crew_options.timeout = options.worker_timeout;
  const CrewResult crew = run_crew(std::vector<WorkerCommand>(row.processes, bare), crew_options);
  const bool all_came = std::all_of(crew.members.begin(), crew.members.end(), [](const CrewMember& member) {
    return member.record.reason == ExitReason::exited && member.record.exit_value == 0;
  });
  if (all_came) samples.bare_start_seconds.push_back(seconds_of(crew.ended_at - crew.began_at));
  const std::optional<BareTimes> times = measure_bare_times(*row.model.bytes, row.model.sha256);
  if (times) samples.copy_and_hash_seconds.push_back(seconds_of(times->copy + times->hash));
}

void measure(const Samples& samples, RowMeasures& measures) {
  measures.runs = samples.seconds.size();
  measures.seconds = median(samples.seconds);
  measures.get_seconds = median(samples.get_seconds);
  measures.processes_per_second = quotient(static_cast<double>(measures.processes), measures.seconds);
  if (samples.successes > 0) {
    measures.hit_ratio = static_cast<double>(samples.hits) / static_cast<double>(samples.successes);
  }
  measures.mb_per_second = median(samples.mb_per_second);
  measures.ratio_to_bare_start = quotient(median(samples.bare_start_seconds), measures.seconds);
  measures.ratio_to_copy_and_hash = quotient(median(samples.copy_and_hash_seconds), measures.get_seconds);
}

std::optional<double> mean(const std::vector<RowMeasures>& rows, std::optional<double> RowMeasures::* value) {
  double sum = 0;
  for (const RowMeasures& row : rows) {
    if (!(row.*value)) return std::nullopt;
    sum += *(row.*value);
  }
  if (rows.empty()) return std::nullopt;
  return sum / static_cast<double>(rows.size());
}

RowMeasures total_of(const std::vector<RowMeasures>& rows, const Samples& all) {
  RowMeasures total;
  total.name = "TOTAL/AVERAGE";
  double seconds = 0;
  double get_seconds = 0;
  bool is_whole = !rows.empty();
  for (const RowMeasures& row : rows) {
    total.processes += row.processes;
    total.runs += row.runs;
    is_whole = is_whole && row.seconds && row.get_seconds;
    seconds += row.seconds.value_or(0);
    get_seconds += row.get_seconds.value_or(0);
  }
  if (is_whole) {
    total.seconds = seconds;
    total.get_seconds = get_seconds;
    total.processes_per_second = quotient(static_cast<double>(total.processes), seconds);
  }
  if (all.successes > 0) total.hit_ratio = static_cast<double>(all.hits) / static_cast<double>(all.successes);
  if (is_whole) total.mb_per_second = quotient(all.delivered_bytes / 1e6, all.all_get_seconds);
  total.ratio_to_bare_start = mean(rows, &RowMeasures::ratio_to_bare_start);
  total.ratio_to_copy_and_hash = mean(rows, &RowMeasures::ratio_to_copy_and_hash);
  return total;
}

}  // namespace

bool Benchmark::holds() const {
  return std::all_of(rows.begin(), rows.end(), [](const RowMeasures& row) { return row.violations.empty(); });
}

std::vector<BenchmarkRow> standard_rows(const std::vector<Model>& models) {
  struct Shape {
    const char* name;
    std::size_t processes;
    std::uint64_t size_bytes;
  };
  constexpr Shape kShapes[] = {{"small_concurrent_2proc", 2, 64UL << 10},
                               {"medium_concurrent_4proc", 4, 1UL << 20},
                               {"large_concurrent_8proc", 8, 64UL << 20}};
  std::vector<BenchmarkRow> rows;
  for (const Shape& shape : kShapes) {
    rows.push_back(BenchmarkRow{
        .name = shape.name,
        .processes = shape.processes,
        .model = models.empty() ? generated_model(shape.name, shape.size_bytes) : models[rows.size() % models.size()]});
  }
  return rows;
}

Result<Benchmark> run_benchmark(const std::vector<BenchmarkRow>& rows, const BenchmarkOptions& options,
                                const std::function<void(const std::string&)>& progress) {
  Benchmark benchmark;
  FreeOptions free = options.free;
  free.reads_back = false;  // it would be measured too; the census still hashes every entry
  Samples all;
  for (const BenchmarkRow& row : rows) {
    RowMeasures measures;
    measures.name = row.name;
    measures.processes = row.processes;
    Samples samples;
    for (std::uint64_t i = 0; i < options.runs && !benchmark.interrupted; ++i) {
      progress(row.name + ", run " + std::to_string(i + 1) + " of " + std::to_string(options.runs));
      Result<FreeOutcome> outcome = run_free(plan_of(row), free);
      if (!outcome) return fail(outcome.error());
      benchmark.interrupted = outcome->facts.interrupted;
      if (benchmark.interrupted) break;
      add_run(*outcome, row, samples);
      for (Violation& violation : outcome->verdict.violations) measures.violations.push_back(std::move(violation));
      if (!outcome->kept_directory.empty()) measures.kept_directories.push_back(outcome->kept_directory);
      add_bounds(row, free, samples);
    }
    measure(samples, measures);
    all.successes += samples.successes;
    all.hits += samples.hits;
    all.delivered_bytes += samples.delivered_bytes;
    all.all_get_seconds += samples.all_get_seconds;
    benchmark.rows.push_back(std::move(measures));
  }
  benchmark.total = total_of(benchmark.rows, all);
  return benchmark;
}

}  // namespace stampede
