// Repeats runs of the free world and adds them up.
#include "harness/run/exploration.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

#include "harness/run/facts_text.h"
#include "harness/run/get_counts.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

void count(const FreeOutcome& outcome, ExplorationTotals& totals) {
  const StageFacts& stage = outcome.facts.run;
  ++totals.runs;
  totals.processes += static_cast<std::uint64_t>(std::count_if(
      stage.processes.begin(), stage.processes.end(),
      [](const ProcessRecord& record) { return record.reaped && record.reason != ExitReason::not_started; }));
  for (const ProcessRecord& record : stage.processes) {
    ++totals.exits[std::string(name_of(record.reason))];
    if (record.reason == ExitReason::killed_by_plan) ++totals.faults["kill"];
    if (record.cpu_time) totals.cpu_times.push_back(*record.cpu_time);
    totals.peak_memory_bytes = std::max(totals.peak_memory_bytes, record.peak_memory_bytes.value_or(0));
  }
  const GetCounts gets = count_gets(outcome.facts.plan, stage);
  totals.operations["get"] += gets.succeeded + gets.failed;
  totals.successes += gets.succeeded;
  totals.failures += gets.failed;
  totals.hits += gets.hits;
  const auto is_objection = [](const Violation& violation) {
    return violation.invariant == "no_spurious_failure" || violation.invariant == "honest_errors";
  };
  std::uint64_t objections = 0;
  for (const auto* list : {&outcome.verdict.violations, &outcome.verdict.not_promised}) {
    objections += static_cast<std::uint64_t>(std::count_if(list->begin(), list->end(), is_objection));
  }
  totals.explained += gets.failed - std::min(gets.failed, objections);
  totals.connections += stage.ledger.size();
  for (const LedgerEntry& entry : stage.ledger) {
    for (const FaultKind kind : kinds_of(entry.fault)) ++totals.faults[std::string(name_of(kind))];
    totals.full_bodies += entry.full_body_sent ? 1 : 0;
    totals.body_bytes_sent += entry.body_bytes_sent;
  }
  for (const PlannedProcess& process : stage.planned) {
    for (const PlannedOperation& operation : process.operations) {
      if (outcome.facts.plan.refused_models.contains(operation.model)) ++totals.faults["refused"];
    }
  }
  for (const auto& [invariant, times] : outcome.verdict.judged) totals.judged[invariant] += times;
}

void count_not_promised(const Verdict& verdict, std::uint64_t seed, ExplorationTotals& totals) {
  std::set<std::string> broken;
  for (const Violation& violation : verdict.not_promised) {
    BrokenBeyondPromise& sum = totals.not_promised[violation.invariant];
    if (sum.times++ == 0) {
      sum.seed = seed;
      sum.what = violation.what;
    }
    if (broken.insert(violation.invariant).second) ++sum.runs;
  }
}

Discovery discovery_of(FreeOutcome& outcome, std::uint64_t seed, const std::string& out) {
  namespace fs = std::filesystem;
  Discovery discovery{
      .seed = seed, .violations = outcome.verdict.violations, .plan_file = {}, .directory = outcome.kept_directory};
  std::error_code error;
  if (!out.empty()) fs::create_directories(out, error);
  const fs::path place = out.empty() ? fs::path(outcome.kept_directory) : fs::path(out);
  const std::string path = (place / ("free-" + std::to_string(seed) + ".json")).string();
  std::ofstream file(path);
  file << print(outcome.facts, outcome.verdict, seed);
  file.close();
  if (file) discovery.plan_file = path;
  return discovery;
}

}  // namespace

void ExplorationTotals::add(const FreeOutcome& outcome, std::uint64_t seed) {
  count(outcome, *this);
  count_not_promised(outcome.verdict, seed, *this);
}

std::uint64_t ExplorationTotals::violation_count() const {
  std::uint64_t count = 0;
  for (const Discovery& discovery : discoveries) count += discovery.violations.size();
  return count;
}

ExplorationTotals explore_free(const ExplorationOptions& options,
                               const std::function<void(const ExplorationTotals&)>& progress) {
  ExplorationTotals totals;
  for (const Invariant& invariant : all_invariants()) totals.judged[std::string(invariant.id)] = 0;
  const Clock::time_point began = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  for (std::uint64_t i = 0; !options.runs || i < *options.runs; ++i) {
    if (options.seconds && elapsed() >= *options.seconds) break;
    const std::uint64_t seed = options.seed + i;
    modelcache::Result<FreeOutcome> outcome = run_free(draw_plan(options.draw, seed), options.free);
    if (!outcome) {
      totals.failure = outcome.error().message();
      break;
    }
    if (outcome->facts.interrupted) {  // it was not judged, so it does not count
      totals.interrupted = true;
      break;
    }
    totals.add(*outcome, seed);
    if (!outcome->verdict.holds()) totals.discoveries.push_back(discovery_of(*outcome, seed, options.out));
    totals.seconds = elapsed();
    progress(totals);
  }
  totals.seconds = elapsed();
  return totals;
}

}  // namespace stampede
