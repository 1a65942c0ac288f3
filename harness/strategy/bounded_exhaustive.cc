// Keeps the forks of one schedule, and turns at the last one that has another way.
#include "harness/strategy/bounded_exhaustive.h"

#include <fmt/format.h>

#include "harness/strategy/shared_step.h"

namespace stampede {

BoundedExhaustive::BoundedExhaustive(const Options& options)
    : options_(options), sleep_sets_(options.preemptions_max != kUnbounded) {}

void BoundedExhaustive::begin() {
  depth_ = 0;
  decisions_ = 0;
  preemptions_ = 0;
  was_fork_ = is_repeating_ = false;
  sleep_sets_.begin();
}

// At the first decision nobody has moved, so nobody is preempted.
bool BoundedExhaustive::is_free(const Decision& decision) const { return decisions_ == 0 || !decision.last_can_move; }

// Negative where the bound does not allow it.
std::int64_t BoundedExhaustive::left_after(const Decision& decision, std::size_t index) const {
  const bool counts = index != decision.by_default && (options_.counts_every_switch || !is_free(decision));
  return std::int64_t{options_.preemptions_max} - preemptions_ - (counts ? 1 : 0);
}

void BoundedExhaustive::find_choices(const Decision& decision) {
  choices_.clear();
  const PendingStep* const pending = decision.candidates[decision.by_default].pending;
  const bool is_private = options_.only_shared_steps && pending != nullptr && !is_shared(*pending);
  const auto may_choose = [&](std::size_t index) {
    if (index != decision.by_default && !is_free(decision) && is_private) return false;
    const std::int64_t left = left_after(decision, index);
    return left >= 0 && !(options_.sleep_sets && sleep_sets_.covers(decision, decision.candidates[index], left));
  };
  if (may_choose(decision.by_default)) choices_.push_back(decision.by_default);
  for (std::size_t i = 0; i < decision.candidates.size(); ++i) {
    if (i != decision.by_default && may_choose(i)) choices_.push_back(i);
  }
}

std::size_t BoundedExhaustive::take(const Decision& decision, std::size_t index) {
  if (options_.sleep_sets) sleep_sets_.take(decision, index);
  preemptions_ = options_.preemptions_max - static_cast<std::uint32_t>(left_after(decision, index));
  ++decisions_;
  return index;
}

std::size_t BoundedExhaustive::choose(const Decision& decision) {
  if (options_.sleep_sets) {
    if (was_fork_) forks_[depth_ - 1].searched.back().has_stopped = !decision.last_can_move;
    sleep_sets_.advance(decision);
  }
  was_fork_ = false;
  if (!divergence_.empty() || is_repeating_) return take(decision, decision.by_default);
  find_choices(decision);
  is_repeating_ = choices_.empty();
  if (is_repeating_) return take(decision, decision.by_default);
  if (choices_.size() == 1) return take(decision, choices_.front());
  if (depth_ == forks_.size()) forks_.push_back({decisions_, decision.candidates.size(), choices_, 0, {}});
  Fork& fork = forks_[depth_];
  if (fork.decision != decisions_ || fork.candidates != decision.candidates.size() || fork.choices != choices_) {
    divergence_ = fmt::format("step {}: expected {} candidates at step {}, got {}", decisions_, fork.candidates,
                              fork.decision, decision.candidates.size());
    return take(decision, decision.by_default);
  }
  ++depth_;
  return pass(fork, decision);
}

// What was searched before falls asleep; the present choice is searched from now on.
std::size_t BoundedExhaustive::pass(Fork& fork, const Decision& decision) {
  const std::size_t index = fork.choices[fork.choice];
  if (!options_.sleep_sets) return take(decision, index);
  was_fork_ = true;
  if (fork.searched.size() == fork.choice) {
    const Candidate& candidate = decision.candidates[index];
    fork.searched.push_back({.process = candidate.process,
                             .step = *candidate.pending,
                             .preemptions_left = left_after(decision, index),
                             .last = candidate.process});
  }
  for (std::size_t i = 0; i < fork.choice; ++i) sleep_sets_.add(fork.searched[i]);
  return take(decision, index);
}

bool BoundedExhaustive::next() {
  if (divergence_.empty() && depth_ < forks_.size()) {
    divergence_ = fmt::format("step {}: expected {} candidates at step {}, got the end of the run", decisions_,
                              forks_[depth_].candidates, forks_[depth_].decision);
  }
  if (!divergence_.empty()) return false;
  repeating_ += is_repeating_ ? 1 : 0;
  is_repeating_ = false;
  while (!forks_.empty() && forks_.back().choice + 1 == forks_.back().choices.size()) forks_.pop_back();
  if (forks_.empty()) return false;
  ++forks_.back().choice;
  ++schedules_;
  return true;
}

}  // namespace stampede
