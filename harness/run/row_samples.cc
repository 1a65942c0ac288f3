// Counts from the ledger and the reaped processes; takes medians.
#include "harness/run/row_samples.h"

#include <algorithm>
#include <utility>

#include "harness/run/figures.h"
#include "harness/run/get_counts.h"

namespace stampede {
namespace {

void add_value(std::optional<double> value, std::vector<double>& values) {
  if (value) values.push_back(*value);
}

}  // namespace

RowSamples::RowSamples(const Scenario& scenario, StartMode start) {
  row_.name = scenario.name;
  row_.start = start;
  row_.processes = scenario.processes;
}

void RowSamples::add_processes(const StageFacts& stage) {
  for (const ProcessRecord& record : stage.processes) {
    ++row_.ends[std::string(name_of(record.reason))];
    row_.measures.add(record.measures);
    if (record.cpu_time) row_.cpu_times.push_back(*record.cpu_time);
    if (record.peak_memory_bytes) row_.peak_memory_bytes.push_back(*record.peak_memory_bytes);
  }
}

void RowSamples::add(FreeOutcome& outcome) {
  const StageFacts& stage = outcome.facts.run;
  ++row_.runs;
  const double seconds = seconds_of(stage.ended_at - stage.began_at);
  seconds_.push_back(seconds);
  const auto ended_well =
      std::count_if(stage.processes.begin(), stage.processes.end(), [](const ProcessRecord& record) {
        return record.reason == ExitReason::exited && record.exit_value == 0 && record.report.has_value();
      });
  add_value(quotient(static_cast<double>(ended_well), seconds), rates_);
  add_processes(stage);
  for (const LedgerEntry& entry : stage.ledger) row_.wire_body_bytes += entry.body_bytes_sent;
  const GetCounts gets = count_gets(outcome.facts.plan, stage);
  row_.gets_succeeded += gets.succeeded;
  row_.gets_failed += gets.failed;
  hits_ += gets.hits;
  for (Violation& violation : outcome.verdict.violations) row_.violations.push_back(std::move(violation));
  if (!outcome.kept_directory.empty()) row_.kept_directories.push_back(outcome.kept_directory);
  // A process that lies about its end has no time either.
  if (gets.succeeded == 0 || gets.last_end <= stage.released_at) return;
  const double get_seconds = seconds_of(gets.last_end - stage.released_at);
  get_seconds_.push_back(get_seconds);
  mb_per_second_.push_back(static_cast<double>(gets.delivered_bytes) / 1e6 / get_seconds);
}

void RowSamples::add(const Bounds& bounds) {
  add_value(bounds.start, start_bounds_);
  add_value(bounds.copy, copy_bounds_);
  add_value(bounds.hash, hash_bounds_);
}

RowMeasures RowSamples::take() {
  take_seconds(seconds_, row_);
  row_.get_seconds = median(get_seconds_);
  row_.processes_per_second = median(rates_);
  row_.mb_per_second = median(mb_per_second_);
  if (row_.gets_succeeded > 0) {
    row_.hit_ratio = static_cast<double>(hits_) / static_cast<double>(row_.gets_succeeded);
  }
  // Nothing that did not happen is near its bound.
  if (row_.get_seconds) {
    row_.ratio_to_start = quotient(median(start_bounds_), row_.seconds);
    row_.ratio_to_copy = quotient(median(copy_bounds_), row_.get_seconds);
    row_.ratio_to_hash = quotient(median(hash_bounds_), row_.get_seconds);
  }
  return std::move(row_);
}

RowMeasures total_of(const std::vector<RowMeasures>& rows) {
  RowMeasures total;
  total.name = "TOTAL/AVERAGE";
  double hits = 0;
  double well = 0;
  double megabytes = 0;
  bool is_whole = !rows.empty();
  for (const RowMeasures& row : rows) {
    total.processes += row.processes;
    total.runs += row.runs;
    total.gets_succeeded += row.gets_succeeded;
    total.gets_failed += row.gets_failed;
    total.wire_body_bytes += row.wire_body_bytes;
    hits += row.hit_ratio.value_or(0) * static_cast<double>(row.gets_succeeded);
    is_whole = is_whole && row.seconds && row.get_seconds;
    if (!row.seconds || !row.get_seconds) continue;
    total.seconds = total.seconds.value_or(0) + *row.seconds;
    total.get_seconds = total.get_seconds.value_or(0) + *row.get_seconds;
    well += row.processes_per_second.value_or(0) * *row.seconds;
    megabytes += row.mb_per_second.value_or(0) * *row.get_seconds;
  }
  if (total.gets_succeeded > 0) total.hit_ratio = hits / static_cast<double>(total.gets_succeeded);
  if (!is_whole) {
    total.seconds = total.get_seconds = std::nullopt;
    return total;
  }
  total.processes_per_second = quotient(well, total.seconds);
  total.mb_per_second = quotient(megabytes, total.get_seconds);
  const auto mean = [&](std::optional<double> RowMeasures::* ratio) -> std::optional<double> {
    double sum = 0;
    double count = 0;
    for (const RowMeasures& row : rows) {
      if (!(row.*ratio)) continue;
      sum += *(row.*ratio);
      ++count;
    }
    return quotient(sum, count);
  };
  total.ratio_to_start = mean(&RowMeasures::ratio_to_start);
  total.ratio_to_copy = mean(&RowMeasures::ratio_to_copy);
  total.ratio_to_hash = mean(&RowMeasures::ratio_to_hash);
  return total;
}

}  // namespace stampede
