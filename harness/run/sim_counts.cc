// Counts are kept by place while runs go on, since that costs next to nothing, and get their names in the end.
#include "harness/run/sim_counts.h"

#include <algorithm>
#include <utility>

#include "harness/judge/step_judge.h"

namespace stampede {
namespace {

void add(std::map<std::string, std::uint64_t>& totals, std::string name, std::uint64_t count) {
  totals[std::move(name)] += count;
}

}  // namespace

void count_run(const Plan& plan, const SimOutcome& outcome, SimCounts& counts) {
  ++counts.schedules;
  counts.steps += outcome.steps;
  counts.processes += outcome.processes;
  counts.preemptions += outcome.run.preemptions;
  counts.allowed |= allowed_by(plan);
  counts.judged.resize(outcome.judged.size());
  for (std::size_t i = 0; i < outcome.judged.size(); ++i) counts.judged[i] += outcome.judged[i];
  for (const OperationOutcome& operation : outcome.operations) {
    if (operation.stage != StageKind::run) continue;  // warm-up and epilogue are the laboratory's own
    ++counts.operations[static_cast<std::size_t>(operation.operation.kind)];
  }
  counts.network.resize(all_fault_kinds().size());
  for (std::size_t i = outcome.run_ledger_begin; i < std::min(outcome.run_ledger_end, outcome.ledger.size()); ++i) {
    for (const FaultKind kind : kinds_of(outcome.ledger[i].fault)) ++counts.network[static_cast<std::size_t>(kind)];
  }
  counts.network[static_cast<std::size_t>(FaultKind::refused)] += outcome.refusals_met;
  for (std::size_t i = 0; i < kStepKinds; ++i) counts.disk[i] += outcome.disk_faults_met[i];
  for (std::size_t i = 0; i < kErrnosCounted; ++i) counts.errnos[i] += outcome.errnos_met[i];
  counts.short_transfers += outcome.short_transfers_met;
  counts.idle_locks += outcome.idle_locks_met;
  for (std::size_t i = 0; i < kProcessFaultKinds; ++i) counts.process[i] += outcome.process_faults_met[i];
  for (std::size_t i = 0; i < kDamageKinds; ++i) counts.damage[i] += outcome.damage_met[i];
  counts.read_only += plan.start.read_only ? 1 : 0;
  counts.time_first += plan.schedule.time_runs_first ? 1 : 0;
  counts.warm += plan.start.warm.empty() ? 0 : 1;
  counts.hash.add_number(outcome.trace_hash);
}

void put_together(SimCounts&& counts, TraceHash& hash, SimTotals& totals) {
  totals.plans += counts.plans;
  totals.schedules += counts.schedules;
  totals.repetitions += counts.repetitions;
  totals.steps += counts.steps;
  totals.processes += counts.processes;
  totals.preemptions += counts.preemptions;
  for (const auto& [name, tally] : counts.strategies) {
    totals.strategies[name].runs += tally.runs;
    totals.strategies[name].hits += tally.hits;
  }
  totals.violations += counts.violations;
  totals.divergences += counts.divergences;
  totals.uncontrolled += counts.uncontrolled;
  if (totals.why_uncontrolled.empty()) totals.why_uncontrolled = std::move(counts.why_uncontrolled);
  totals.allowed |= counts.allowed;
  for (std::size_t i = 0; i < counts.judged.size(); ++i) {
    add(totals.judged, std::string(watched_invariants()[i].id), counts.judged[i]);
  }
  for (std::size_t i = 0; i < kOperationKinds; ++i) {
    add(totals.drawn, std::string(name_of(static_cast<OperationKind>(i))), counts.operations[i]);
  }
  for (std::size_t i = 0; i < counts.network.size(); ++i) {
    const FaultKind kind = all_fault_kinds()[i];
    add(totals.drawn, kind == FaultKind::none ? "good response" : std::string(name_of(kind)),
        counts.network[static_cast<std::size_t>(kind)]);
  }
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    const auto kind = static_cast<StepKind>(i);
    if (errnos_of(kind).empty()) continue;  // no fault can meet it
    add(totals.drawn, "fault at " + std::string(name_of(kind)), counts.disk[i]);
  }
  for (std::size_t i = 0; i < kErrnosCounted; ++i) {
    const auto error = static_cast<int>(i);
    if (counts.errnos[i] != 0) add(totals.drawn, "fault " + std::string(errno_name(error)), counts.errnos[i]);
  }
  add(totals.drawn, "fault short_transfer", counts.short_transfers);
  add(totals.drawn, "fault does_nothing", counts.idle_locks);
  for (std::size_t i = 0; i < kProcessFaultKinds; ++i) {
    add(totals.drawn, std::string(name_of(static_cast<ProcessFaultKind>(i))), counts.process[i]);
  }
  for (std::size_t i = 0; i < kDamageKinds; ++i) {
    add(totals.drawn, "damage: " + std::string(name_of(static_cast<DamageKind>(i))), counts.damage[i]);
  }
  add(totals.drawn, "start: read_only", counts.read_only);
  add(totals.drawn, "start: warm", counts.warm);
  add(totals.drawn, "time_runs_first", counts.time_first);
  hash.add_number(counts.hash.value());
  totals.trace_hash = hash.value();
  for (SimDiscovery& discovery : counts.discoveries) {
    if (totals.discoveries.size() < kSimDiscoveriesMax) totals.discoveries.push_back(std::move(discovery));
  }
}

}  // namespace stampede
