// Compares what processes say they got with the requests that the server saw.
#include "harness/run/get_counts.h"

#include <algorithm>
#include <set>
#include <utility>

#include "harness/judge/reading.h"

namespace stampede {

GetCounts count_gets(const FreePlan& plan, const StageFacts& stage) {
  std::set<std::pair<std::size_t, std::size_t>> asked;  // process, operation
  for (const LedgerEntry& entry : stage.ledger) {
    if (const auto operation = operation_of(entry)) asked.insert({entry.listener, *operation});
  }
  GetCounts counts;
  for (const Get& get : gets_of(stage)) {
    if (!get.report->succeeded) {
      ++counts.failed;
      continue;
    }
    ++counts.succeeded;
    counts.hits += asked.contains({get.process, get.operation}) ? 0 : 1;
    counts.delivered_bytes += plan.models.at(get.planned.model).bytes->size();
    counts.last_end = std::max(counts.last_end, get.report->ended_at);
  }
  return counts;
}

}  // namespace stampede
