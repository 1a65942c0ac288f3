// The judge of controlled worlds: invariants that watch every step of a run, and what the run leaves.
#ifndef STAMPEDE_JUDGE_STEP_JUDGE_H
#define STAMPEDE_JUDGE_STEP_JUDGE_H

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/ledger.h"
#include "harness/plan/model.h"
#include "harness/plan/operation_outcome.h"
#include "harness/plan/plan.h"
#include "harness/world/observer.h"
#include "harness/world/stage_end.h"

namespace stampede {

struct StepViolation {
  std::string invariant;  // its id
  std::string object;     // the model, file or process that it is about: with `invariant`, the bug's signature
  std::string what;       // a line for people
  StageKind stage = StageKind::run;
  std::uint64_t step = 0;     // how many steps of the whole run had been taken, this one included
  std::uint32_t process = 0;  // who took the last of them
};

struct WatchedInvariant {
  std::string_view id;
  std::string_view number;  // of bugs.md's classes: "I10"
  std::string_view sentence;
  std::string_view needs;     // the surroundings without which it is not judged
  std::string_view blind_to;  // what it cannot see
  // "harness/judge/watch_<id>.cc"
  [[nodiscard]] std::string file() const;
};

// In the order of reports.
const std::vector<WatchedInvariant>& watched_invariants();

// Watches one run after the other; owned by one thread. Never asserts. Costs next to nothing where nothing is wrong:
// bytes are hashed once for each version of a file, and lines for people are made for violations alone.
class StepJudge final : public Observer {
 public:
  StepJudge();
  ~StepJudge() override;

  // A run of `plan` begins. `models` are the plan's, in its order, then one that only the epilogue gets. Both outlive
  // the run.
  void begin(const Plan& plan, const std::vector<Model>& models);
  void on_step(const Step& step, const DiskView& disk) override;
  void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView& disk) override;
  // An operation of a process has ended, and nobody has moved since.
  void on_operation(const OperationOutcome& outcome, const DiskView& disk);
  // All processes of the stage are gone. `ledger` has the connections of the whole run so far.
  void on_stage_end(StageKind stage, const StageEnd& end, const Ledger& ledger, const DiskView& disk);

  // Of the run so far.
  [[nodiscard]] const std::vector<StepViolation>& violations() const;
  // How often each invariant was judged, by its place in `watched_invariants`.
  [[nodiscard]] const std::vector<std::uint64_t>& judged() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_STEP_JUDGE_H
