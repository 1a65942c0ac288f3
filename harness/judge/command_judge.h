// The judge of executed commands in a controlled world: what can be seen of any cache from its steps and files.
#ifndef STAMPEDE_JUDGE_COMMAND_JUDGE_H
#define STAMPEDE_JUDGE_COMMAND_JUDGE_H

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/file_contents.h"
#include "harness/judge/step_judge.h"
#include "harness/plan/subject.h"

namespace stampede {

// Beside StepJudge, with the same ids and places of invariants, for subjects that are commands: nothing is known of
// their names but where the models are, and nothing that they say but paths and whether they succeeded. The invariants
// that it judges, the others are left:
//   bytes_are_what_was_asked, visible_means_complete, published_bytes_never_change, no_entry_vanishes, one_download,
//   no_spurious_failure, published_modes, nothing_left_over, everyone_comes_to_an_end, recovery_needs_no_hands.
// Owned by one thread.
class CommandJudge {
 public:
  // `entry_names`: where the subject keeps each model, below the cache directory; empty where nobody knows. All outlive
  // the run. `models` as StepJudge's.
  void begin(const Plan& plan, const std::vector<Model>& models, const Subject& subject,
             std::vector<std::string> entry_names);
  void on_step(const Step& step, const DiskView& disk);
  void on_process_end(std::uint32_t process, ProcessEnd end);
  void on_operation(const OperationOutcome& outcome, const DiskView& disk);
  void on_stage_end(StageKind stage, const StageEnd& end, const Ledger& ledger, const DiskView& disk);

  // Those that the subject's makers owe, and those that its description takes out.
  [[nodiscard]] const std::vector<StepViolation>& violations() const { return violations_; }
  [[nodiscard]] const std::vector<StepViolation>& not_promised() const { return not_promised_; }
  [[nodiscard]] const std::vector<std::uint64_t>& judged() const { return judged_; }

 private:
  // Of a model.
  struct Entry {
    std::string name;  // below the cache directory, as far as it is known
    FileNumber file = 0;
    std::uint64_t version = 0;
    bool is_good = false;
  };
  struct Failure {
    std::uint32_t process = 0;
    std::size_t model = 0;
    std::string message;
  };

  void look_at(Entry& entry, std::size_t model, const Step& step, const DiskView& disk);
  void judge_failures(StageKind stage, const Ledger& ledger);
  void judge_downloads(StageKind stage, const Ledger& ledger);
  [[nodiscard]] bool is_without_end(const StageEnd& end) const;
  void judge_rest(StageKind stage, const DiskView& disk);
  [[nodiscard]] bool met_fault(std::uint32_t process, const Ledger& ledger) const;
  [[nodiscard]] bool may_stay(std::string_view path) const;
  [[nodiscard]] std::string object_of(std::string_view path) const;
  template <class Complain>
  void judge(std::string_view invariant, bool holds, Complain complain);

  const Plan* plan_ = nullptr;
  const std::vector<Model>* models_ = nullptr;
  const Subject* subject_ = nullptr;
  FileContents contents_;
  std::vector<Entry> entries_;
  std::set<FileNumber> published_;
  std::set<std::string, std::less<>> named_;  // below the cache directory, by gets that succeeded
  // Of the present stage.
  StageKind stage_ = StageKind::warm_up;
  std::set<std::uint32_t> faulty_;  // processes whose steps met a fault, or that were refused
  bool do_locks_lie_ = false;
  std::vector<Failure> failures_;
  std::size_t deaths_ = 0, stage_ledger_ = 0;

  std::uint64_t steps_ = 0;  // of the run
  std::uint32_t last_process_ = 0;
  std::vector<StepViolation> violations_, not_promised_;
  std::vector<std::uint64_t> judged_;
};

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_COMMAND_JUDGE_H
