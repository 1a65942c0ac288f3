// The strategy that a fuzzer writes: who goes on until which shared step, and who moves then, choice by choice.
#ifndef STAMPEDE_STRATEGY_DRAWN_PREEMPTIONS_H
#define STAMPEDE_STRATEGY_DRAWN_PREEMPTIONS_H

#include <cstdint>
#include <optional>

#include "harness/plan/choices.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// Takes the default, except at places that are drawn: first how many places go by (0: no more come, the default stays
// to the end), then which of the others moves. A place is a decision with more than one candidate, at which the last
// process either cannot go on or is about to touch something shared. A schedule of few preemptions is a handful of
// choices, and a choice that is inserted, removed or changed leaves the others what they were: what mutation needs.
// Choices of zeros are the schedule without switches.
class DrawnPreemptions final : public Strategy {
 public:
  // `choices` must outlive it. `begin` does not begin them again.
  explicit DrawnPreemptions(Choices& choices) : choices_(choices) {}
  void begin() override;
  std::size_t choose(const Decision& decision) override;

 private:
  void draw_distance();

  Choices& choices_;
  // How many places go by before the next preemption; nothing where none follows.
  std::optional<std::uint64_t> distance_;
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_DRAWN_PREEMPTIONS_H
