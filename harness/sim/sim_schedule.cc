// Decisions, the passing of time, and deadlocks by the graph of who waits for whom.
#include "harness/sim/sim_schedule.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace stampede {

using std::chrono::nanoseconds;

void SimSchedule::begin(const SimStage& stage, Strategy& strategy) {
  count_ = stage.processes.size();
  strategy_ = &strategy;
  time_runs_first_ = stage.time_runs_first;
  steps_max_ = stage.steps_max;
  begin_time_ = clock_.now();
  time_max_ = stage.time_max;
  last_ = 0;
  end_ = {};
}

const SimTask* SimSchedule::waits_for(const SimTask& task) const {
  if (task.wait != SimTask::Wait::time || task.refused_lock == nullptr) return nullptr;
  const auto owner = task.refused_lock->locks.in_the_way({task.number, task.refused_fd}, task.refused_mode);
  return owner ? tasks_[owner->process].get() : nullptr;
}

bool SimSchedule::can_move(const SimTask& task) const {
  if (!task.is_live || clock_.now() < task.stopped_until) return false;
  switch (task.wait) {
    case SimTask::Wait::nothing:
      return true;
    case SimTask::Wait::time:
      return clock_.now() >= task.wait_end || (task.refused_lock != nullptr && waits_for(task) == nullptr);
    case SimTask::Wait::bytes:
      return clock_.now() >= task.wait_end || task.wait_connection->has_something();
  }
  return true;
}

nanoseconds SimSchedule::waking_of(const SimTask& task) const {
  nanoseconds waking{};
  if (task.wait == SimTask::Wait::time) {
    if (task.refused_lock == nullptr || waits_for(task) != nullptr) waking = task.wait_end;
  } else if (task.wait == SimTask::Wait::bytes && !task.wait_connection->has_something()) {
    waking = task.wait_end;
    if (task.wait_connection->server == SimConnection::Server::pausing) {
      waking = std::min(waking, task.wait_connection->pause_end);
    }
  }
  return std::max(waking, task.stopped_until);
}

void SimSchedule::pass_time_until(nanoseconds moment) {
  clock_.run_to(moment);
  network_.run_to(clock_.now());
}

// With all processes asleep, each waiting for a lock that a live one holds, every chain of them ends in a cycle.
bool SimSchedule::is_deadlock() const {
  return std::all_of(all().begin(), all().end(), [&](const auto& task) {
    return !task->is_live || (clock_.now() >= task->stopped_until && waits_for(*task) != nullptr);
  });
}

std::string SimSchedule::describe_cycle() const {
  const SimTask* at = nullptr;
  for (const auto& task : all()) {
    if (task->is_live && at == nullptr) at = task.get();
  }
  for (std::size_t i = 0; i < count_; ++i) at = waits_for(*at);  // in the cycle now
  const SimTask* first = at;
  for (const SimTask* task = waits_for(*at); task != at; task = waits_for(*task)) {
    if (task->number < first->number) first = task;
  }
  std::string text = "process " + std::to_string(first->number);
  at = first;
  do {
    const SimTask* const next = waits_for(*at);
    if (at != first) text += ", which";
    text += " waits for " + tasks_[at->number]->descriptor(modelcache::Fd{at->refused_fd})->path + " held by process " +
            std::to_string(next->number);
    at = next;
  } while (at != first);
  return text;
}

// Whether anybody can move without that time passes.
bool SimSchedule::find_candidates() {
  candidates_.clear();
  bool any_can_move = false;
  for (const auto& task : all()) {
    if (!task->is_live) continue;
    const bool can = can_move(*task);
    any_can_move = any_can_move || can;
    if (can || (time_runs_first_ && waking_of(*task) < kNever)) {
      candidates_.push_back({task->number, task->own_steps, &task->step});
    }
  }
  return any_can_move;
}

bool SimSchedule::is_over() {
  const bool anybody = std::any_of(all().begin(), all().end(), [](const auto& task) { return task->is_live; });
  if (!anybody) return true;
  if (end_.steps >= steps_max_) {
    end_.stuck = "the bound of " + std::to_string(steps_max_) + " steps was reached";
  } else if (clock_.now() - begin_time_ > time_max_) {
    end_.stuck = "the bound of " +
                 std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time_max_).count()) +
                 " ms of virtual time was reached";
  }
  return !end_.stuck.empty();
}

SimTask* SimSchedule::decide() {
  network_.run_to(clock_.now());
  for (;;) {
    if (is_over()) return nullptr;
    if (find_candidates()) return choose();
    if (is_deadlock()) {
      end_.is_deadlock = true;
      end_.stuck = describe_cycle();
      return nullptr;
    }
    if (!candidates_.empty()) return choose();
    nanoseconds first = network_.first_pause_end();
    for (const auto& task : all()) {
      if (task->is_live) first = std::min(first, waking_of(*task));
    }
    if (first == kNever) {
      end_.is_deadlock = true;
      end_.stuck = "nobody can move, and nothing is to come that would wake anybody";
      return nullptr;
    }
    pass_time_until(first);
  }
}

SimTask* SimSchedule::choose() {
  const SimTask& last = *tasks_[last_];
  Decision decision{last_, last.key_step(), can_move(last), candidates_, 0};
  const auto waking = [&](std::size_t i) { return waking_of(*tasks_[candidates_[i].process]); };
  for (std::size_t i = 1; i < candidates_.size() && !decision.last_can_move; ++i) {
    // Where nobody can move, the first to wake; without `time_runs_first` all candidates can.
    const nanoseconds now = clock_.now();
    if (std::max(waking(i), now) < std::max(waking(decision.by_default), now)) decision.by_default = i;
  }
  for (std::size_t i = 0; i < candidates_.size() && decision.last_can_move; ++i) {
    if (candidates_[i].process == last_) decision.by_default = i;
  }
  const std::size_t index = strategy_->choose(decision);
  if (index >= candidates_.size()) {
    std::fputs("stampede: a strategy chose somebody who is no candidate\n", stderr);
    std::abort();
  }
  const std::uint32_t next = candidates_[index].process;
  if (index != decision.by_default) end_.switches.push_back({last_, last.key_step(), next});
  if (next != last_) {
    ++end_.moves;
    if (decision.last_can_move) ++end_.preemptions;
  }
  last_ = next;
  SimTask& task = *tasks_[next];
  while (!can_move(task)) pass_time_until(waking_of(task));
  // Woken by a lock that became free, it has slept all the same.
  if (task.wait == SimTask::Wait::time) pass_time_until(task.wait_end);
  return &task;
}

}  // namespace stampede
