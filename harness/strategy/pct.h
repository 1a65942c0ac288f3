// The strategy of probabilistic concurrency testing: random priorities, and a few places where the highest falls.
#ifndef STAMPEDE_STRATEGY_PCT_H
#define STAMPEDE_STRATEGY_PCT_H

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/plan/choices.h"
#include "harness/strategy/pending_steps.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// Who has the highest priority of those that can move goes on until it ends, waits, or comes to a change point; there
// its priority falls below all that were given at the start. Each schedule draws the order of the processes, and
// depth - 1 change points from the first k shared steps; the i-th that was drawn, which need not be the i-th to come,
// gives priority i (Burckhardt, Kothari, Musuvathi, Nagarakatte, ASPLOS 2010). With n processes it finds a bug of that
// depth with a probability of 1 / (n k^(depth - 1)) or more; guarantee.h computes with it.
// Departure: only shared steps count, so that k is small (as taPCT counts racy events).
class Pct final : public Strategy {
 public:
  // REQUIRES: depth >= 1. `learned` gives k, and must outlive it.
  Pct(std::uint32_t depth, const Learned& learned, std::uint64_t seed);

  // Draws anew: each schedule is another one.
  void begin() override;
  std::size_t choose(const Decision& decision) override;

  // Of the present or last run: shared steps taken. Where they are more than k, nothing is promised about the rest.
  [[nodiscard]] std::uint32_t shared_steps() const { return shared_steps_; }

 private:
  struct ChangePoint {
    std::uint32_t step = 0;  // shared step, counted from 0
    std::uint32_t priority = 0;
  };
  std::size_t highest(const Decision& decision);

  std::uint32_t depth_;
  std::uint32_t steps_max_;  // k
  PendingSteps pending_;
  std::unique_ptr<Choices> choices_;
  std::vector<ChangePoint> change_points_;  // that are to come
  std::uint32_t shared_steps_ = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_PCT_H
