// The server did what the plan told it to do wrong.
#include <algorithm>

#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {
namespace {

// After such a part no client has the whole model, whatever its size; the others may change nothing (a place behind the
// end, zeros that are zeros) or change what a client may do without.
bool takes_the_model(FaultKind kind) {
  switch (kind) {
    case FaultKind::reset_on_accept:
    case FaultKind::close_on_accept:
    case FaultKind::status:
    case FaultKind::redirect_loop:
    case FaultKind::redirect_to_file:
    case FaultKind::length_too_long:
    case FaultKind::chunked_no_last:
    case FaultKind::garbage_before:
      return true;
    default:
      return false;
  }
}

}  // namespace

Finding faults_were_played(const RunFacts& facts) {
  Finding finding;
  for (const StageFacts* stage : stages_of(facts)) {
    for (const LedgerEntry& entry : stage->ledger) {
      const auto kinds = kinds_of(entry.fault);
      if (std::none_of(kinds.begin(), kinds.end(), takes_the_model)) continue;
      finding.judge(!entry.full_body_sent, [&] {
        return "connection " + std::to_string(entry.connection) + " was to meet " + print(entry.fault) +
               " and was sent the whole model";
      });
    }
  }
  return finding;
}

}  // namespace stampede
