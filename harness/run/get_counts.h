// What the processes of a stage got, counted from their reports and the ledger.
#ifndef STAMPEDE_RUN_GET_COUNTS_H
#define STAMPEDE_RUN_GET_COUNTS_H

#include <cstdint>

#include "harness/plan/run_facts.h"

namespace stampede {

struct GetCounts {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t hits = 0;             // succeeded, and the ledger has no request of theirs
  std::uint64_t delivered_bytes = 0;  // sizes of the models of those that succeeded
  MachineTime last_end{};             // of those that succeeded
};

GetCounts count_gets(const FreePlan& plan, const StageFacts& stage);

}  // namespace stampede

#endif  // STAMPEDE_RUN_GET_COUNTS_H
