// A plan of the free world: which process gets which models, where, and what the network does wrong meanwhile.
#ifndef STAMPEDE_PLAN_FREE_PLAN_H
#define STAMPEDE_PLAN_FREE_PLAN_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/plan/fault_turn.h"
#include "harness/plan/ledger.h"
#include "harness/plan/model.h"

namespace stampede {

// One get.
struct PlannedOperation {
  std::size_t model = 0;      // index into FreePlan::models
  std::size_t directory = 0;  // which cache directory
};

struct PlannedProcess {
  std::vector<PlannedOperation> operations;  // in this order
};

// SIGKILL for the process whose request is connection number `connection`, once `waiting` processes have said that they
// wait for another one. Where the connection asks for nothing, or too few wait, nobody is killed.
struct PlannedKill {
  std::uint64_t connection = 0;
  std::size_t waiting = 0;
};

// No schedule: the kernel moves the processes. Every directory is new, or warm. Process i talks to listener i of the
// server, whatever it says about itself.
struct FreePlan {
  std::vector<Model> models;
  std::set<std::size_t> refused_models;  // asked for at a port that nobody listens on
  std::size_t directories = 1;
  bool starts_warm = false;  // a clean process gets every model into every directory before the others start
  std::vector<PlannedProcess> processes;
  std::vector<PlannedKill> kills;
  FaultSequence faults;  // the i-th accepted connection gets the i-th
};

// What follows the model's path in the URL of a process's operation. It tells the ledger which get asked, without
// believing the process; the server ignores it.
std::string query_of(std::size_t operation);
// The operation in a ledger entry's target, other parameters behind it ignored; nothing where none is named.
std::optional<std::size_t> operation_of(const LedgerEntry& entry);

// True when a correct client that met this connection had all bytes, right and framed: a harmless fault, or one that
// cut behind the last byte. A reset after the last byte may have taken bytes with it, and a careful client may have
// refused an odd header section, so they are not.
bool served_well(const LedgerEntry& entry);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_FREE_PLAN_H
