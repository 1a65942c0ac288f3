// Who moves next in the simulated world: who can, what the strategy says, and when time must pass.
#ifndef STAMPEDE_SIM_SIM_SCHEDULE_H
#define STAMPEDE_SIM_SIM_SCHEDULE_H

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/plan/stage_end.h"
#include "harness/sim/sim_clock.h"
#include "harness/sim/sim_network.h"
#include "harness/sim/sim_task.h"
#include "harness/sim/sim_world.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// A process that is not asleep can move. A sleeper can once its time has come; one whose last try_lock was refused also
// as soon as it would be granted: then time runs to its waking first, so that `sleep_until` keeps its promise. Others
// that this wakes can move from then on. Otherwise time passes only when nobody can move, up to the first waking.
// Owned by one world; the clock, the network and the tasks outlive it.
class SimSchedule {
 public:
  using Tasks = std::vector<std::unique_ptr<SimTask>>;
  SimSchedule(SimClock& clock, SimNetwork& network, const Tasks& tasks)
      : clock_(clock), network_(network), tasks_(tasks) {}

  // A stage of the first `count` tasks begins.
  void begin(const SimStage& stage, Strategy& strategy);
  // Who takes the next step. Null where nobody is left, or at a bound or a deadlock: `end().stuck` says which.
  SimTask* decide();
  void count_step() { ++end_.steps; }
  StageEnd& end() { return end_; }

 private:
  [[nodiscard]] std::span<const std::unique_ptr<SimTask>> all() const { return std::span(tasks_).first(count_); }
  [[nodiscard]] bool is_over();
  [[nodiscard]] bool can_move(const SimTask& task) const;
  // When it can move, if nothing but time passes.
  [[nodiscard]] std::chrono::nanoseconds waking_of(const SimTask& task) const;
  // Whose lock it waits for; null where it waits for none, or would get it.
  [[nodiscard]] const SimTask* waits_for(const SimTask& task) const;
  [[nodiscard]] bool is_deadlock() const;
  [[nodiscard]] std::string describe_cycle() const;
  bool find_candidates();
  void pass_time_until(std::chrono::nanoseconds moment);
  SimTask* choose();

  SimClock& clock_;
  SimNetwork& network_;
  const Tasks& tasks_;
  std::size_t count_ = 0;
  Strategy* strategy_ = nullptr;
  bool time_runs_first_ = false;
  std::uint64_t steps_max_ = 0;
  std::chrono::nanoseconds begin_time_{}, time_max_{};
  std::uint32_t last_ = 0;  // who moved last
  std::vector<Candidate> candidates_;
  StageEnd end_;
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_SCHEDULE_H
