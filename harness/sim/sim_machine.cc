// Steps are presented, chosen, met by faults, taken and observed; processes start, end and die.
#include "harness/sim/sim_machine.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "harness/world/world_identity.h"
#include "harness/sim/sim_os.h"

namespace stampede {
namespace {

constexpr std::uint64_t kCallsAfterDeathMax = 100'000;

}  // namespace

SimMachine::SimMachine() = default;

void SimMachine::clear(Peers& peers) {
  clock_.clear();
  disk_.clear();
  network_.clear(peers);
  past_.clear();
  task_count_ = 0;
  open_descriptors_ = 0;
  disk_.set_wall_time(clock_.coarse_wall());
}

modelcache::ProcessIdentity SimMachine::dead_process() { return dead_world_identity(); }

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

StageEnd SimMachine::run(const SimStage& stage, Strategy& strategy, Observer& observer) {
  stage_ = &stage;
  observer_ = &observer;
  faults_met_.fill(0);
  faults_.begin(stage.disk, stage.process_faults);
  const auto begin_time = clock_.now();
  start(stage, strategy);
  if (SimTask* const first = decide()) SimContext::go(main_, first->fiber.context());
  runs_out_ = true;
  for (std::size_t i = 0; i < task_count_; ++i) {
    if (!tasks_[i]->is_live) continue;
    end_process(*tasks_[i], ProcessEnd::abandoned);
    SimContext::go(main_, tasks_[i]->fiber.context());
  }
  StageEnd end = std::move(schedule_.end());
  for (std::size_t i = 0; i < task_count_; ++i) end.own_steps.push_back(tasks_[i]->own_steps);
  end.virtual_time = clock_.now() - begin_time;
  return end;
}

// Each process runs to where it presents its first step. What it does until then nobody sees.
void SimMachine::start(const SimStage& stage, Strategy& strategy) {
  task_count_ = stage.processes.size();
  while (tasks_.size() < task_count_) {
    tasks_.push_back(std::make_unique<SimTask>());
    tasks_.back()->os = std::make_unique<SimOs>(*this, *tasks_.back());
  }
  scheduled_.clear();
  for (std::size_t i = 0; i < task_count_; ++i) {
    const SimProcess& process = stage.processes[i];
    SimTask& task = *tasks_[i];
    task.number = static_cast<std::uint32_t>(i);
    task.identity = world_identity(past_.size());
    past_.push_back(task.identity);
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
  schedule_.begin(scheduled_, {stage.time_runs_first, stage.steps_max, stage.time_max}, strategy);
  schedule_.end().ends.assign(task_count_, ProcessEnd::ended);
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
  schedule_.end().ends[task.number] = end;
  observer_->on_process_end(task.number, end, view_);
}

void SimMachine::close(SimTask& task, SimDescriptor& descriptor, modelcache::Fd fd) {
  descriptor.is_open = false;
  --task.open_count;
  --open_descriptors_;
  if (descriptor.connection != nullptr) {
    network_.leave(*descriptor.connection, clock_.now());
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

// A stop begins when the step is presented, before anybody is chosen: so each moment at which somebody moves next has a
// key of its own, the last process and the step that it would take.
bool SimMachine::turn(SimTask& task) {
  while (const ProcessFault* const stop = faults_.take_stop(task.number, task.own_steps)) {
    ++faults_met_[static_cast<std::size_t>(stop->kind)];
    task.stopped_until = later_by(std::max(clock_.now(), task.stopped_until), stop->time);
  }
  pass_on(task);
  if (!task.is_live || !meet_process_faults(task)) return false;
  clock_.step();
  disk_.free_gone();
  disk_.set_wall_time(clock_.coarse_wall());
  return true;
}

bool SimMachine::meet_process_faults(SimTask& task) {
  while (const ProcessFault* const fault = faults_.take(task.number, task.own_steps)) {
    ++faults_met_[static_cast<std::size_t>(fault->kind)];
    switch (fault->kind) {
      case ProcessFaultKind::stop:  // taken when the step was presented
        break;
      case ProcessFaultKind::clock_step:
        clock_.step_wall(fault->time);
        break;
      case ProcessFaultKind::kill_before:
        task.died_before_step = true;
        end_process(task, ProcessEnd::killed);
        return false;
      case ProcessFaultKind::kill_after:
        task.dies_after_step = true;
        break;
    }
  }
  return true;
}

// What it waits for, if it goes to sleep before it does anything else.
void SimMachine::note_lock(SimTask& task) {
  const Step& step = task.step;
  const bool refused = step.kind == StepKind::try_lock && step.error == EWOULDBLOCK && step.fault == StepFault::none;
  if (!refused) task.refused_lock = nullptr;
}

bool SimMachine::complete(SimTask& task) {
  task.step.at = clock_.now();
  ++task.own_steps;
  task.wait = SimTask::Wait::nothing;
  if (!looks_around(task.step.kind)) note_lock(task);
  schedule_.count_step();
  observer_->on_step(task.step, view_);
  if (!task.dies_after_step) return true;
  end_process(task, ProcessEnd::killed);
  return false;
}

}  // namespace stampede
