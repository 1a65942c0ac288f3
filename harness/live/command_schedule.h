// Who moves next among the actors of executed commands.
#ifndef STAMPEDE_LIVE_COMMAND_SCHEDULE_H
#define STAMPEDE_LIVE_COMMAND_SCHEDULE_H

#include <chrono>
#include <vector>

#include "harness/live/command_task.h"
#include "harness/world/stage_end.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// By the rules of every world: the same actor goes on unless the strategy says otherwise; where it cannot, the
// lowest-numbered of those that can at once follows, or else the first to wake. Owned by one world.
class CommandSchedule {
 public:
  void begin(Strategy& strategy) {
    strategy_ = &strategy;
    last_ = nullptr;
  }
  // One of the tasks, which can all move, or sleep and may be woken. Notes what was no default.
  CommandTask& choose(std::vector<CommandTask*>& tasks, std::chrono::nanoseconds now, StageEnd& end);

 private:
  Strategy* strategy_ = nullptr;
  const CommandTask* last_ = nullptr;
  std::vector<Candidate> candidates_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_SCHEDULE_H
