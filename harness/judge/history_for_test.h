// Histories made by hand: steps on a small disk, told to the judge of controlled worlds.
#ifndef STAMPEDE_JUDGE_HISTORY_FOR_TEST_H
#define STAMPEDE_JUDGE_HISTORY_FOR_TEST_H

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cache/manifest.h"
#include "harness/judge/step_judge.h"

namespace stampede {

// A flat directory tree with numbered files.
class HandMadeDisk final : public DiskView {
 public:
  HandMadeDisk();
  [[nodiscard]] FileNumber file_at(std::string_view path) const override;
  [[nodiscard]] StepStat stat(FileNumber file) const override { return files_.at(file).stat; }
  [[nodiscard]] std::span<const std::byte> bytes(FileNumber file) const override { return files_.at(file).bytes; }
  [[nodiscard]] std::uint64_t version(FileNumber file) const override { return files_.at(file).version; }
  void for_each_name(const std::function<void(std::string_view path, FileNumber file)>& visit) const override;
  [[nodiscard]] std::uint64_t open_descriptors() const override { return descriptors; }

  FileNumber make(const std::string& path, modelcache::FileType type, unsigned mode);
  void set_bytes(FileNumber file, Bytes bytes);
  void set_mode(FileNumber file, unsigned mode) { files_.at(file).stat.mode = mode; }
  // Takes `from` away where it is a move; an empty `to` removes.
  FileNumber move(const std::string& from, const std::string& to, bool keeps_from);

  std::uint64_t descriptors = 0;

 private:
  struct File {
    StepStat stat;
    Bytes bytes;
    std::uint64_t version = 0;
  };
  std::vector<File> files_;  // by number; the first is none
  std::map<std::string, FileNumber, std::less<>> names_;
};

// `error` makes a step fail without an effect; `fault` says that the plan did it.
struct OddResult {
  int error = 0;
  StepFault fault = StepFault::none;
};

// Blocks of steps as the cache takes them, and single steps to break them with. Every method that takes steps is of the
// process that `by` named last. Time is 1 us a step; `pass` lets more of it pass.
class History {
 public:
  explicit History(Plan plan = one_get());
  // Told to a judge that has watched others before.
  History(Plan plan, StepJudge& judge);
  // One model of 100 bytes, two processes that get it.
  static Plan one_get();

  History& by(std::uint32_t process);
  History& pass(std::chrono::nanoseconds time);

  // Single steps.
  using Odd = OddResult;
  static Odd fails(int error) { return {error, StepFault::error}; }
  static Odd is_told(int error) { return {error, StepFault::none}; }
  void open(const std::string& path, modelcache::OpenMode mode, Odd odd = {});
  void close(const std::string& path, Odd odd = {});
  void close_file(const std::string& path, FileNumber file, Odd odd = {});
  void write(const std::string& path, FileNumber file, const Bytes& bytes, Odd odd = {});
  void truncate(const std::string& path, FileNumber file, std::size_t size);
  void sync_file(const std::string& path, FileNumber file, Odd odd = {});
  void sync_directory(const std::string& path, Odd odd = {});
  void rename(const std::string& from, const std::string& to, Odd odd = {});
  void link(const std::string& from, const std::string& to);
  void unlink(const std::string& path, Odd odd = {});
  void make_directory(const std::string& path, Odd odd = {});
  void try_lock(const std::string& path, Odd odd = {});
  void unlock(const std::string& path);
  void connect(const char* turn = "none", bool is_full = true, Odd odd = {});

  // What the cache does.
  void make_cache();
  void look(std::size_t model);
  void lock(std::size_t model);
  void release(std::size_t model);
  std::string stage(std::size_t model);  // a temporary with its bytes, synced; returns its path
  void publish(const std::string& temporary, std::size_t model);
  void list();  // in the manifest: all entries, as they are
  void hit(std::size_t model);
  void miss(std::size_t model);
  void miss_unlisted(std::size_t model);  // up to the listing, without an outcome
  // Process 0 downloads the first model, process 1 waits for its lock and hits.
  void share_one_download();

  // Outcomes. The operation is the process's next by the plan.
  OperationOutcome outcome() const;
  void ends(OperationOutcome outcome);
  void succeeds(bool claims_hit);
  void fails_with(modelcache::ErrorCode code);
  void process_ends(ProcessEnd end = ProcessEnd::ended);

  // Ends the stage: who has not ended by `process_ends` ends now.
  void stage_ends(StageEnd end = {});
  // The epilogue, as it should be: a clean process gets everything.
  void epilogue();
  // `stage_ends`, then `epilogue`.
  void finish();
  void begin_stage(Stage stage);

  [[nodiscard]] const Model& model(std::size_t i) const { return models_.at(i); }
  [[nodiscard]] std::string key(std::size_t model) const;
  [[nodiscard]] std::string entry(std::size_t model) const { return "entries/" + key(model); }
  [[nodiscard]] std::string lock_path(std::size_t model) const { return "locks/" + key(model) + ".lock"; }
  [[nodiscard]] std::string temporary(std::string_view what);
  [[nodiscard]] Plan& plan() { return plan_; }
  HandMadeDisk& disk() { return disk_; }
  Ledger& ledger() { return ledger_; }

  // The ids of what was violated, and how often an invariant was judged.
  [[nodiscard]] std::set<std::string> violated() const;
  [[nodiscard]] std::uint64_t judged(std::string_view id) const;
  [[nodiscard]] const StepJudge& judge() const { return *judge_; }
  // All violations in words.
  [[nodiscard]] std::string told() const;

 private:
  void begin(Plan plan);
  void take(Step step, Odd odd);

  Plan plan_;
  std::vector<Model> models_;
  HandMadeDisk disk_;
  Ledger ledger_;
  std::unique_ptr<StepJudge> own_judge_;
  StepJudge* judge_;
  Stage stage_ = Stage::run;
  std::uint32_t process_ = 0;
  std::map<std::uint32_t, std::uint32_t> own_steps_, operations_, first_steps_;
  std::set<std::uint32_t> gone_;
  std::vector<ProcessEnd> ends_;
  std::chrono::nanoseconds now_{};
  std::uint64_t temporaries_ = 0;
  std::uint64_t records_ = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_HISTORY_FOR_TEST_H
