// Processes that ask for one model share one download.
#include <algorithm>

#include "harness/judge/invariants.h"
#include "harness/judge/reading.h"

namespace stampede {

// Needs working locks: not judged where a process died in between, or went on without a lock because it had waited in
// vain or because there are none, since then a second download is allowed.
Finding one_download(const RunFacts& facts) {
  Finding finding;
  const StageFacts& stage = facts.run;
  if (!all_ended_well(stage) || someone_went_without_lock(stage)) return finding;
  const bool is_quiet = std::all_of(stage.ledger.begin(), stage.ledger.end(),
                                    [](const LedgerEntry& entry) { return is_harmless(entry); });
  const std::ptrdiff_t allowed = facts.warm_up ? 0 : 1;  // a warm directory needs none
  for (const auto& [place, requests] : requests_by_model(stage)) {
    const std::string name = facts.plan.models.at(place.second).name + " in directory " + std::to_string(place.first);
    const auto well =
        std::count_if(requests.begin(), requests.end(), [](const LedgerEntry* entry) { return served_well(*entry); });
    const auto full =
        std::count_if(requests.begin(), requests.end(), [](const LedgerEntry* entry) { return entry->full_body_sent; });
    finding.judge(well <= allowed, [&] { return name + ": " + std::to_string(well) + " requests were answered well"; });
    if (!is_quiet || facts.plan.refused_models.contains(place.second)) continue;
    finding.judge(full == allowed,
                  [&] { return name + ": without faults, " + std::to_string(full) + " full bodies sent"; });
  }
  return finding;
}

}  // namespace stampede
