// What happens around a step, in one order for all worlds.
#include "harness/world/turn_engine.h"

#include <algorithm>
#include <cerrno>

namespace stampede {

using std::chrono::nanoseconds;

void TurnEngine::clear(Peers& peers) {
  clock.clear();
  network.clear(peers);
  past_ = 0;
}

void TurnEngine::begin(const Stage& stage, std::size_t planned, std::span<ScheduledProcess* const> processes,
                       Strategy& strategy, Observer& observer, const DiskView& disk) {
  stage_ = &stage;
  observer_ = &observer;
  disk_ = &disk;
  faults_met_.fill(0);
  faults_.begin(stage.disk, stage.process_faults);
  begin_time_ = clock.now();
  schedule_.begin(processes, {stage.time_runs_first, stage.steps_max, stage.time_max}, strategy);
  end().ends.assign(planned, ProcessEnd::ended);
}

StageEnd TurnEngine::finish() {
  end().virtual_time = clock.now() - begin_time_;
  return std::move(end());
}

void TurnEngine::present(std::uint32_t process, std::uint32_t own_step, nanoseconds& stopped_until) {
  while (const ProcessFault* const stop = faults_.take_stop(process, own_step)) {
    ++faults_met_[static_cast<std::size_t>(stop->kind)];
    stopped_until = later_by(std::max(clock.now(), stopped_until), stop->time);
  }
}

TurnEngine::Met TurnEngine::meet(std::uint32_t process, std::uint32_t own_step) {
  Met met = Met::lives;
  while (const ProcessFault* const fault = faults_.take(process, own_step)) {
    ++faults_met_[static_cast<std::size_t>(fault->kind)];
    switch (fault->kind) {
      case ProcessFaultKind::stop:  // taken when the step was presented
        break;
      case ProcessFaultKind::clock_step:
        clock.step_wall(fault->time);
        break;
      case ProcessFaultKind::kill_before:
        return Met::dies_before;
      case ProcessFaultKind::kill_after:
        met = Met::dies_after;
        break;
    }
  }
  return met;
}

void TurnEngine::complete(ScheduledProcess& process) {
  Step& step = process.step;
  step.at = clock.now();
  ++process.own_steps;
  process.wait = ScheduledProcess::Wait::nothing;
  // What it waits for, if it goes to sleep before it does anything else.
  const bool is_refused = step.kind == StepKind::try_lock && step.error == EWOULDBLOCK && step.fault == StepFault::none;
  if (!is_refused && !looks_around(step.kind)) process.refused_lock = nullptr;
  schedule_.count_step();
  observer_->on_step(step, *disk_);
}

void TurnEngine::end_process(std::uint32_t process, ProcessEnd how) {
  end().ends[process] = how;
  observer_->on_process_end(process, how, *disk_);
}

}  // namespace stampede
