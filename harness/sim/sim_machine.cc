// Steps are presented, chosen, met by faults, taken and observed; processes start, end and die.
#include "harness/sim/sim_machine.h"

#include <cstdio>
#include <cstdlib>

#include "harness/sim/sim_os.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

constexpr std::uint64_t kCallsAfterDeathMax = 100'000;

}  // namespace

SimMachine::SimMachine() = default;

void SimMachine::clear(Peers& peers) {
  turns_.clear(peers);
  disk_.clear();
  task_count_ = 0;
  open_descriptors_ = 0;
  disk_.set_wall_time(clock().coarse_wall());
}

void SimMachine::let_time_pass(std::chrono::nanoseconds time) {
  turns_.let_time_pass(time);
  disk_.set_wall_time(clock().coarse_wall());
}

modelcache::Liveness SimMachine::liveness(const modelcache::ProcessIdentity& identity) const {
  using modelcache::Liveness;
  if (identity.domain != dead_world_identity().domain || identity.pid == 0 || identity.pid > INT32_MAX)
    return Liveness::unknown;
  for (std::size_t i = 0; i < task_count_; ++i) {
    const SimTask& task = *tasks_[i];
    if (!task.is_live || task.identity.pid != identity.pid) continue;
    const bool same = identity.start_time == 0 || identity.start_time == task.identity.start_time;
    return same ? Liveness::alive : Liveness::dead;
  }
  return Liveness::dead;
}

// -- a stage ---------------------------------------------------------------------------------------------------------

StageEnd SimMachine::run(const Stage& stage, Strategy& strategy, Observer& observer) {
  start(stage, strategy, observer);
  if (SimTask* const first = decide()) SimContext::go(main_, first->fiber.context());
  runs_out_ = true;
  for (std::size_t i = 0; i < task_count_; ++i) {
    if (!tasks_[i]->is_live) continue;
    end_process(*tasks_[i], ProcessEnd::abandoned);
    SimContext::go(main_, tasks_[i]->fiber.context());
  }
  for (std::size_t i = 0; i < task_count_; ++i) turns_.end().own_steps.push_back(tasks_[i]->own_steps);
  return turns_.finish();
}

// Each process runs to where it presents its first step. What it does until then nobody sees.
void SimMachine::start(const Stage& stage, Strategy& strategy, Observer& observer) {
  task_count_ = stage.processes.size();
  while (tasks_.size() < task_count_) {
    tasks_.push_back(std::make_unique<SimTask>());
    tasks_.back()->os = std::make_unique<SimOs>(*this, *tasks_.back());
  }
  scheduled_.clear();
  for (std::size_t i = 0; i < task_count_; ++i) {
    const StageProcess& process = stage.processes[i];
    SimTask& task = *tasks_[i];
    task.number = static_cast<std::uint32_t>(i);
    task.identity = turns_.next_identity();
    task.actor = {process.user, process.umask};
    task.descriptors_max = process.descriptors_max == 0 ? 1024 : process.descriptors_max;
    task.body = &process.body;
    task.has_died = task.dies_after_step = task.died_before_step = false;
    task.calls_after_death = task.random_count = 0;
    task.own_steps = 0;
    task.wait = SimTask::Wait::nothing;
    task.stopped_until = {};
    task.refused_lock = nullptr;
    task.is_live = true;
    scheduled_.push_back(&task);
  }
  turns_.begin(stage, task_count_, scheduled_, strategy, observer, view_);
  runs_out_ = true;
  for (std::size_t i = 0; i < task_count_; ++i) {
    tasks_[i]->fiber.set_body(&SimMachine::run_body, tasks_[i].get());
    SimContext::go(main_, tasks_[i]->fiber.context());
  }
  runs_out_ = false;
}

SimContext& SimMachine::run_body(void* argument) {
  auto& task = *static_cast<SimTask*>(argument);
  auto& os = static_cast<SimOs&>(*task.os);
  (*task.body)(os);
  return os.machine().finished(task);
}

SimContext& SimMachine::finished(SimTask& task) {
  if (task.is_live) end_process(task, ProcessEnd::ended);
  if (runs_out_) return main_;
  SimTask* const next = decide();
  return next == nullptr ? main_ : next->fiber.context();
}

void SimMachine::end_process(SimTask& task, ProcessEnd end) {
  for (std::size_t i = 0; i < task.descriptors.size(); ++i) {
    if (!task.descriptors[i].is_open) continue;
    close(task, task.descriptors[i], modelcache::Fd{static_cast<int>(i) + SimTask::kFirstDescriptor});
  }
  task.is_live = false;
  task.has_died = end != ProcessEnd::ended;
  turns_.end_process(task.number, end);
}

void SimMachine::close(SimTask& task, SimDescriptor& descriptor, modelcache::Fd fd) {
  descriptor.is_open = false;
  --task.open_count;
  --open_descriptors_;
  if (descriptor.connection != nullptr) {
    network().leave(*descriptor.connection, clock().now());
  } else {
    descriptor.inode->locks.unlock(task.owner(fd));
    disk_.close(*descriptor.inode);
  }
}

void SimMachine::count_call_after_death(SimTask& task) {
  if (++task.calls_after_death <= kCallsAfterDeathMax) return;
  std::fprintf(stderr, "stampede: process %u went on for %llu calls after its death; a loop in it ignores errors\n",
               task.number, static_cast<unsigned long long>(kCallsAfterDeathMax));
  std::abort();
}

// -- a step ----------------------------------------------------------------------------------------------------------

void SimMachine::pass_on(SimTask& task) {
  SimTask* const next = runs_out_ ? nullptr : decide();
  if (next == &task) return;
  SimContext::go(task.fiber.context(), next == nullptr ? main_ : next->fiber.context());
}

bool SimMachine::turn(SimTask& task) {
  turns_.present(task.number, task.own_steps, task.stopped_until);
  pass_on(task);
  if (!task.is_live) return false;
  const TurnEngine::Met met = turns_.meet(task.number, task.own_steps);
  if (met == TurnEngine::Met::dies_before) {
    task.died_before_step = true;
    end_process(task, ProcessEnd::killed);
    return false;
  }
  task.dies_after_step = met == TurnEngine::Met::dies_after;
  turns_.begin_step();
  disk_.free_gone();
  disk_.set_wall_time(clock().coarse_wall());
  return true;
}

bool SimMachine::complete(SimTask& task) {
  turns_.complete(task);
  if (!task.dies_after_step) return true;
  end_process(task, ProcessEnd::killed);
  return false;
}

}  // namespace stampede
