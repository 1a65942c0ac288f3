// Nobody has a model that the server never sent.
#include <algorithm>
#include <set>

#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {

Finding success_needs_bytes(const RunFacts& facts) {
  Finding finding;
  const auto requests = requests_by_place(facts.run);
  const auto earlier = facts.warm_up ? requests_by_place(*facts.warm_up) : decltype(requests){};
  std::set<Place> judged;
  for (const Get& get : gets_of(facts.run)) {
    const Place place{get.planned.directory, get.planned.model};
    if (!get.report->succeeded || !judged.insert(place).second) continue;
    auto asked = requests.at(place);
    if (const auto before = earlier.find(place); before != earlier.end()) {
      asked.insert(asked.end(), before->second.begin(), before->second.end());
    }
    const bool sent =
        std::any_of(asked.begin(), asked.end(), [](const LedgerEntry* entry) { return entry->full_body_sent; });
    finding.judge(sent, [&] {
      return describe(facts, get) + " succeeded, and none of " + std::to_string(asked.size()) +
             " requests of its directory was answered with the full body";
    });
  }
  return finding;
}

}  // namespace stampede
