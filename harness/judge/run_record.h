// What the judge of controlled worlds knows of a run, by its own account of the steps.
#ifndef STAMPEDE_JUDGE_RUN_RECORD_H
#define STAMPEDE_JUDGE_RUN_RECORD_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/manifest.h"
#include "harness/judge/file_contents.h"
#include "harness/judge/manifest_reading.h"
#include "harness/judge/place.h"
#include "harness/judge/possible_codes.h"
#include "harness/plan/model.h"
#include "harness/plan/observer.h"
#include "harness/plan/operation_outcome.h"
#include "harness/plan/plan.h"

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
  std::uint32_t connects = 0;                                     // of the present operation, interrupted ones left out
  std::uint32_t last_write = 0;                                   // own step after the last one that writes or tries to
  std::uint32_t swept = 0;                // temporaries of others that the present operation removed
  std::optional<std::size_t> blocked_by;  // the lock that its last try did not get
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

// Tells watchers what they share, so that it is kept once. Owned by one thread; keeps its memory from run to run.
class RunRecord {
 public:
  void begin(const Plan& plan, const std::vector<Model>& models);
  // Something of that stage happens: it begins, unless it has.
  void enter(Stage stage, const DiskView& disk) {
    if (!is_stage_open_ || stage != stage_) begin_stage(stage, disk);
  }
  void take(const Step& step, const DiskView& disk);
  // Before watchers hear of it.
  void begin_outcome(const OperationOutcome& outcome);
  // After they heard of it: the process's next operation begins.
  void end_outcome(const OperationOutcome& outcome);
  void end_process(std::uint32_t process);
  // After watchers heard of it.
  void end_stage();

  [[nodiscard]] const Plan& plan() const { return *plan_; }
  // The plan's, then the epilogue's own.
  [[nodiscard]] const std::vector<Model>& models() const { return *models_; }
  [[nodiscard]] Stage stage() const { return stage_; }
  [[nodiscard]] Moment moment() const { return moment_; }
  [[nodiscard]] VirtualTime now() const { return now_; }
  [[nodiscard]] std::uint32_t last_process() const { return last_process_; }
  [[nodiscard]] const Change& change() const { return change_; }
  // A lock did nothing or said that there are none: then nobody's lock means anything.
  [[nodiscard]] bool do_locks_lie() const { return do_locks_lie_; }
  // No step failed but by what always happens: names that are there or are not, locks that others hold, the network.
  [[nodiscard]] bool is_clean() const { return is_clean_; }
  // A process asked for a model by digest without holding its lock.
  [[nodiscard]] bool has_gone_without_lock() const { return has_gone_without_lock_; }
  // A process did not wait any longer for the manifest's lock.
  [[nodiscard]] bool has_given_up_manifest() const { return has_given_up_manifest_; }
  [[nodiscard]] bool may_lie_by_url() const { return may_lie_by_url_; }

  [[nodiscard]] ProcessFacts& process(std::uint32_t process);
  [[nodiscard]] std::span<const ProcessFacts> processes() const { return {processes_.data(), processes_begun_}; }
  // What the process is at, by the plan; nothing after its last.
  [[nodiscard]] std::optional<Operation> operation_of(std::uint32_t process) const;
  [[nodiscard]] std::optional<Operation> operation_of(Stage stage, std::uint32_t process, std::uint32_t index) const;
  [[nodiscard]] std::size_t operation_count(Stage stage, std::uint32_t process) const;
  [[nodiscard]] std::size_t process_count(Stage stage) const;
  [[nodiscard]] const std::deque<EntryFacts>& entries() const { return entries_; }
  [[nodiscard]] const EntryFacts* entry_of_model(std::size_t model) const;
  [[nodiscard]] const EntryFacts* find_entry(std::string_view key) const;
  [[nodiscard]] const std::vector<LockFacts>& locks() const { return locks_; }
  [[nodiscard]] bool holds(std::uint32_t process, std::string_view key) const;
  // Of the whole run, and where the present stage's begin.
  [[nodiscard]] const std::vector<ConnectionFacts>& connections() const { return connections_; }
  [[nodiscard]] std::size_t first_connection_of_stage() const { return stage_connections_; }

  FileContents& contents() { return contents_; }
  const ReadManifest* manifest(const DiskView& disk) { return manifest_.read(disk); }
  // For people: "m1.onnx" for an entry or lock of that model, what stands there otherwise.
  [[nodiscard]] std::string object_of(std::string_view path) const;

 private:
  void begin_stage(Stage stage, const DiskView& disk);
  void apply_damage(const DiskView& disk);
  void take_problem(const Step& step, ProcessFacts& process);
  void take_natural(const Step& step, ProcessFacts& process);
  void take_connect(const Step& step, ProcessFacts& process);
  void take_open(const Step& step, const DiskView& disk, ProcessFacts& process);
  void take_move(const Step& step, const DiskView& disk, ProcessFacts& process);
  void take_unlink(const Step& step, const DiskView& disk);
  void take_content(const Step& step, const DiskView& disk);
  void take_lock(const Step& step, ProcessFacts& process);
  void release(std::string_view path, std::uint32_t process);
  void name_entry(std::string_view path, const DiskView& disk);
  void lose_entry(std::string_view path, const DiskView& disk);
  void look_at_entry(EntryFacts& entry, FileNumber file, const DiskView& disk);
  void look_at_manifest(const DiskView& disk);
  void lose_temporary(std::string_view path, std::uint32_t by);
  void touch(FileNumber file);
  void publish(FileNumber file, ProcessFacts& process);
  EntryFacts& entry(std::string_view key);
  LockFacts& lock(std::string_view name);

  const Plan* plan_ = nullptr;
  const std::vector<Model>* models_ = nullptr;
  FileContents contents_;
  ManifestReading manifest_;
  std::vector<std::uint64_t> lies_;
  bool may_lie_by_url_ = false;
  bool is_refusing_ = false;  // the plan refuses a connection
  bool is_pausing_ = false;   // the plan pauses on a connection
  bool may_deny_ = false;     // a umask of the plan takes permissions from the owner

  Stage stage_ = Stage::warm_up;
  bool is_stage_open_ = false;
  bool is_damage_due_ = false;  // the plan's, once the stage that warms up is over
  Moment moment_ = 0;
  VirtualTime now_{};
  std::uint32_t last_process_ = 0;
  Change change_;
  bool do_locks_lie_ = false;
  bool is_clean_ = true;
  bool has_gone_without_lock_ = false;
  bool has_given_up_manifest_ = false;
  std::vector<ProcessFacts> processes_;  // the first `processes_begun_` are of the present stage
  std::size_t processes_begun_ = 0;
  OperationStart stage_start_;
  std::deque<EntryFacts> entries_;  // never moved
  std::vector<LockFacts> locks_;
  std::vector<TemporaryFacts> temporaries_;
  std::vector<bool> was_published_;  // by file number
  FileNumber manifest_file_ = 0;
  std::vector<ConnectionFacts> connections_;
  std::size_t stage_connections_ = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_RUN_RECORD_H
