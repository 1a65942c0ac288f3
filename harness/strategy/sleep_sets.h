// Which steps need not be taken now, since schedules that take them first were searched before.
#ifndef STAMPEDE_STRATEGY_SLEEP_SETS_H
#define STAMPEDE_STRATEGY_SLEEP_SETS_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/strategy/step_access.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// A step that was searched at a decision, and falls asleep for the choices after it.
struct SleepingStep {
  std::uint32_t process = 0;
  PendingStep step;
  // Of the schedule that takes this step there and then goes on as the present one: the preemptions that it still
  // could have, and who would have moved last.
  std::int64_t preemptions_left = 0;
  std::uint32_t last = 0;
  // Whether the process could not move right after it: it waits, or has ended and dropped its locks. True until known.
  bool has_stopped = true;
};

// Sleep sets (Godefroid, LNCS 1032, 1996): when choice t1 of a decision was searched, and t2 comes next, whatever takes
// t1 before anything conflicts with it is t1 t2 ... in another order. With a bound on preemptions that is not enough
// (Coons, Musuvathi, McKinley, "Bounded Partial-Order Reduction", OOPSLA 2013): that other order may have more
// preemptions than are allowed, and then nobody has searched it. So each sleeping step counts along what the other
// order costs, from above, and prunes only where that one has as many preemptions left for whatever follows, the switch
// back to whoever moved last included. What is left then: from each set of equivalent schedules within the bound, one
// at least.
class SleepSets {
 public:
  // Without a bound, plain sleep sets: one schedule of each set is left, apart from those that are cut half-way.
  explicit SleepSets(bool is_bounded) : is_bounded_(is_bounded) {}
  void begin();
  // The step that was taken last, and what it wakes. Call it at each decision, first.
  void advance(const Decision& decision);
  // Whether taking the candidate's step now, with so many preemptions left afterwards, would only repeat.
  [[nodiscard]] bool covers(const Decision& decision, const Candidate& candidate, std::int64_t preemptions_left) const;
  // Searched at the present decision.
  void add(const SleepingStep& step) { asleep_.push_back(step); }
  // Call it at each decision, last.
  void take(const Decision& decision, std::size_t index);

 private:
  [[nodiscard]] bool stays_asleep(SleepingStep& step, bool has_stopped) const;

  bool is_bounded_;
  std::vector<SleepingStep> asleep_;
  PathAliases aliases_;
  // The step that was taken last, by whom, and who had moved before it.
  PendingStep taken_;
  std::uint32_t taken_by_ = 0, before_ = 0;
  bool could_before_move_ = false;
  bool is_first_ = true;
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_SLEEP_SETS_H
