// The strategy of partial-order sampling: random priorities of steps, drawn again for those that race.
#ifndef STAMPEDE_STRATEGY_PARTIAL_ORDER_SAMPLING_H
#define STAMPEDE_STRATEGY_PARTIAL_ORDER_SAMPLING_H

#include <cstdint>
#include <memory>

#include "harness/plan/choices.h"
#include "harness/strategy/pending_steps.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// Each step draws a priority when its process comes to it, and the highest moves; the steps of others that conflict
// with the one that moved draw again, so that who lost one race is not bound to lose or win the next (Yuan, Yang, Gu,
// "Partial Order Aware Concurrency Sampling", CAV 2018, which also bounds from below how likely each order is).
// Departure: private steps come first and draw nothing, so that a head start in them does not matter.
class PartialOrderSampling final : public Strategy {
 public:
  // `learned` must outlive it; nothing but its private objects is used.
  PartialOrderSampling(const Learned& learned, std::uint64_t seed);

  // Draws anew: each schedule is another one.
  void begin() override { pending_.begin(); }
  std::size_t choose(const Decision& decision) override;

 private:
  [[nodiscard]] std::uint64_t draw() { return choices_->below(std::uint64_t{1} << 63); }
  void draw_again(const Decision& decision, std::size_t taken);

  PendingSteps pending_;
  std::unique_ptr<Choices> choices_;
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_PARTIAL_ORDER_SAMPLING_H
