// Who moves next in a controlled world: who can, what the strategy says, and when time must pass.
#ifndef STAMPEDE_WORLD_TURN_SCHEDULE_H
#define STAMPEDE_WORLD_TURN_SCHEDULE_H

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/strategy/strategy.h"
#include "harness/world/file_locks.h"
#include "harness/world/peer_network.h"
#include "harness/world/stage_end.h"
#include "harness/world/virtual_clock.h"

namespace stampede {

// What the schedule must know of a process. Worlds derive theirs from it.
struct ScheduledProcess {
  std::uint32_t number = 0;
  bool is_live = false;           // it was started, and has neither ended nor died
  Step step;                      // presented, or the last one that it took
  std::uint32_t own_steps = 0;    // taken
  bool died_before_step = false;  // the plan killed it instead of its next step
  // What a decision after it has moved is known by: the own step that it would take next. Who was killed before a step
  // has passed that one, since choosing him had been a decision before it.
  [[nodiscard]] std::uint32_t key_step() const { return own_steps + (died_before_step ? 1 : 0); }

  // What the presented step waits for.
  enum class Wait : std::uint8_t {
    nothing,
    time,
    bytes,
    other,  // what the world knows: see `has_come`
    away,   // it presents none: it may wait in a call that is no step, as executed programs do
  };
  Wait wait = Wait::nothing;
  std::chrono::nanoseconds wait_end{};        // of time, and of bytes at the latest
  PeerConnection* wait_connection = nullptr;  // of bytes
  std::chrono::nanoseconds stopped_until{};   // by the plan
  // The lock that its last try was refused, while it has only looked at clocks and the like since.
  FileLocks* refused_lock = nullptr;
  LockOwner refused_owner;
  modelcache::LockMode refused_mode = modelcache::LockMode::exclusive;
  std::string refused_path;

  virtual ~ScheduledProcess() = default;
  // Of `other`: whether it has come. Makes no call on the process's behalf.
  [[nodiscard]] virtual bool has_come() { return true; }
  // Of `other` and `away`: when it comes at the latest, if nothing but time passes; kNever where that does not bring
  // it.
  [[nodiscard]] virtual std::chrono::nanoseconds coming() { return kNever; }
};

// Whether a process that was refused a lock still waits for it after such a step: it has only looked around. (The cache
// looks at the clock before it sleeps.) One rule for all worlds, or a schedule of one could not be followed in another.
bool looks_around(StepKind kind);

struct TurnLimits {
  bool time_runs_first = false;
  std::uint64_t steps_max = 100'000;                          // of all processes together
  std::chrono::nanoseconds time_max{std::chrono::hours(24)};  // of virtual time
};

// A process that is not asleep can move. A sleeper can once its time has come; one whose last try_lock was refused also
// as soon as it would be granted: then time runs to its waking first, so that `sleep_until` keeps its promise. Others
// that this wakes can move from then on. Otherwise time passes only when nobody can move, up to the first waking.
// Owned by one world; the clock and the network outlive it.
class TurnSchedule {
 public:
  TurnSchedule(VirtualClock& clock, PeerNetwork& network) : clock_(clock), network_(network) {}

  // A stage of these processes begins, by their numbers; they outlive it. Locks name their owners by the places in this
  // list.
  void begin(std::span<ScheduledProcess* const> processes, const TurnLimits& limits, Strategy& strategy);
  // Born during the stage.
  void add(ScheduledProcess& process);
  // Who takes the next step. Null where nobody is left, or at a bound or a deadlock: `end().stuck` says which; and
  // where somebody is `away` and time has passed, since that may have woken him.
  ScheduledProcess* decide();
  [[nodiscard]] bool has_time_passed() const { return has_time_passed_; }
  void count_step() { ++end_.steps; }
  StageEnd& end() { return end_; }

 private:
  [[nodiscard]] bool is_over();
  [[nodiscard]] bool can_move(ScheduledProcess& process) const;
  // When it can move, if nothing but time passes.
  [[nodiscard]] std::chrono::nanoseconds waking_of(ScheduledProcess& process) const;
  // Whose lock it waits for; null where it waits for none, or would get it.
  [[nodiscard]] const ScheduledProcess* waits_for(const ScheduledProcess& process) const;
  [[nodiscard]] bool is_deadlock() const;
  [[nodiscard]] std::string describe_cycle() const;
  bool find_candidates();
  void pass_time_until(std::chrono::nanoseconds moment);
  [[nodiscard]] std::size_t first_to_wake() const;  // index of a candidate
  ScheduledProcess* choose();

  VirtualClock& clock_;
  PeerNetwork& network_;
  std::vector<ScheduledProcess*> processes_;
  Strategy* strategy_ = nullptr;
  TurnLimits limits_;
  std::chrono::nanoseconds begin_time_{};
  const ScheduledProcess* last_ = nullptr;  // who moved last; at first, the first
  // What find_candidates found.
  std::vector<Candidate> candidates_;
  std::vector<ScheduledProcess*> able_;  // who they are
  bool is_anybody_live_ = false, is_anybody_away_ = false;
  bool has_time_passed_ = false;
  bool last_can_move_ = false;
  std::size_t last_candidate_ = 0;  // index of the last one, where he can move
  StageEnd end_;
};

}  // namespace stampede

#endif  // STAMPEDE_WORLD_TURN_SCHEDULE_H
