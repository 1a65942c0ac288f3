// Runs of the free world by hand, in whole seconds: who got what when, what was asked of the server.
#ifndef STAMPEDE_RUN_ROW_FACTS_FOR_TEST_H
#define STAMPEDE_RUN_ROW_FACTS_FOR_TEST_H

#include <string>
#include <utility>
#include <vector>

#include "harness/run/free_run.h"

namespace stampede {

inline MachineTime at_second(double second) {
  return std::chrono::duration_cast<MachineTime>(std::chrono::duration<double>(second));
}

// A get that came back at that second.
inline OperationReport got(double ended_at, bool claims_hit = false) {
  OperationReport report;
  report.succeeded = true;
  report.claims_hit = claims_hit;
  report.ended_at = at_second(ended_at);
  return report;
}

inline OperationReport failed_at(double ended_at) {
  OperationReport report;
  report.ended_at = at_second(ended_at);
  return report;
}

inline ProcessRecord ended(ExitReason reason, int exit_value = 0) {
  ProcessRecord record;
  record.reason = reason;
  record.exit_value = exit_value;
  record.reaped = reason != ExitReason::not_started;
  return record;
}

inline ProcessRecord reported(std::vector<OperationReport> reports) {
  ProcessRecord record = ended(ExitReason::exited);
  record.report = std::move(reports);
  return record;
}

// The request of a process's get.
inline LedgerEntry asked(std::uint32_t process, std::size_t operation, std::uint64_t body_bytes_sent) {
  LedgerEntry entry;
  entry.listener = process;
  entry.requested = true;
  entry.target = "/m" + query_of(operation);
  entry.body_bytes_sent = body_bytes_sent;
  return entry;
}

// Begun at second 1, released at `released_at`, ended at `ended_at`; processes that get `models` in order.
inline FreeOutcome outcome_of(std::vector<ProcessRecord> processes, Ledger ledger, std::size_t models = 1,
                              double released_at = 5, double ended_at = 11) {
  FreeOutcome outcome;
  FreePlan& plan = outcome.facts.plan;
  PlannedProcess planned;
  for (std::size_t i = 0; i < models; ++i) {
    plan.models.push_back(generated_model("m" + std::to_string(i), 1'000'000 * (i + 1)));
    planned.operations.push_back({.model = i});
  }
  plan.processes.assign(processes.size(), planned);
  StageFacts& run = outcome.facts.run;
  run.planned = plan.processes;
  run.processes = std::move(processes);
  run.ledger = std::move(ledger);
  run.began_at = at_second(1);
  run.released_at = at_second(released_at);
  run.ended_at = at_second(ended_at);
  return outcome;
}

}  // namespace stampede

#endif  // STAMPEDE_RUN_ROW_FACTS_FOR_TEST_H
