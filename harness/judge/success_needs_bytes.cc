// Nobody has a model that the server never sent.
#include <set>
#include <vector>

#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {

namespace {

using Requests = std::vector<const LedgerEntry*>;

// At once, or in parts that are together at least as long: which part was which is not in the ledger.
bool was_sent(const Requests& requests, std::size_t size_bytes) {
  std::uint64_t in_parts = 0;
  bool has_parts = false;
  for (const LedgerEntry* entry : requests) {
    if (entry->full_body_sent) return true;
    constexpr int kPartialContent = 206;
    has_parts = has_parts || entry->status == kPartialContent;
    in_parts += entry->body_bytes_sent;
  }
  return has_parts && in_parts >= size_bytes;
}

}  // namespace

Finding success_needs_bytes(const RunFacts& facts) {
  Finding finding;
  const auto requests = requests_by_model(facts.run);
  const auto earlier = facts.warm_up ? requests_by_model(*facts.warm_up) : decltype(requests){};
  std::set<AskedFor> judged;
  for (const Get& get : gets_of(facts.run)) {
    const AskedFor place{get.planned.directory, get.planned.model};
    if (!get.report->succeeded || !judged.insert(place).second) continue;
    auto asked = requests.at(place);
    if (const auto before = earlier.find(place); before != earlier.end()) {
      asked.insert(asked.end(), before->second.begin(), before->second.end());
    }
    const bool sent = was_sent(asked, facts.plan.models.at(place.second).bytes->size());
    finding.judge(sent, [&] {
      return describe(facts, get) + " succeeded, and none of " + std::to_string(asked.size()) +
             " requests of its directory was answered with the full body";
    });
  }
  return finding;
}

}  // namespace stampede
