// The strategy that takes every schedule with few preemptions, one after the other.
#ifndef STAMPEDE_STRATEGY_BOUNDED_EXHAUSTIVE_H
#define STAMPEDE_STRATEGY_BOUNDED_EXHAUSTIVE_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/strategy/sleep_sets.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// Depth first, without recursion, the default first everywhere (context bounding: Musuvathi and Qadeer, PLDI 2007; to
// deepen step by step, run it with 0, 1, 2, ... preemptions). A choice where the last process cannot move costs
// nothing, and neither does who begins. No schedule comes twice. With sleep sets (sleep_sets.h), of schedules that are
// the same but for the order of steps that commute at least one comes, and seldom all.
//
//     BoundedExhaustive strategy({.preemptions_max = 2});
//     do { run(plan, strategy); } while (strategy.next());
//
// REQUIRES: the world is the same each time: the same choices lead to the same decisions. Where they do not,
// `divergence` says so, and nothing that was counted means anything.
class BoundedExhaustive final : public Strategy {
 public:
  static constexpr std::uint32_t kUnbounded = UINT32_MAX;
  struct Options {
    std::uint32_t preemptions_max = 2;  // or kUnbounded
    // Preempts only before steps that are shared (shared_step.h): far fewer schedules, and the same ends.
    bool only_shared_steps = false;
    // Every choice that is not the default counts as a preemption, so that a schedule has at most that many switches.
    bool counts_every_switch = false;
    // REQUIRES, for what step_access.h says to be sound: no faults of disks and processes, which count steps of all,
    // and time that does not run first; and not every switch counts.
    bool sleep_sets = false;
  };
  explicit BoundedExhaustive(const Options& options);

  void begin() override;
  std::size_t choose(const Decision& decision) override;

  // Moves to the next schedule; false when all were taken, or after a divergence. REQUIRES: a run of the present one.
  bool next();
  // Begun so far, the present one included. Of these, so many turned out to repeat others when they were half run (that
  // is where sleep sets cut; the world goes on to the end), the present one included.
  [[nodiscard]] std::uint64_t schedules() const { return schedules_; }
  [[nodiscard]] std::uint64_t repeating() const { return repeating_ + (is_repeating_ ? 1 : 0); }
  // "step 12: expected 3 candidates, got 2": the first place where a schedule did not repeat its beginning.
  [[nodiscard]] const std::string& divergence() const { return divergence_; }

 private:
  // A decision with more than one choice.
  struct Fork {
    std::uint64_t decision = 0;  // its number in the schedule
    std::size_t candidates = 0;
    std::vector<std::size_t> choices;    // candidates: the default, then the others by ascending process
    std::size_t choice = 0;              // the present one of them
    std::vector<SleepingStep> searched;  // the present one and those before it, with sleep sets
  };
  void find_choices(const Decision& decision);
  [[nodiscard]] bool is_free(const Decision& decision) const;
  [[nodiscard]] std::int64_t left_after(const Decision& decision, std::size_t index) const;
  std::size_t take(const Decision& decision, std::size_t index);
  std::size_t pass(Fork& fork, const Decision& decision);

  Options options_;
  std::vector<Fork> forks_;           // of the present schedule, as far as it is fixed
  std::vector<std::size_t> choices_;  // at the present decision
  SleepSets sleep_sets_;
  std::size_t depth_ = 0;        // forks that were passed in this run
  bool was_fork_ = false;        // the decision before
  bool is_repeating_ = false;    // the present schedule
  std::uint64_t repeating_ = 0;  // of those before
  std::uint64_t decisions_ = 0;
  std::uint32_t preemptions_ = 0;
  std::uint64_t schedules_ = 1;
  std::string divergence_;
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_BOUNDED_EXHAUSTIVE_H
