// Steps fall asleep, are woken by conflicts, and count what their order would have cost.
#include "harness/strategy/sleep_sets.h"

#include <algorithm>

namespace stampede {

void SleepSets::begin() {
  asleep_.clear();
  aliases_.clear();
  is_first_ = true;
}

// The order that has the sleeping step first takes the present one now, and pays for the switch to it, if it makes one.
// It makes none where who moved last here, and there, cannot move: the sleeping step, which touches no lock, could not
// have changed that.
bool SleepSets::stays_asleep(SleepingStep& step, bool has_stopped) const {
  if (step.process == taken_by_ || may_conflict(step.step, taken_, aliases_)) return false;
  if (step.has_stopped && concerns_locks(taken_)) return false;
  if (has_stopped && concerns_locks(step.step)) return false;
  if (step.last != taken_by_) {
    const bool is_right_after = step.last == step.process;
    const bool is_free =
        is_right_after ? step.has_stopped
                       : step.last == before_ && !could_before_move_ && !step.has_stopped && !concerns_locks(step.step);
    step.preemptions_left -= is_free || !is_bounded_ ? 0 : 1;
    step.last = taken_by_;
  }
  return step.preemptions_left >= 0;
}

void SleepSets::advance(const Decision& decision) {
  if (is_first_) return;
  const bool has_stopped = !decision.last_can_move;
  std::erase_if(asleep_, [&](SleepingStep& step) { return !stays_asleep(step, has_stopped); });
  aliases_.note(taken_);
}

// Both orders are in one state then. Here the candidate's process has moved last, there whoever moved last here: to go
// on with the former costs a switch there, if the latter can move.
bool SleepSets::covers(const Decision& decision, const Candidate& candidate, std::int64_t preemptions_left) const {
  return std::any_of(asleep_.begin(), asleep_.end(), [&](const SleepingStep& step) {
    if (step.process != candidate.process) return false;
    if (!is_bounded_) return true;
    const bool may_cost = decision.last_can_move || concerns_locks(step.step) || step.has_stopped;
    return step.preemptions_left >= preemptions_left + (may_cost ? 1 : 0);
  });
}

void SleepSets::take(const Decision& decision, std::size_t index) {
  const Candidate& candidate = decision.candidates[index];
  taken_ = *candidate.pending;
  taken_by_ = candidate.process;
  before_ = decision.last;
  could_before_move_ = decision.last_can_move;
  is_first_ = false;
}

}  // namespace stampede
