// Kills every process of a plan before and after each of its steps, alone or two at a time.
#ifndef STAMPEDE_RUN_KILL_SWEEP_H
#define STAMPEDE_RUN_KILL_SWEEP_H

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/run/plan_world.h"
#include "harness/run/sim_exploration.h"

namespace stampede {

struct KillSweep {
  std::uint64_t points = 0;     // of single kills: twice the steps that the plan's processes take
  std::uint64_t runs = 0;       // one a point, or one a pair
  std::uint64_t expected = 0;   // runs that there must be, counted from the steps that processes took
  std::uint64_t met = 0;        // runs in which every kill of the run came to pass
  std::uint64_t processes = 0;  // of all runs and stages
  std::uint64_t kills_before = 0, kills_after = 0;  // that came to pass
  std::uint64_t steps = 0;
  std::vector<SimDiscovery> discoveries;  // at most kSimDiscoveriesMax
  std::uint64_t violations = 0;
  std::map<std::string, std::uint64_t> judged;
  InvariantSet allowed;  // by the plan and its kills
  std::uint64_t trace_hash = 0;
  double seconds = 0;
  bool interrupted = false;
  std::string uncontrolled;  // why a world of real processes lost control; the sweep ends there
  // Every point, or pair, was run and its kills came to pass.
  [[nodiscard]] bool is_complete() const {
    return !interrupted && uncontrolled.empty() && met == runs && runs == expected;
  }
};

// REQUIRES for both: a plan that kills nobody by itself. Runs are made in `world`.
//
// One run a point, under the plan's own schedule. A point is (process, own step, before or after).
KillSweep sweep_kills(const Plan& plan, const std::function<bool()>& is_interrupted,
                      std::unique_ptr<PlanWorld> world = make_sim_plan_world());

// One run a pair: for each first point, every point that a process which is still alive comes to in the run with that
// first kill. Points before the first kill are left out, since they are first points themselves: a pair is counted
// once.
KillSweep sweep_kill_pairs(const Plan& plan, const std::function<bool()>& is_interrupted,
                           std::unique_ptr<PlanWorld> world = make_sim_plan_world());

}  // namespace stampede

#endif  // STAMPEDE_RUN_KILL_SWEEP_H
