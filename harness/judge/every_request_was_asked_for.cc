// The ledger holds what was planned, and holds it to its end.
#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

bool is_planned(const RunFacts& facts, const StageFacts& stage, const LedgerEntry& entry) {
  const auto operation = operation_of(entry);
  if (!operation || entry.listener >= stage.planned.size()) return false;
  const auto& operations = stage.planned[entry.listener].operations;
  return *operation < operations.size() && facts.plan.models.at(operations[*operation].model).name == entry.model;
}

}  // namespace

Finding every_request_was_asked_for(const RunFacts& facts) {
  Finding finding;
  for (const StageFacts* stage : stages_of(facts)) {
    for (const LedgerEntry& entry : stage->ledger) {
      const std::string name =
          "connection " + std::to_string(entry.connection) + " of process " + std::to_string(entry.listener);
      finding.judge(entry.ending != Ending::open, [&] { return name + " has not ended"; });
      if (!entry.requested) continue;
      finding.judge(is_planned(facts, *stage, entry),
                    [&] { return name + " asked for " + entry.target + ", which nobody told it to"; });
    }
  }
  return finding;
}

}  // namespace stampede
