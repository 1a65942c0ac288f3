// Candidates by actor, one decision.
#include "harness/live/command_schedule.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace stampede {

CommandTask& CommandSchedule::choose(std::vector<CommandTask*>& tasks, std::chrono::nanoseconds now, StageEnd& end) {
  const auto moment_of = [&](const CommandTask& task) {
    return task.wait.kind == CommandWait::Kind::time ? std::max(task.wait.end, now) : now;
  };
  std::sort(tasks.begin(), tasks.end(), [](const auto* a, const auto* b) { return a->actor < b->actor; });
  Decision decision;
  candidates_.clear();
  for (const CommandTask* const task : tasks) {
    const bool is_earlier = moment_of(*task) < moment_of(*tasks[decision.by_default]);
    if (is_earlier && !decision.last_can_move) decision.by_default = candidates_.size();
    if (task == last_ && moment_of(*task) == now) {
      decision.last_can_move = true;
      decision.by_default = candidates_.size();
    }
    candidates_.push_back({task->actor, task->own_steps, &task->step});
  }
  if (last_ != nullptr) {
    decision.last = last_->actor;
    decision.last_step = last_->own_steps + (last_->died_before_step ? 1 : 0);
  }
  decision.candidates = candidates_;
  const std::size_t index = strategy_->choose(decision);
  if (index >= tasks.size()) {
    std::fputs("stampede: a strategy chose somebody who is no candidate\n", stderr);
    std::abort();
  }
  if (index != decision.by_default) {
    end.switches.push_back({decision.last, decision.last_step, tasks[index]->actor});
  }
  if (tasks[index] != last_) {
    ++end.moves;
    if (decision.last_can_move) ++end.preemptions;
  }
  last_ = tasks[index];
  return *tasks[index];
}

}  // namespace stampede
