// What a process says about one of its operations, and which of its steps it took.
#ifndef STAMPEDE_PLAN_OPERATION_OUTCOME_H
#define STAMPEDE_PLAN_OPERATION_OUTCOME_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cache/cache.h"
#include "harness/plan/plan.h"
#include "harness/plan/step.h"

namespace stampede {

// Nothing here is believed without a look at the files and the ledger.
struct OperationOutcome {
  StageKind stage = StageKind::run;
  std::uint32_t process = 0;
  std::uint32_t index = 0;  // of the operation in its process
  Operation operation;
  std::uint32_t first_step = 0, end_step = 0;  // own steps: [first_step, end_step)
  std::uint32_t actors = 0;                    // of commands: who had worked for its process by its end
  std::optional<modelcache::ErrorCode> error = {};
  std::string message = {};  // of the error
  std::string path = {};     // get, find: of the entry, relative to the cache directory
  bool claims_hit = false;
  unsigned claimed_attempts = 0;
  modelcache::LockUse lock = modelcache::LockUse::none;
  std::vector<modelcache::Entry> entries = {};         // list
  std::vector<modelcache::VerifyReport> reports = {};  // verify, repair
  std::optional<modelcache::RecoveryReport> recovery = {};
  [[nodiscard]] bool succeeded() const { return !error; }
};

}  // namespace stampede

#endif  // STAMPEDE_PLAN_OPERATION_OUTCOME_H
