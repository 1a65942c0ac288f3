// Keeps for each process what a strategy knows of the step that it would take.
#ifndef STAMPEDE_STRATEGY_PENDING_STEPS_H
#define STAMPEDE_STRATEGY_PENDING_STEPS_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/strategy/learned.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// A step is looked at once, when it first appears among the candidates, and not at each decision that it waits through.
class PendingSteps {
 public:
  struct Known {
    std::uint32_t own_step = 0;
    bool is_there = false;
    bool is_shared = false;
    std::uint64_t priority = 0;  // the strategy's
  };
  // `learned` must outlive it.
  explicit PendingSteps(const Learned& learned) : learned_(learned) {}
  void begin() { known_.assign(known_.size(), {}); }

  // True where the step is seen for the first time; `known` is set in any case, and valid until the next call.
  bool look(const Candidate& candidate, Known*& known) {
    if (candidate.process >= known_.size()) known_.resize(candidate.process + 1);
    known = &known_[candidate.process];
    if (known->is_there && known->own_step == candidate.own_step) return false;
    known->is_there = true;
    known->own_step = candidate.own_step;
    known->is_shared = learned_.is_shared(*candidate.pending);
    return true;
  }
  [[nodiscard]] Known& of(const Candidate& candidate) { return known_[candidate.process]; }

  // Steps that nobody else notices come first, of the last process where it has one: no order is lost. The index of
  // such a candidate, or the number of candidates where there is none. REQUIRES: all were looked at.
  [[nodiscard]] std::size_t first_private(const Decision& decision) {
    if (decision.last_can_move && !of(decision.candidates[decision.by_default]).is_shared) return decision.by_default;
    std::size_t index = 0;
    while (index < decision.candidates.size() && of(decision.candidates[index]).is_shared) ++index;
    return index;
  }

 private:
  const Learned& learned_;
  std::vector<Known> known_;  // by process
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_PENDING_STEPS_H
