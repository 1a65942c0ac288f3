// The one enforcer of a plan's faults in the controlled worlds: which of them meets a step.
#ifndef STAMPEDE_WORLD_PLAN_FAULTS_H
#define STAMPEDE_WORLD_PLAN_FAULTS_H

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/plan/step.h"
#include "harness/world/transfer.h"

namespace stampede {

// Owned by one world.
class PlanFaults {
 public:
  // A stage begins, and all counts with it. Both lists outlive the stage.
  void begin(std::span<const DiskFault> disk, std::span<const ProcessFault> processes);

  // The fault that decides this step; null for none. Every fault that the step matches counts it.
  const DiskFault* meet(const Step& step) {
    return kinds_[static_cast<std::size_t>(step.kind)] ? meet_of_kind(step) : nullptr;
  }
  // The next stop of that process and own step that was not taken yet; null for none. It counts as taken.
  const ProcessFault* take_stop(std::uint32_t process, std::uint32_t own_step) {
    const ProcessFault* const next = processes_.empty() ? nullptr : peek(process, own_step);
    return next != nullptr && next->kind == ProcessFaultKind::stop ? take(process, own_step) : nullptr;
  }
  // The next fault of that process and own step that was not taken yet, in the order stop, clock_step, kill_before,
  // kill_after; null for none. It counts as taken. REQUIRES: own steps of a process never go down.
  const ProcessFault* take(std::uint32_t process, std::uint32_t own_step) {
    return processes_.empty() ? nullptr : take_of(process, own_step);
  }

 private:
  const DiskFault* meet_of_kind(const Step& step);
  const ProcessFault* take_of(std::uint32_t process, std::uint32_t own_step);
  const ProcessFault* peek(std::uint32_t process, std::uint32_t own_step);

  std::span<const DiskFault> disk_;
  std::vector<std::uint64_t> met_;              // how many steps each of them has matched
  std::array<bool, kStepKinds> kinds_{};        // which kinds any of them has
  std::vector<const ProcessFault*> processes_;  // by process, step, and order at a step
  std::vector<std::size_t> next_;               // of each process: where its next one is
};

// The step happens by the fault that decides it, if any. `effect(Transfer)` has it happen and returns an errno or 0;
// `lose()` does what comes even of a step that fails.
template <class Effect, class Lose>
void take_step(Step& step, const DiskFault* fault, Effect effect, Lose lose) {
  if (fault != nullptr && fault->effect == DiskEffect::error) {
    step.fault = StepFault::error;
    step.error = fault->error;
    lose();
  } else if (fault != nullptr && fault->effect == DiskEffect::does_nothing) {
    step.fault = StepFault::does_nothing;
  } else {
    step.error = effect(fault == nullptr ? Transfer::whole : Transfer::half);
    if (fault != nullptr && step.error == 0 && step.result > 0) step.fault = StepFault::short_transfer;
  }
}

}  // namespace stampede

#endif  // STAMPEDE_WORLD_PLAN_FAULTS_H
