// The strategy that takes every schedule with few preemptions, one after the other.
#ifndef STAMPEDE_STRATEGY_BOUNDED_EXHAUSTIVE_H
#define STAMPEDE_STRATEGY_BOUNDED_EXHAUSTIVE_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/strategy/strategy.h"

namespace stampede {

// Depth first, without recursion, the default first everywhere (context bounding: Musuvathi and Qadeer, PLDI 2007; to
// deepen step by step, run it with 0, 1, 2, ... preemptions). A choice where the last process cannot move costs
// nothing, and neither does who begins. No schedule comes twice.
//
//     BoundedExhaustive strategy({.preemptions_max = 2});
//     do { run(plan, strategy); } while (strategy.next());
//
// REQUIRES: the world is the same each time: the same choices lead to the same decisions. Where they do not,
// `divergence` says so, and nothing that was counted means anything.
class BoundedExhaustive final : public Strategy {
 public:
  struct Options {
    std::uint32_t preemptions_max = 2;
    // Preempts only before steps that are shared (shared_step.h): far fewer schedules, and the same ends.
    bool only_shared_steps = false;
    // Every choice that is not the default counts as a preemption, so that a schedule has at most that many switches.
    bool counts_every_switch = false;
  };
  explicit BoundedExhaustive(const Options& options);

  void begin() override;
  std::size_t choose(const Decision& decision) override;

  // Moves to the next schedule; false when all were taken, or after a divergence. REQUIRES: a run of the present one.
  bool next();
  // Begun so far, the present one included.
  [[nodiscard]] std::uint64_t schedules() const { return schedules_; }
  // "step 12: expected 3 candidates, got 2": the first place where a schedule did not repeat its beginning.
  [[nodiscard]] const std::string& divergence() const { return divergence_; }

 private:
  // A decision with more than one choice.
  struct Fork {
    std::uint64_t decision = 0;  // its number in the schedule
    std::size_t candidates = 0;
    std::size_t choice = 0;  // 0 is the default, then the others by ascending process
  };
  [[nodiscard]] bool is_free(const Decision& decision) const;
  [[nodiscard]] bool may_choose(const Decision& decision) const;
  std::size_t take(const Decision& decision, std::size_t choice);

  Options options_;
  std::vector<Fork> forks_;  // of the present schedule, as far as it is fixed
  std::size_t depth_ = 0;    // forks that were passed in this run
  std::uint64_t decisions_ = 0;
  std::uint32_t preemptions_ = 0;
  std::uint64_t schedules_ = 1;
  std::string divergence_;
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_BOUNDED_EXHAUSTIVE_H
