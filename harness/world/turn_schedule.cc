// Decisions, the passing of time, and deadlocks by the graph of who waits for whom.
#include "harness/world/turn_schedule.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace stampede {

using std::chrono::nanoseconds;

bool looks_around(StepKind kind) {
  switch (kind) {
    case StepKind::now:
    case StepKind::wall_time:
    case StepKind::sleep_until:
    case StepKind::read:
    case StepKind::stat:
    case StepKind::random:
    case StepKind::self:
    case StepKind::liveness:
      return true;
    default:
      return false;
  }
}

void TurnSchedule::begin(std::span<ScheduledProcess* const> processes, const TurnLimits& limits, Strategy& strategy) {
  processes_.assign(processes.begin(), processes.end());
  strategy_ = &strategy;
  limits_ = limits;
  begin_time_ = clock_.now();
  last_ = processes_.empty() ? nullptr : processes_.front();
  end_ = {};
}

void TurnSchedule::add(ScheduledProcess& process) {
  const auto after = std::find_if(processes_.begin(), processes_.end(),
                                  [&](const ScheduledProcess* other) { return other->number > process.number; });
  processes_.insert(after, &process);
}

const ScheduledProcess* TurnSchedule::waits_for(const ScheduledProcess& process) const {
  if (process.wait != ScheduledProcess::Wait::time || process.refused_lock == nullptr) return nullptr;
  const auto owner = process.refused_lock->in_the_way(process.refused_owner, process.refused_mode);
  return owner ? processes_[owner->process] : nullptr;
}

bool TurnSchedule::can_move(ScheduledProcess& process) const {
  if (!process.is_live || clock_.now() < process.stopped_until) return false;
  switch (process.wait) {
    case ScheduledProcess::Wait::nothing:
      return true;
    case ScheduledProcess::Wait::time:
      return clock_.now() >= process.wait_end || (process.refused_lock != nullptr && waits_for(process) == nullptr);
    case ScheduledProcess::Wait::bytes:
      return clock_.now() >= process.wait_end || process.wait_connection->has_something();
    case ScheduledProcess::Wait::other:
      return process.has_come();
    case ScheduledProcess::Wait::away:
      return false;
  }
  return true;
}

nanoseconds TurnSchedule::waking_of(ScheduledProcess& process) const {
  nanoseconds waking{};
  if (process.wait == ScheduledProcess::Wait::time) {
    if (process.refused_lock == nullptr || waits_for(process) != nullptr) waking = process.wait_end;
  } else if (process.wait == ScheduledProcess::Wait::bytes && !process.wait_connection->has_something()) {
    waking = process.wait_end;
    if (process.wait_connection->server == PeerConnection::Server::pausing) {
      waking = std::min(waking, process.wait_connection->pause_end);
    }
  } else if (process.wait == ScheduledProcess::Wait::away) {
    return process.coming();
  } else if (process.wait == ScheduledProcess::Wait::other) {
    waking = process.coming();
  }
  return std::max(waking, process.stopped_until);
}

void TurnSchedule::pass_time_until(nanoseconds moment) {
  clock_.run_to(moment);
  network_.run_to(clock_.now());
}

// With all processes asleep, each waiting for a lock that a live one holds, every chain of them ends in a cycle.
bool TurnSchedule::is_deadlock() const {
  return std::all_of(processes_.begin(), processes_.end(), [&](const ScheduledProcess* process) {
    return !process->is_live || (clock_.now() >= process->stopped_until && waits_for(*process) != nullptr);
  });
}

std::string TurnSchedule::describe_cycle() const {
  const ScheduledProcess* at = nullptr;
  for (const ScheduledProcess* const process : processes_) {
    if (process->is_live && at == nullptr) at = process;
  }
  for (std::size_t i = 0; i < processes_.size(); ++i) at = waits_for(*at);  // in the cycle now
  const ScheduledProcess* first = at;
  for (const ScheduledProcess* process = waits_for(*at); process != at; process = waits_for(*process)) {
    if (process->number < first->number) first = process;
  }
  std::string text = "process " + std::to_string(first->number);
  at = first;
  do {
    const ScheduledProcess* const next = waits_for(*at);
    if (at != first) text += ", which";
    text += " waits for " + at->refused_path + " held by process " + std::to_string(next->number);
    at = next;
  } while (at != first);
  return text;
}

