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
#include "harness/judge/place.h"
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
  ChangingTruth recorded;    // the manifest has a record of it, of whatever bytes
  std::uint64_t losses = 0;  // how often it was good and then was not
  Moment changed_at = 0;     // the last change of its name, bytes or change time
  Moment named_at = 0;       // the last change of its name, by `named_by` of the stage then
  std::uint32_t named_by = 0;
  bool is_name_durable = true;                                // the directory was synced since
  bool had_no_lock = false;                                   // somebody asked for it without holding its lock
  std::optional<modelcache::FileStamp> record, stale_record;  // the manifest's last one; the last one before a change
};

// Where an operation's time and steps began: where the one before it ended, or its process began.
struct OperationStart {
  Moment moment = 0;
  VirtualTime time{};
  std::uint32_t own_step = 0;
};

inline constexpr VirtualTime kNoWait{-1};

// A sleep after a failed download, before the next connection.
struct Pause {
  VirtualTime asked{};                    // when it began
  std::optional<std::size_t> connection;  // before it, by its place in the ledger, where it was accepted
};

struct FailedStep {
  StepKind kind = StepKind::write;
  FileNumber file = 0;
  std::uint32_t own_step = 0;
};

// One process of the present stage.
struct ProcessFacts {
  bool is_alive = true;
  Moment ended_at = 0;  // where it is not
  bool has_begun = false;
  std::uint32_t own_steps = 0;
  std::uint32_t operations_ended = 0;
  OperationStart start;                  // of the present operation
  VirtualTime last_at{}, previous_at{};  // when its last step was done, and the one before
  // What its faults can cause: those met before its first operation's first step count for all operations, since the
  // cache is opened once; the others for the operation that met them.
  ErrorCodes codes, opening_codes;
  std::vector<std::pair<std::uint32_t, ErrorCodes>> early_codes;  // before its first operation ended, by own step
  std::uint64_t opened = 0, closed = 0;                           // descriptors, since it began
  std::uint32_t connects = 0;             // of the present operation, those that a fault decided left out
  std::uint32_t tries = 0;                // the same with those
  std::uint32_t interrupted = 0;          // steps of the present operation that a fault did
  VirtualTime network_wait = kNoWait;     // the longest of a network call of it that was interrupted
  std::optional<VirtualTime> signal_at;   // the first signal of its present network call
  std::uint32_t last_write = 0;           // own step after the last one that writes or tries to
  std::uint32_t swept = 0;                // temporaries of others that the present operation removed
  std::optional<std::size_t> blocked_by;  // the lock that its last try did not get
  bool writes_in_place = false;           // it opened an entry or the manifest by its own name to write, ever
  bool met_failure = false;               // of a step of the present operation that reads, and not of an everyday kind
  bool met_any_failure = false;           // likewise, of whatever kind of step
  std::vector<std::size_t> gave_up;       // locks that the present operation closed without having got them
  Moment entries_synced_at = 0;           // the last sync of entries/ that it made
  std::uint32_t open_files = 0, open_directories = 0;  // files: connections too
  std::uint32_t temporaries = 0;                       // that it made and that still have their names
  std::uint32_t unremoved = 0;                         // temporaries whose removal failed
  bool is_after_connect = false;                       // of connecting and trying locks, it did the former last
  std::optional<std::size_t> connection;  // its last one, by its place in the ledger; none where it was not accepted
  std::vector<Pause> pauses;              // of the present operation, between connections
  std::vector<FailedStep> failed;         // writes, syncs and closes of the present operation
  std::vector<FileNumber> published;      // that the present operation gave a name in entries/ or the manifest's
};

struct LockFacts {
  std::string name;  // "sha256-...lock", "manifest.lock"
  std::optional<std::uint32_t> holder;
  bool is_shared = false;
  bool lies = false;  // a try did nothing, or was told that there are no locks
};

struct TemporaryFacts {
  std::string path;
  FileNumber file = 0;
  std::uint32_t owner = 0;
  bool is_of_stage = true;  // its owner is a process of the present stage
  Moment made_at = 0;
  Moment refused_at = 0;  // the last time that somebody did not get its lock
  bool lies = false;      // as LockFacts::lies
};

// An accepted connection: the n-th has the n-th place in the ledger.
struct ConnectionFacts {
  std::uint32_t process = 0;
  std::uint32_t operation = 0;
  Moment moment = 0;
};

// Where the last step was taken, and what it did.
struct Change {
  Place place = Place::root, to_place = Place::root;  // of the step's paths
  EntryFacts* entry = nullptr;                        // whose name was given, taken or whose bytes changed
  FileNumber entry_had = 0;                           // before
  bool entry_was_good = false;
  bool gave_name = false;            // in entries/ or the manifest's
  const EntryFacts* lost = nullptr;  // whose name was taken away
  bool lost_was_good = false;
  bool is_manifest = false;        // the manifest's name or bytes changed
  bool manifest_was_good = false;  // before
  bool is_published = false;  // a file was written to or cut that has, or had, a name in entries/ or the manifest's
  std::optional<std::uint32_t> robbed;        // the live owner of a temporary that somebody else removed or moved
  std::optional<std::uint32_t> other_holder;  // who held the lock that the step's process was told it has
  std::size_t lock = 0;                       // of a try_lock or unlock below locks/: its place in `locks`
};

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_RECORD_FACTS_H
