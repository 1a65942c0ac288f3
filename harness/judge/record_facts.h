// The facts that the judge of controlled worlds keeps of a run: entries, processes, locks, connections, changes.
#ifndef STAMPEDE_JUDGE_RECORD_FACTS_H
#define STAMPEDE_JUDGE_RECORD_FACTS_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cache/manifest.h"
#include "harness/judge/possible_codes.h"
#include "harness/plan/step.h"

namespace stampede {

// How many steps of the whole run had been taken.
using Moment = std::uint64_t;
using VirtualTime = std::chrono::nanoseconds;

// Something that is true or false, and changes with the steps.
class ChangingTruth {
 public:
  void begin(bool value) { *this = ChangingTruth{}, now_ = value; }
  // From moment `at` on.
  void set(bool value, Moment at) {
    if (value == now_) return;
    other_until_ = at - 1;
    has_been_other_ = true;
    now_ = value;
  }
  [[nodiscard]] bool now() const { return now_; }
  // Whether it had that value at some moment from `since` on, until now.
  [[nodiscard]] bool was(bool value, Moment since) const {
    return now_ == value || (has_been_other_ && other_until_ >= since);
  }

 private:
  bool now_ = false;
  bool has_been_other_ = false;
  Moment other_until_ = 0;
};

// A key that an entry had, has or is listed by.
struct EntryFacts {
  std::string key;
  std::optional<std::size_t> model;  // of a key by digest, where it is a model's
  FileNumber file = 0;               // that has the name now
  std::uint64_t version = 0;         // of its bytes when they were looked at
  ChangingTruth present, good;
  ChangingTruth listed;      // as it is: the manifest's record is of these bytes, and newer than they are
  std::uint64_t losses = 0;  // how often it was good and then was not
  std::optional<modelcache::FileStamp> record, stale_record;  // the manifest's last one; the last one before a change
};

// Where an operation's time and steps began: where the one before it ended, or its process began.
struct OperationStart {
  Moment moment = 0;
  VirtualTime time{};
  std::uint32_t own_step = 0;
};

struct FailedStep {
  StepKind kind = StepKind::write;
  FileNumber file = 0;
  std::uint32_t own_step = 0;
};

// One process of the present stage.
struct ProcessFacts {
  bool is_alive = true;
  bool has_begun = false;
  std::uint32_t own_steps = 0;
  std::uint32_t operations_ended = 0;
  OperationStart start;  // of the present operation
  VirtualTime last_at{};
  // What its faults can cause: those met before its first operation's first step count for all operations, since the
  // cache is opened once; the others for the operation that met them.
  ErrorCodes codes, opening_codes;
  bool met_timeout = false;                                       // of a connection, by itself
  std::vector<std::pair<std::uint32_t, ErrorCodes>> early_codes;  // before its first operation ended, by own step
  std::uint64_t opened = 0, closed = 0;                           // descriptors, since it began
  std::uint32_t connects = 0;             // of the present operation, those that a fault decided left out
  std::uint32_t tries = 0;                // the same with those
  bool is_network_interrupted = false;    // in the present operation
  std::uint32_t last_write = 0;           // own step after the last one that writes or tries to
  std::uint32_t swept = 0;                // temporaries of others that the present operation removed
  std::optional<std::size_t> blocked_by;  // the lock that its last try did not get
  bool writes_in_place = false;           // it opened an entry or the manifest by its own name to write, ever
  bool met_failure = false;               // of a step of the present operation that reads, and not of an everyday kind
  bool is_interrupted = false;            // its last step was, by a fault
  std::vector<FailedStep> failed;         // writes, syncs and closes of the present operation
  std::vector<FileNumber> published;      // that the present operation gave a name in entries/ or the manifest's
};

struct LockFacts {
  std::string name;  // "sha256-...lock", "manifest.lock"
  std::optional<std::uint32_t> holder;
  bool is_shared = false;
};

struct TemporaryFacts {
  std::string path;
  FileNumber file = 0;
  std::uint32_t owner = 0;
  bool is_of_stage = true;  // its owner is a process of the present stage
};

// An accepted connection: the n-th has the n-th place in the ledger.
struct ConnectionFacts {
  std::uint32_t process = 0;
  std::uint32_t operation = 0;
  Moment moment = 0;
};

// What the last step did.
struct Change {
  EntryFacts* entry = nullptr;  // whose name was given, taken or whose bytes changed
  FileNumber entry_had = 0;     // before
  bool entry_was_good = false;
  bool gave_name = false;            // in entries/ or the manifest's
  const EntryFacts* lost = nullptr;  // whose name was taken away
  bool lost_was_good = false;
  bool is_manifest = false;                   // the manifest's name or bytes changed
  bool is_published = false;                  // a file was written to or cut that has, or had, a name in entries/
  std::optional<std::uint32_t> robbed;        // the live owner of a temporary that somebody else removed or moved
  std::optional<std::uint32_t> other_holder;  // who held the lock that the step's process was told it has
  std::size_t lock = 0;                       // of a try_lock or unlock below locks/: its place in `locks`
};

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_RECORD_FACTS_H
