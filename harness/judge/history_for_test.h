// Histories made by hand: steps on a small disk, told to the judge of controlled worlds.
#ifndef STAMPEDE_JUDGE_HISTORY_FOR_TEST_H
#define STAMPEDE_JUDGE_HISTORY_FOR_TEST_H

#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/command_judge.h"
#include "harness/judge/hand_made_disk_for_test.h"
#include "harness/judge/run_record.h"
#include "harness/judge/step_judge.h"

namespace stampede {

// By the invariant's id.
using Counts = std::map<std::string, std::uint64_t>;

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
  // Told to a judge of commands, of a subject that keeps its models where the built-in cache does. Its `judge()` is
  // none; `command()` is.
  History(Plan plan, const Subject& subject, std::shared_ptr<CommandJudge> judge = std::make_shared<CommandJudge>());
  // One model of 100 bytes, two processes that get it.
  static Plan one_get();

  // What a run record makes of it is kept, too, from now on.
  RunRecord& record();
  History& by(std::uint32_t process);
  // In the run, from now on, process 0 is 1 and 1 is 0; and who is 0 then has taken five steps in two listings before.
  // REQUIRES: the plan has it so, `shifted_plan` of one for the others.
  void shift();
  static Plan shifted_plan(Plan plan);
  static std::vector<std::string> shifted(std::vector<std::string> lines);
  History& pass(std::chrono::nanoseconds time);

  // Single steps.
  using Odd = OddResult;
  static Odd fails(int error) { return {error, StepFault::error}; }
  static Odd is_told(int error) { return {error, StepFault::none}; }
  void open(const std::string& path, modelcache::OpenMode mode, Odd odd = {});
  void close(const std::string& path, Odd odd = {});
  void close_file(const std::string& path, FileNumber file, Odd odd = {});
  void write(const std::string& path, FileNumber file, const Bytes& bytes, Odd odd = {});
  void truncate(const std::string& path, FileNumber file, std::size_t size, Odd odd = {});
  void sync_file(const std::string& path, FileNumber file, Odd odd = {});
  void sync_directory(const std::string& path, Odd odd = {});
  void rename(const std::string& from, const std::string& to, Odd odd = {});
  void link(const std::string& from, const std::string& to, Odd odd = {});
  void unlink(const std::string& path, Odd odd = {});
  void make_directory(const std::string& path, Odd odd = {});
  void try_lock(const std::string& path, Odd odd = {});
  void unlock(const std::string& path);
  // Any step, of which the disk knows already.
  void take(Step step, Odd odd = {});
  void connect(const char* turn = "none", bool is_full = true, Odd odd = {});
  void pause(std::chrono::nanoseconds time);

  // What the cache does.
  void make_cache();
  void look(std::size_t model);
  void lock(std::size_t model);
  void release(std::size_t model);
  std::string stage(std::size_t model);  // a temporary with its bytes, synced; returns its path
  void publish(const std::string& temporary, std::size_t model);
  std::string stage_list();  // a temporary with what `list` lists, synced; returns its path
  void list();               // in the manifest: all entries, as they are
  void list_again();         // the same, with the records of before
  void hit(std::size_t model);
  void miss(std::size_t model);
  void miss_unlisted(std::size_t model);  // up to the listing, without an outcome
  // Process 0 downloads the first model, process 1 waits for its lock and hits.
  void share_one_download();

  // Outcomes. The operation is the process's next by the plan.
  OperationOutcome outcome() const;
  void ends(const OperationOutcome& outcome);
  void succeeds(bool claims_hit);
  void fails_with(modelcache::ErrorCode code);
  void process_ends(ProcessEnd end = ProcessEnd::ended);

  // Ends the stage: who has not ended by `process_ends` ends now.
  void stage_ends(StageEnd end = {});
  // The epilogue, as it should be: a clean process gets everything.
  void epilogue();
  // `stage_ends`, then `epilogue`.
  void finish();
  void begin_stage(StageKind stage);

  [[nodiscard]] const Model& model(std::size_t i) const { return models_.at(i); }
  [[nodiscard]] std::string key(std::size_t model) const;
  [[nodiscard]] std::string entry(std::size_t model) const { return "entries/" + key(model); }
  [[nodiscard]] std::string lock_path(std::size_t model) const { return "locks/" + key(model) + ".lock"; }
  [[nodiscard]] std::string temporary(std::string_view what);
  [[nodiscard]] Plan& plan() { return plan_; }
  HandMadeDisk& disk() { return disk_; }
  Ledger& ledger() { return ledger_; }

  // Of the last step.
  [[nodiscard]] StepKind last_kind() const { return last_kind_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  // The ids of what was violated, and how often an invariant was judged.
  [[nodiscard]] std::set<std::string> violated() const;
  [[nodiscard]] std::uint64_t judged(std::string_view id) const;
  // How often each invariant was judged that was judged at all.
  [[nodiscard]] Counts counts() const;
  [[nodiscard]] const StepJudge& judge() const { return *judge_; }
  [[nodiscard]] const CommandJudge& command() const { return *command_judge_; }
  [[nodiscard]] const std::vector<StepViolation>& violations() const;
  // All violations in words, with all that they say.
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] std::vector<std::string> lines_about(std::string_view invariant) const;
  [[nodiscard]] std::string told() const;
  // With the entries' paths for {0}, {1}, ...
  [[nodiscard]] std::vector<std::string> filled(std::vector<std::string> lines) const;

 private:
  void begin(Plan plan);
  void begin_command();

  Plan plan_;
  std::vector<Model> models_;
  HandMadeDisk disk_;
  Ledger ledger_;
  std::unique_ptr<RunRecord> record_;
  Subject subject_;
  std::shared_ptr<CommandJudge> command_judge_;
  std::unique_ptr<StepJudge> own_judge_;
  StepJudge* judge_;
  StageKind stage_ = StageKind::run;
  StepKind last_kind_ = StepKind::now;
  std::uint64_t steps_ = 0;
  bool is_shifted_ = false;
  std::uint32_t process_ = 0;
  std::map<std::uint32_t, std::uint32_t> own_steps_, operations_, first_steps_;
  std::set<std::uint32_t> gone_;
  std::vector<ProcessEnd> ends_;
  std::chrono::nanoseconds now_{};
  std::uint64_t temporaries_ = 0;
  std::uint64_t records_ = 0;
};

// "one_download of m0 at run 17 by 1: process 1 downloads m0, which is there already"
std::vector<std::string> lines_of(const std::vector<StepViolation>& violations);
// A test fails where anything else than exactly these was violated.
void expect_trips(const History& history, const std::set<std::string>& ids);
// Of one process that does these with the first model of 100 bytes, which a clean one got before, where `is_warm`.
Plan plan_of(std::initializer_list<OperationKind> kinds, bool is_warm = false);
// The clean process of a plan whose first model is warm.
void warm_up(History& history);

// Makes the temporary file of its first key; returns its path.
inline std::string opened_temporary(History& history) {
  const std::string temporary = history.temporary(history.key(1));
  history.open(temporary, modelcache::OpenMode::create_new);
  return temporary;
}

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_HISTORY_FOR_TEST_H
