// The strategy without choices: whoever moves goes on.
#ifndef STAMPEDE_STRATEGY_DEFAULT_SCHEDULE_H
#define STAMPEDE_STRATEGY_DEFAULT_SCHEDULE_H

#include "harness/strategy/strategy.h"

namespace stampede {

// Takes the default at each decision: the schedule without switches, of warm-ups, epilogues and learning runs.
class DefaultSchedule final : public Strategy {
 public:
  void begin() override {}
  std::size_t choose(const Decision& decision) override { return decision.by_default; }
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_DEFAULT_SCHEDULE_H