// Whether anybody can move without that time passes. There is a decision before every step, so that all is found out in
// one pass.
bool TurnSchedule::find_candidates() {
  candidates_.clear();
  able_.clear();
  is_anybody_live_ = is_anybody_away_ = last_can_move_ = false;
  bool any_can_move = false;
  for (ScheduledProcess* const process : processes_) {
    if (!process->is_live) continue;
    is_anybody_live_ = true;
    if (process->wait == ScheduledProcess::Wait::away) {
      is_anybody_away_ = true;
      continue;
    }
    const bool can = can_move(*process);
    any_can_move = any_can_move || can;
    if (!can && !(limits_.time_runs_first && waking_of(*process) < kNever)) continue;
    if (can && process == last_) {
      last_can_move_ = true;
      last_candidate_ = candidates_.size();
    }
    candidates_.push_back({process->number, process->own_steps, &process->step});
    able_.push_back(process);
  }
  return any_can_move;
}

bool TurnSchedule::is_over() {
  if (end_.steps >= limits_.steps_max) {
    end_.stuck = "the bound of " + std::to_string(limits_.steps_max) + " steps was reached";
  } else if (clock_.now() - begin_time_ > limits_.time_max) {
    end_.stuck = "the bound of " +
                 std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limits_.time_max).count()) +
                 " ms of virtual time was reached";
  }
  return !end_.stuck.empty();
}

ScheduledProcess* TurnSchedule::decide() {
  network_.run_to(clock_.now());
  has_time_passed_ = false;
  if (last_ == nullptr && !processes_.empty()) last_ = processes_.front();
  for (;;) {
    const bool can_anybody = find_candidates();
    if (!is_anybody_live_ || is_over()) return nullptr;
    if (can_anybody) return choose();
    if (is_deadlock()) {
      end_.is_deadlock = true;
      end_.stuck = describe_cycle();
      return nullptr;
    }
    if (!candidates_.empty()) return choose();
    nanoseconds first = network_.first_pause_end();
    for (ScheduledProcess* const process : processes_) {
      if (process->is_live) first = std::min(first, waking_of(*process));
    }
    if (first == kNever) {
      end_.is_deadlock = true;
      end_.stuck = "nobody can move, and nothing is to come that would wake anybody";
      return nullptr;
    }
    pass_time_until(first);
    if (is_anybody_away_) {
      has_time_passed_ = true;
      return nullptr;
    }
  }
}

// Where nobody can move, the first to wake; where some can, the first of them.
std::size_t TurnSchedule::first_to_wake() const {
  const auto moment_of = [&](ScheduledProcess* candidate) { return std::max(waking_of(*candidate), clock_.now()); };
  const auto first = std::min_element(able_.begin(), able_.end(), [&](ScheduledProcess* a, ScheduledProcess* b) {
    return moment_of(a) < moment_of(b);
  });
  return static_cast<std::size_t>(first - able_.begin());
}

ScheduledProcess* TurnSchedule::choose() {
  Decision decision{last_->number, last_->key_step(), last_can_move_, candidates_,
                    last_can_move_ ? last_candidate_ : 0};
  if (limits_.time_runs_first && !last_can_move_) decision.by_default = first_to_wake();
  const std::size_t index = strategy_->choose(decision);
  if (index >= candidates_.size()) {
    std::fputs("stampede: a strategy chose somebody who is no candidate\n", stderr);
    std::abort();
  }
  ScheduledProcess& process = *able_[index];
  if (index != decision.by_default) end_.switches.push_back({decision.last, decision.last_step, process.number});
  if (&process != last_) {
    ++end_.moves;
    if (decision.last_can_move) ++end_.preemptions;
  }
  last_ = &process;
  if (limits_.time_runs_first) {
    while (!can_move(process)) pass_time_until(waking_of(process));
  }
  // Woken by a lock that became free, it has slept all the same.
  if (process.wait == ScheduledProcess::Wait::time) pass_time_until(process.wait_end);
  return &process;
}

}  // namespace stampede
