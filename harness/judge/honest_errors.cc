// An error says what happened: its code is one that the process's own faults can cause.
#include "harness/judge/invariants.h"
#include "harness/judge/possible_codes.h"
#include "harness/judge/reading.h"

namespace stampede {

Finding honest_errors(const RunFacts& facts) {
  Finding finding;
  for (const Get& get : gets_of(facts.run)) {
    if (get.report->succeeded) continue;
    ErrorCodes codes;
    if (facts.plan.refused_models.contains(get.planned.model)) codes = {modelcache::ErrorCode::refused};
    for (const auto& connections : {requests_of(facts.run, get), unasked_connections_of(facts.run, get.process)}) {
      for (const LedgerEntry* entry : connections) codes |= codes_of(*entry);
    }
    if (codes.empty()) continue;  // no fault at all: no_spurious_failure judges that
    finding.judge(codes.contains(get.report->error_code), [&] {
      return describe(facts, get) + " failed with '" + get.report->error_message + "'; its faults can cause " +
             codes.text();
    });
  }
  return finding;
}

}  // namespace stampede
