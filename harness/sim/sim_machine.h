// The simulated machine: what its processes share, and the life of a step and of a process on it.
#ifndef STAMPEDE_SIM_SIM_MACHINE_H
#define STAMPEDE_SIM_SIM_MACHINE_H

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/sim/sim_disk.h"
#include "harness/sim/sim_disk_view.h"
#include "harness/sim/sim_task.h"
#include "harness/sim/sim_world.h"
#include "harness/world/turn_engine.h"

namespace stampede {

// Owned by one SimWorld.
class SimMachine {
 public:
  SimMachine();

  void clear(Peers& peers);
  StageEnd run(const Stage& stage, Strategy& strategy, Observer& observer);
  void let_time_pass(std::chrono::nanoseconds time);

  VirtualClock& clock() { return turns_.clock; }
  SimDisk& disk() { return disk_; }
  PeerNetwork& network() { return turns_.network; }
  const SimDiskView& view() const { return view_; }
  [[nodiscard]] StageKind stage() const { return turns_.stage().stage; }
  [[nodiscard]] const SimTask& task(std::uint32_t process) const { return *tasks_.at(process); }
  SimTask& task(std::uint32_t process) { return *tasks_.at(process); }
  [[nodiscard]] const std::array<std::uint64_t, kProcessFaultKinds>& process_faults_met() const {
    return turns_.faults_met();
  }
  [[nodiscard]] modelcache::Liveness liveness(const modelcache::ProcessIdentity& identity) const;

  // -- a step, in the order of these calls ---------------------------------------------------------------------------

  // `task.step` and what it waits for are set. Returns when the task has been chosen and met its process faults: false
  // where it is dead.
  bool turn(SimTask& task);
  // The disk fault that decides the step, if any.
  const DiskFault* fault_of(const SimTask& task) { return turns_.fault_of(task.step); }
  // The step was taken, with the result that is in it. False where the task died of it.
  bool complete(SimTask& task);
  // A call of a process that is dead: aborts when there are too many.
  static void count_call_after_death(SimTask& task);

  modelcache::Fd add_descriptor(SimTask& task, SimDescriptor*& added) {
    ++open_descriptors_;
    return task.add_descriptor(added);
  }
  // Ends the descriptor, with its lock or connection.
  void close(SimTask& task, SimDescriptor& descriptor, modelcache::Fd fd);

 private:
  static SimContext& run_body(void* task);
  void start(const Stage& stage, Strategy& strategy, Observer& observer);
  SimTask* decide() { return static_cast<SimTask*>(turns_.decide()); }
  void pass_on(SimTask& task);
  void end_process(SimTask& task, ProcessEnd end);
  SimContext& finished(SimTask& task);

  TurnEngine turns_;
  SimDisk disk_;
  std::vector<std::unique_ptr<SimTask>> tasks_;  // the first of them are of the present or last stage
  SimDiskView view_{disk_, open_descriptors_};
  SimContext main_;        // whoever called `run`
  bool runs_out_ = false;  // processes run to their first step, or without effect to their end; then main goes on
  std::vector<ScheduledProcess*> scheduled_;  // the tasks of the stage
  std::size_t task_count_ = 0;
  std::uint64_t open_descriptors_ = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_MACHINE_H
