// Looks things up in the facts of a run.
#include "harness/judge/reading.h"

#include <algorithm>

namespace stampede {

std::vector<Get> gets_of(const StageFacts& stage) {
  std::vector<Get> gets;
  for (std::size_t process = 0; process < std::min(stage.planned.size(), stage.processes.size()); ++process) {
    const auto& report = stage.processes[process].report;
    if (!report) continue;
    const auto& operations = stage.planned[process].operations;
    for (std::size_t i = 0; i < std::min(operations.size(), report->size()); ++i) {
      gets.push_back(Get{process, i, operations[i], &(*report)[i]});
    }
  }
  return gets;
}

std::string describe(const RunFacts& facts, const Get& get) {
  return "process " + std::to_string(get.process) + ", get " + std::to_string(get.operation) + " of " +
         facts.plan.models.at(get.planned.model).name;
}

std::vector<const LedgerEntry*> requests_of(const StageFacts& stage, const Get& get) {
  std::vector<const LedgerEntry*> requests;
  for (const LedgerEntry& entry : stage.ledger) {
    if (entry.listener == get.process && entry.requested && operation_of(entry) == get.operation) {
      requests.push_back(&entry);
    }
  }
  return requests;
}

std::vector<const LedgerEntry*> unasked_connections_of(const StageFacts& stage, std::size_t process) {
  std::vector<const LedgerEntry*> connections;
  for (const LedgerEntry& entry : stage.ledger) {
    if (entry.listener == process && !entry.requested) connections.push_back(&entry);
  }
  return connections;
}

std::map<AskedFor, std::vector<const LedgerEntry*>> requests_by_model(const StageFacts& stage) {
  std::map<AskedFor, std::vector<const LedgerEntry*>> places;
  for (const PlannedProcess& process : stage.planned) {
    for (const PlannedOperation& operation : process.operations) places[{operation.directory, operation.model}];
  }
  for (const LedgerEntry& entry : stage.ledger) {
    const auto operation = operation_of(entry);
    if (!entry.requested || !operation || entry.listener >= stage.planned.size()) continue;
    const auto& operations = stage.planned[entry.listener].operations;
    if (*operation >= operations.size()) continue;
    places[{operations[*operation].directory, operations[*operation].model}].push_back(&entry);
  }
  return places;
}

std::vector<const FoundName*> entries_of(const Census& census) {
  std::vector<const FoundName*> entries;
  for (const FoundName& name : census.names) {
    if (name.path.starts_with("entries/")) entries.push_back(&name);
  }
  return entries;
}

const FoundName* find_name(const Census& census, const std::string& path) {
  for (const FoundName& name : census.names) {
    if (name.path == path) return &name;
  }
  return nullptr;
}

std::optional<std::string> name_below_directory(const StageFacts& stage, const Get& get) {
  if (get.planned.directory >= stage.censuses.size()) return std::nullopt;
  const std::string prefix = stage.censuses[get.planned.directory].directory + "/";
  if (!get.report->path.starts_with(prefix)) return std::nullopt;
  return get.report->path.substr(prefix.size());
}

const FoundName* found_at(const StageFacts& stage, const Get& get) {
  const auto name = name_below_directory(stage, get);
  return name ? find_name(stage.censuses[get.planned.directory], *name) : nullptr;
}

bool all_ended_well(const StageFacts& stage) {
  return std::all_of(stage.processes.begin(), stage.processes.end(), [](const ProcessRecord& record) {
    return record.reason == ExitReason::exited && record.exit_value == 0 && record.report.has_value();
  });
}

bool someone_went_without_lock(const StageFacts& stage) {
  for (const ProcessRecord& record : stage.processes) {
    if (!record.report) continue;
    for (const OperationReport& report : *record.report) {
      if (report.went_without_lock || report.error_code == "lock_timeout") return true;
    }
  }
  return false;
}

std::vector<const StageFacts*> stages_of(const RunFacts& facts) {
  std::vector<const StageFacts*> stages;
  if (facts.warm_up) stages.push_back(&*facts.warm_up);
  stages.push_back(&facts.run);
  if (facts.epilogue) stages.push_back(&*facts.epilogue);
  return stages;
}

}  // namespace stampede
