// What the judge of controlled worlds knows of a run, by its own account of the steps.
#ifndef STAMPEDE_JUDGE_RUN_RECORD_H
#define STAMPEDE_JUDGE_RUN_RECORD_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/durability.h"
#include "harness/judge/file_contents.h"
#include "harness/judge/manifest_reading.h"
#include "harness/judge/place.h"
#include "harness/judge/record_facts.h"
#include "harness/plan/model.h"
#include "harness/plan/operation_outcome.h"
#include "harness/plan/plan.h"
#include "harness/world/observer.h"

namespace stampede {

// Tells watchers what they share, so that it is kept once. Owned by one thread; keeps its memory from run to run.
class RunRecord {
 public:
  void begin(const Plan& plan, const std::vector<Model>& models);
  // Something of that stage happens: it begins, unless it has.
  void enter(StageKind stage, const DiskView& disk) {
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
  [[nodiscard]] StageKind stage() const { return stage_; }
  [[nodiscard]] Moment moment() const { return moment_; }
  [[nodiscard]] VirtualTime now() const { return now_; }
  [[nodiscard]] std::uint32_t last_process() const { return last_process_; }
  [[nodiscard]] const Change& change() const { return change_; }
  // Some lock did nothing, or said that there are none.
  [[nodiscard]] bool do_locks_lie() const { return do_locks_lie_; }
  // The manifest's did, the entry's did: then nobody's hold on it means anything.
  [[nodiscard]] bool does_manifest_lock_lie() const { return does_manifest_lock_lie_; }
  [[nodiscard]] bool does_lock_lie(const EntryFacts& entry) const;
  // The entry's lock lies, or somebody went on without it.
  [[nodiscard]] bool is_unguarded(const EntryFacts& entry) const;
  // No step failed but by what always happens: names that are there or are not, locks that others hold, the network.
  [[nodiscard]] bool is_clean() const { return is_clean_; }
  // A process did not wait any longer for the manifest's lock.
  [[nodiscard]] bool has_given_up_manifest() const { return has_given_up_manifest_; }
  [[nodiscard]] bool may_lie_by_url() const { return may_lie_by_url_; }

  [[nodiscard]] ProcessFacts& process(std::uint32_t process);
  [[nodiscard]] std::span<const ProcessFacts> processes() const { return {processes_.data(), processes_begun_}; }
  // What the process is at, by the plan; nothing after its last.
  [[nodiscard]] std::optional<Operation> operation_of(std::uint32_t process) const;
  [[nodiscard]] std::optional<Operation> operation_of(StageKind stage, std::uint32_t process,
                                                      std::uint32_t index) const;
  [[nodiscard]] std::size_t operation_count(StageKind stage, std::uint32_t process) const;
  [[nodiscard]] std::size_t process_count(StageKind stage) const;
  [[nodiscard]] const std::deque<EntryFacts>& entries() const { return entries_; }
  [[nodiscard]] const EntryFacts* entry_of_model(std::size_t model) const;
  [[nodiscard]] const EntryFacts* find_entry(std::string_view key) const;
  [[nodiscard]] const std::vector<LockFacts>& locks() const { return locks_; }
  // By the name of the lock file: "sha256-...lock".
  [[nodiscard]] const LockFacts* find_lock(std::string_view name) const;
  [[nodiscard]] bool holds(std::uint32_t process, std::string_view key) const;
  // In its present operation it stopped waiting for that lock.
  [[nodiscard]] bool gave_up(const ProcessFacts& process, std::string_view lock_name) const;
  [[nodiscard]] bool gave_up(const ProcessFacts& process, const EntryFacts& entry) const;
  [[nodiscard]] const std::string& key_of(std::size_t model) const { return keys_[model]; }
  [[nodiscard]] const std::vector<TemporaryFacts>& temporaries() const { return temporaries_; }
  [[nodiscard]] const Durability& durability() const { return durability_; }
  // Who gave the manifest's name last, and when.
  [[nodiscard]] std::uint32_t manifest_named_by() const { return manifest_named_by_; }
  [[nodiscard]] Moment manifest_named_at() const { return manifest_named_at_; }
  // The last change of its name or bytes.
  [[nodiscard]] Moment manifest_changed_at() const { return manifest_changed_at_; }
  // Of the whole run, and where the present stage's begin.
  [[nodiscard]] const std::vector<ConnectionFacts>& connections() const { return connections_; }
  [[nodiscard]] std::size_t first_connection_of_stage() const { return stage_connections_; }

  FileContents& contents() { return contents_; }
  const ReadManifest* manifest(const DiskView& disk) { return manifest_.read(disk); }
  // For people: "m1.onnx" for an entry or lock of that model, what stands there otherwise.
  [[nodiscard]] std::string object_of(std::string_view path) const;

 private:
  void begin_stage(StageKind stage, const DiskView& disk);
  void apply_damage(const DiskView& disk);
  void take_problem(const Step& step, ProcessFacts& process);
  void take_signal(const Step& step, ProcessFacts& process);
  void take_lie(const Step& step);
  void take_natural(const Step& step, ProcessFacts& process);
  void take_connect(const Step& step, ProcessFacts& process);
  void take_open(const Step& step, const DiskView& disk, ProcessFacts& process);
  void take_move(const Step& step, const DiskView& disk, ProcessFacts& process);
  void take_unlink(const Step& step, const DiskView& disk);
  void take_content(const Step& step, const DiskView& disk);
  void take_lock(const Step& step, ProcessFacts& process);
  void take_refusal(const Step& step, ProcessFacts& process);
  void take_close(const Step& step, ProcessFacts& process);
  void take_sync(const Step& step, ProcessFacts& process);
  void take_sleep(const Step& step, ProcessFacts& process);
  void release(std::string_view path, std::uint32_t process);
  void name_entry(std::string_view path, const DiskView& disk);
  void lose_entry(std::string_view path, const DiskView& disk);
  void look_at_entry(EntryFacts& entry, FileNumber file, const DiskView& disk);
  void look_at_manifest(const DiskView& disk);
  void lose_temporary(std::string_view path, std::uint32_t by);
  void change_name(EntryFacts& entry, std::uint32_t by);
  void name_manifest(std::uint32_t by);
  TemporaryFacts* find_temporary(std::string_view path);
  void touch(FileNumber file);
  void publish(FileNumber file, ProcessFacts& process);
  void mark_published(FileNumber file);
  EntryFacts& entry(std::string_view key);
  LockFacts& lock(std::string_view name);

  const Plan* plan_ = nullptr;
  const std::vector<Model>* models_ = nullptr;
  FileContents contents_;
  ManifestReading manifest_;
  Durability durability_;
  std::vector<std::string> keys_;  // of the models
  std::vector<std::uint64_t> lies_;
  bool may_lie_by_url_ = false;
  bool is_refusing_ = false;  // the plan refuses a connection
  bool is_pausing_ = false;   // the plan pauses on a connection
  bool may_deny_ = false;     // a umask of the plan takes permissions from the owner

  StageKind stage_ = StageKind::warm_up;
  bool is_stage_open_ = false;
  bool is_damage_due_ = false;  // the plan's, once the stage that warms up is over
  Moment moment_ = 0;
  VirtualTime now_{};
  std::uint32_t last_process_ = 0;
  Change change_;
  bool do_locks_lie_ = false;
  bool does_manifest_lock_lie_ = false;
  bool is_clean_ = true;
  bool had_no_lock_by_url_ = false;  // as EntryFacts::had_no_lock, of any URL's
  bool has_given_up_manifest_ = false;
  std::vector<ProcessFacts> processes_;  // the first `processes_begun_` are of the present stage
  std::size_t processes_begun_ = 0;
  OperationStart stage_start_;
  std::deque<EntryFacts> entries_;  // never moved
  std::vector<LockFacts> locks_;
  std::vector<TemporaryFacts> temporaries_;
  std::vector<bool> was_published_;  // by file number
  FileNumber manifest_file_ = 0;
  bool is_manifest_good_ = false;
  std::uint32_t manifest_named_by_ = 0;
  Moment manifest_named_at_ = 0, manifest_changed_at_ = 0;
  std::vector<ConnectionFacts> connections_;
  std::size_t stage_connections_ = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_RUN_RECORD_H
