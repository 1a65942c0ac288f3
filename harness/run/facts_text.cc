// Writes the facts of a run (nlohmann_json).
#include "harness/run/facts_text.h"

#include <nlohmann/json.hpp>

namespace stampede {
namespace {

using nlohmann::ordered_json;

ordered_json plan_json(const FreePlan& plan) {
  ordered_json models = ordered_json::array();
  for (std::size_t i = 0; i < plan.models.size(); ++i) {
    const Model& model = plan.models[i];
    models.push_back({{"name", model.name},
                      {"size_bytes", model.bytes->size()},
                      {"sha256", model.sha256.hex()},
                      {"refused", plan.refused_models.contains(i)}});
  }
  ordered_json processes = ordered_json::array();
  for (const PlannedProcess& process : plan.processes) {
    ordered_json operations = ordered_json::array();
    for (const PlannedOperation& operation : process.operations) {
      operations.push_back({{"get", plan.models.at(operation.model).name}, {"directory", operation.directory}});
    }
    processes.push_back(std::move(operations));
  }
  ordered_json faults = ordered_json::array();
  for (const FaultTurn& fault : plan.faults.faults) faults.push_back(print(fault));
  ordered_json kills = ordered_json::array();
  for (const PlannedKill& kill : plan.kills) {
    kills.push_back({{"connection", kill.connection}, {"waiting", kill.waiting}});
  }
  return {{"models", std::move(models)},         {"directories", plan.directories},   {"starts_warm", plan.starts_warm},
          {"kills", std::move(kills)},           {"processes", std::move(processes)}, {"faults", std::move(faults)},
          {"faults_repeat", plan.faults.repeats}};
}

ordered_json report_json(const OperationReport& report, MachineTime start) {
  ordered_json object = {{"succeeded", report.succeeded},
                         {"began_ns", (report.began_at - start).count()},
                         {"ended_ns", (report.ended_at - start).count()}};
  if (report.command) {
    object["command"] = {{"end", name_of(report.command->end)},
                         {"value", report.command->value},
                         {"output_bytes", report.command->output_bytes},
                         {"last_output", report.command->last_output}};
  }
  if (!report.succeeded) {
    object["error_code"] = report.error_code;
    object["error"] = report.error_message;
    return object;
  }
  object["path"] = report.path;
  if (report.read_back) object["read_back"] = report.read_back->hex();
  if (report.command) return object;  // which says no more
  object["claims_hit"] = report.claims_hit;
  object["claimed_attempts"] = report.claimed_attempts;
  object["went_without_lock"] = report.went_without_lock;
  object["notes"] = report.notes;
  return object;
}

ordered_json process_json(const ProcessRecord& record, MachineTime start) {
  ordered_json object = {{"end", name_of(record.reason)}, {"exit_value", record.exit_value}, {"reaped", record.reaped}};
  if (!record.problem.empty()) object["problem"] = record.problem;
  if (!record.output.empty()) object["output"] = record.output;
  if (!record.report) return object;
  object["report"] = ordered_json::array();
  for (const OperationReport& report : *record.report) object["report"].push_back(report_json(report, start));
  return object;
}

ordered_json ledger_json(const Ledger& ledger) {
  ordered_json list = ordered_json::array();
  for (const LedgerEntry& entry : ledger) {
    list.push_back({{"connection", entry.connection},
                    {"process", entry.listener},
                    {"fault", print(entry.fault)},
                    {"target", entry.target},
                    {"status", entry.status},
                    {"body_bytes_sent", entry.body_bytes_sent},
                    {"full_body_sent", entry.full_body_sent},
                    {"ending", name_of(entry.ending)},
                    {"accepted_ns", entry.accepted_at.count()},
                    {"ended_ns", entry.ended_at.count()}});
  }
  return list;
}

ordered_json census_json(const Census& census) {
  ordered_json names = ordered_json::array();
  for (const FoundName& name : census.names) {
    ordered_json object = {{"path", name.path}, {"size_bytes", name.size_bytes}, {"mode", name.mode}};
    if (name.sha256) object["sha256"] = name.sha256->hex();
    names.push_back(std::move(object));
  }
  return {{"directory", census.directory},
          {"names", std::move(names)},
          {"manifest", census.manifest.value_or("")},
          {"problems", census.problems}};
}

ordered_json stage_json(const StageFacts& stage) {
  ordered_json processes = ordered_json::array();
  for (const ProcessRecord& record : stage.processes) processes.push_back(process_json(record, stage.released_at));
  ordered_json censuses = ordered_json::array();
  for (const Census& census : stage.censuses) censuses.push_back(census_json(census));
  return {{"processes", std::move(processes)},
          {"ledger", ledger_json(stage.ledger)},
          {"directories", std::move(censuses)},
          {"leaked_processes", stage.leaked_processes}};
}

}  // namespace

std::string print(const RunFacts& facts, const Verdict& verdict, std::uint64_t seed) {
  ordered_json object = {{"plan", 1}, {"world", "free"}, {"subject", facts.subject.name}, {"seed", seed}};
  object.update(plan_json(facts.plan));
  object["violations"] = ordered_json::array();
  for (const Violation& violation : verdict.violations) {
    object["violations"].push_back({{"invariant", violation.invariant}, {"what", violation.what}});
  }
  object["not_promised"] = ordered_json::array();
  for (const Violation& violation : verdict.not_promised) {
    object["not_promised"].push_back({{"invariant", violation.invariant}, {"what", violation.what}});
  }
  object["judged"] = verdict.judged;
  object["umask"] = facts.umask;
  object["run"] = stage_json(facts.run);
  object["epilogue"] = facts.epilogue ? stage_json(*facts.epilogue) : ordered_json(nullptr);
  return object.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace stampede
