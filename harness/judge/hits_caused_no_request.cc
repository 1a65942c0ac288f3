// What processes say about hits, compared with the ledger.
#include <algorithm>
#include <map>

#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {

Finding hits_caused_no_request(const RunFacts& facts) {
  Finding finding;
  std::map<std::size_t, bool> hits_only;  // by process
  for (const Get& get : gets_of(facts.run)) {
    const bool is_hit = get.report->succeeded && get.report->claims_hit;
    const auto [known, is_new] = hits_only.try_emplace(get.process, is_hit);
    if (!is_new) known->second = known->second && is_hit;
    if (!get.report->succeeded) continue;
    const std::size_t requests = requests_of(facts.run, get).size();
    finding.judge(get.report->claims_hit == (requests == 0), [&] {
      return describe(facts, get) + " says it was " + (get.report->claims_hit ? "a hit" : "no hit") + " and caused " +
             std::to_string(requests) + " requests";
    });
  }
  for (const auto& [process, only] : hits_only) {
    if (!only) continue;
    const std::string name = "process " + std::to_string(process);
    const std::size_t connections = unasked_connections_of(facts.run, process).size();
    finding.judge(connections == 0, [&] {
      return name + " says it had hits only and made " + std::to_string(connections) + " connections";
    });
  }
  return finding;
}

}  // namespace stampede
