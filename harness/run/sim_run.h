// Runs a plan in a controlled world, the simulated one where nothing else is said: warm-up, the plan's processes,
// epilogue, judged at every step.
#ifndef STAMPEDE_RUN_SIM_RUN_H
#define STAMPEDE_RUN_SIM_RUN_H

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/judge/step_judge.h"
#include "harness/plan/ledger.h"
#include "harness/plan/operation_outcome.h"
#include "harness/plan/plan.h"
#include "harness/plan/step.h"
#include "harness/run/plan_world.h"
#include "harness/strategy/strategy.h"
#include "harness/world/stage_end.h"

namespace stampede {

struct SimRunOptions {
  bool keeps_steps = false;  // for timelines and comparisons
};

// Errnos of Linux lie below.
inline constexpr std::size_t kErrnosCounted = 160;

// What one run leaves. It can be moved, and not copied: two outcomes are of two runs, and none is compared with itself.
struct SimOutcome {
  StageEnd run;                              // of the plan's processes
  std::vector<OperationOutcome> operations;  // of all stages, in the order in which they ended
  std::vector<StepViolation> violations;
  std::vector<std::uint64_t> judged;  // by place in watched_invariants()
  Ledger ledger;                      // of all stages
  std::uint64_t trace_hash = 0;       // of all stages
  std::uint64_t steps = 0;            // of all stages
  std::uint64_t processes = 0;        // of all stages
  // How often faults of the plan took effect: disk faults by step kind, by errno and by effect, process faults by kind,
  // and connect steps that were refused, which no ledger has.
  std::array<std::uint64_t, kStepKinds> disk_faults_met{};
  std::array<std::uint64_t, kErrnosCounted> errnos_met{};
  std::uint64_t short_transfers_met = 0, idle_locks_met = 0, refusals_met = 0;
  std::array<std::uint64_t, kProcessFaultKinds> process_faults_met{};
  std::array<std::uint64_t, kDamageKinds> damage_met{};  // that changed something
  std::size_t run_ledger_begin = 0, run_ledger_end = 0;  // the connections of the plan's processes in `ledger`
  std::vector<std::uint32_t> steps_at_first_kill;        // own steps of each process when the first one was killed
  std::vector<Step> trace;                               // where steps are kept
  std::vector<std::string> files;  // then also a line for each name that is left, with size and digest
  // Why the live world lost control; then nothing else here says anything about the cache.
  std::string uncontrolled;
  std::string_view why_others_differ;       // as in StageEnd
  std::vector<std::string> crashes;         // of real processes
  std::vector<StepViolation> not_promised;  // what a subject breaks that its makers never promised
  struct OneRun {
    OneRun() = default;
    OneRun(OneRun&&) = default;
    OneRun& operator=(OneRun&&) = default;
  } one_run;
};

// Keeps its world, judge and memory from run to run. Owned by one thread.
class SimRunner {
 public:
  SimRunner();
  explicit SimRunner(std::unique_ptr<PlanWorld> world);
  ~SimRunner();
  SimRunner(const SimRunner&) = delete;
  SimRunner& operator=(const SimRunner&) = delete;

  // The strategy moves the plan's processes (its `begin` is called first); warm-up and epilogue have one process each.
  // REQUIRES: check(plan).
  SimOutcome run(const Plan& plan, Strategy& strategy, const SimRunOptions& options = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stampede

#endif  // STAMPEDE_RUN_SIM_RUN_H
