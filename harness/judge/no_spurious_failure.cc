// Who met no fault does not fail because someone else did.
#include <algorithm>

#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {

Finding no_spurious_failure(const RunFacts& facts) {
  Finding finding;
  const auto is_harmful = [](const LedgerEntry* entry) { return !is_harmless(*entry); };
  for (const Get& get : gets_of(facts.run)) {
    if (facts.plan.refused_models.contains(get.planned.model)) continue;
    const auto requests = requests_of(facts.run, get);
    const auto unasked = unasked_connections_of(facts.run, get.process);
    const bool met_fault = std::any_of(requests.begin(), requests.end(), is_harmful) ||
                           std::any_of(unasked.begin(), unasked.end(), is_harmful);
    if (met_fault) continue;
    finding.judge(get.report->succeeded, [&] {
      return describe(facts, get) + " met no fault on " + std::to_string(requests.size()) +
             " requests and failed: " + get.report->error_message;
    });
  }
  return finding;
}

}  // namespace stampede
