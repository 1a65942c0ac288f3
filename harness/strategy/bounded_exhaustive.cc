// Keeps the forks of one schedule, and turns at the last one that has another way.
#include "harness/strategy/bounded_exhaustive.h"

#include <fmt/format.h>

#include "harness/strategy/shared_step.h"

namespace stampede {

BoundedExhaustive::BoundedExhaustive(const Options& options) : options_(options) {}

void BoundedExhaustive::begin() {
  depth_ = 0;
  decisions_ = 0;
  preemptions_ = 0;
}

// At the first decision nobody has moved, so nobody is preempted.
bool BoundedExhaustive::is_free(const Decision& decision) const { return decisions_ == 0 || !decision.last_can_move; }

bool BoundedExhaustive::may_choose(const Decision& decision) const {
  if (decision.candidates.size() < 2) return false;
  const bool is_free_here = is_free(decision);
  if (is_free_here && !options_.counts_every_switch) return true;
  if (preemptions_ == options_.preemptions_max) return false;
  if (is_free_here) return true;
  const PendingStep* const pending = decision.candidates[decision.by_default].pending;
  return !options_.only_shared_steps || pending == nullptr || is_shared(*pending);
}

std::size_t BoundedExhaustive::take(const Decision& decision, std::size_t choice) {
  if (choice > 0 && (options_.counts_every_switch || !is_free(decision))) ++preemptions_;
  ++decisions_;
  if (choice == 0) return decision.by_default;
  return choice <= decision.by_default ? choice - 1 : choice;
}

std::size_t BoundedExhaustive::choose(const Decision& decision) {
  if (!divergence_.empty() || !may_choose(decision)) return take(decision, 0);
  if (depth_ == forks_.size()) forks_.push_back(Fork{decisions_, decision.candidates.size(), 0});
  const Fork& fork = forks_[depth_];
  if (fork.decision != decisions_ || fork.candidates != decision.candidates.size()) {
    divergence_ = fmt::format("step {}: expected {} candidates at step {}, got {}", decisions_, fork.candidates,
                              fork.decision, decision.candidates.size());
    return take(decision, 0);
  }
  ++depth_;
  return take(decision, fork.choice);
}

bool BoundedExhaustive::next() {
  if (divergence_.empty() && depth_ < forks_.size()) {
    divergence_ = fmt::format("step {}: expected {} candidates at step {}, got the end of the run", decisions_,
                              forks_[depth_].candidates, forks_[depth_].decision);
  }
  if (!divergence_.empty()) return false;
  while (!forks_.empty() && forks_.back().choice + 1 == forks_.back().candidates) forks_.pop_back();
  if (forks_.empty()) return false;
  ++forks_.back().choice;
  ++schedules_;
  return true;
}

}  // namespace stampede
