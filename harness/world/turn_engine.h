// The life of a step and of a process in a controlled world: presented, chosen, met by faults, begun, completed, ended.
#ifndef STAMPEDE_WORLD_TURN_ENGINE_H
#define STAMPEDE_WORLD_TURN_ENGINE_H

#include <array>
#include <chrono>
#include <cstdint>
#include <span>

#include "cache/os.h"
#include "harness/world/observer.h"
#include "harness/world/peer_network.h"
#include "harness/world/plan_faults.h"
#include "harness/world/stage.h"
#include "harness/world/stage_end.h"
#include "harness/world/turn_schedule.h"
#include "harness/world/virtual_clock.h"
#include "harness/world/world_identity.h"

namespace stampede {

// Passive: the world calls it, in the order of its methods, and has the effects happen in between. Owned by one world.
class TurnEngine {
 public:
  TurnEngine() = default;
  TurnEngine(const TurnEngine&) = delete;
  TurnEngine& operator=(const TurnEngine&) = delete;

  VirtualClock clock;
  PeerNetwork network;

  // Time zero, and nobody was there yet.
  void clear(Peers& peers);
  void let_time_pass(std::chrono::nanoseconds time) { clock.run_to(later_by(clock.now(), time)); }
  // Of the next process of the run.
  modelcache::ProcessIdentity next_identity() { return world_identity(past_++); }

  // -- a stage ------------------------------------------------------------------------------------------------------

  // `planned` processes of the plan; `processes` are those who take steps for them from the beginning. All of it
  // outlives the stage.
  void begin(const Stage& stage, std::size_t planned, std::span<ScheduledProcess* const> processes, Strategy& strategy,
             Observer& observer, const DiskView& disk);
  void add(ScheduledProcess& process) { schedule_.add(process); }
  [[nodiscard]] const Stage& stage() const { return *stage_; }
  // Of the present stage; worlds note in it what they alone know.
  StageEnd& end() { return schedule_.end(); }
  // Nobody moves any more.
  StageEnd finish();
  [[nodiscard]] const std::array<std::uint64_t, kProcessFaultKinds>& faults_met() const { return faults_met_; }

  // -- a step -------------------------------------------------------------------------------------------------------

  // A planned process is about to take that step: a stop begins now, before anybody is chosen, so that each moment at
  // which somebody moves next has a key of its own, the last process and the step that it would take.
  void present(std::uint32_t process, std::uint32_t own_step, std::chrono::nanoseconds& stopped_until);
  ScheduledProcess* decide() { return schedule_.decide(); }
  // As TurnSchedule's.
  [[nodiscard]] bool has_time_passed() const { return schedule_.has_time_passed(); }
  enum class Met : std::uint8_t { lives, dies_before, dies_after };
  // The faults of a planned process that was chosen for that step.
  Met meet(std::uint32_t process, std::uint32_t own_step);
  void begin_step() { clock.step(); }
  // The disk fault that decides the step, if any.
  const DiskFault* fault_of(const Step& step) { return faults_.meet(step); }
  // The step was taken, with the result that is in it.
  void complete(ScheduledProcess& process);
  // Of a planned process; its descriptors are closed and its locks are gone.
  void end_process(std::uint32_t process, ProcessEnd how);

 private:
  PlanFaults faults_;
  TurnSchedule schedule_{clock, network};
  const Stage* stage_ = nullptr;
  Observer* observer_ = nullptr;
  const DiskView* disk_ = nullptr;
  std::uint64_t past_ = 0;  // processes of the run so far
  std::chrono::nanoseconds begin_time_{};
  std::array<std::uint64_t, kProcessFaultKinds> faults_met_{};
};

}  // namespace stampede

#endif  // STAMPEDE_WORLD_TURN_ENGINE_H
