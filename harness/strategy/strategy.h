// A strategy: who takes the next step.
#ifndef STAMPEDE_STRATEGY_STRATEGY_H
#define STAMPEDE_STRATEGY_STRATEGY_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "harness/plan/plan.h"
#include "harness/plan/step.h"

namespace stampede {

struct Candidate {
  std::uint32_t process = 0;
  std::uint32_t own_step = 0;            // that it would take
  const PendingStep* pending = nullptr;  // valid during the call
};

// A moment at which somebody moves next. There is one before every step, also where only one process can move.
struct Decision {
  // Who took the last step, and the own step that it would take next (its step count, where it has ended). Process 0
  // and step 0 at the start.
  std::uint32_t last = 0;
  std::uint32_t last_step = 0;
  bool last_can_move = false;             // then choosing another is a preemption
  std::span<const Candidate> candidates;  // who can move, by ascending process; never empty
  std::size_t by_default = 0;             // index of the one that follows where no switch says otherwise
};

// One object runs many schedules, one after the other. Owned by one thread. Draws nothing from anywhere but what it was
// made with: the same decisions give the same choices.
class Strategy {
 public:
  virtual ~Strategy() = default;
  // A schedule begins.
  virtual void begin() = 0;
  // An index into `decision.candidates`.
  virtual std::size_t choose(const Decision& decision) = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_STRATEGY_H
