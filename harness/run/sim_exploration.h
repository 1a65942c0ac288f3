// Explores the simulated world: plans drawn from seeds, or schedules of one plan, each run twice and judged.
#ifndef STAMPEDE_RUN_SIM_EXPLORATION_H
#define STAMPEDE_RUN_SIM_EXPLORATION_H

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/judge/allowed_invariants.h"
#include "harness/plan/plan.h"
#include "harness/run/sim_draw.h"
#include "harness/run/sim_run.h"
#include "harness/strategy/guarantee.h"

namespace stampede {

struct SimExplorationOptions {
  std::uint64_t seed = 0;               // of the first plan, or of the first schedule; the next has the next
  std::optional<std::uint64_t> runs;    // none: until the time is over, or all schedules were seen
  std::optional<double> seconds;        // nothing is begun after them
  unsigned jobs = 1;                    // threads, each with a world of its own
  std::uint64_t shard = 0, shards = 1;  // only seeds whose distance from the first is `shard` modulo `shards`
  StrategyChoice strategy;
  std::optional<std::size_t> processes;  // of drawn plans
  std::uint32_t skew = 0;                // of drawn plans (sim_draw.h)
  std::string command_subject;           // draw for this one, which is a command: its name or file (command_plan.h)
  std::optional<Plan> plan;              // schedules of this one are explored, instead of drawn plans
  std::string world = "sim";             // where plans run, for reports
  std::string subject = "modelcache";    // what runs there, for reports
  // Makes a world for the calling thread, which keeps it.
  std::function<std::unique_ptr<PlanWorld>()> make_world = [] { return make_sim_plan_world(); };
  // Where repetitions are made; none: in the world of the first run.
  std::function<std::unique_ptr<PlanWorld>()> make_repeating_world = nullptr;
  bool runs_twice = true;  // the second run replays the first one's switches, strictly
  std::function<bool()> is_interrupted = [] { return false; };
};

// A run that violated something, or could not be repeated. Its plan holds the schedule that did it.
struct SimDiscovery {
  std::uint64_t seed = 0;
  Plan plan;
  std::vector<StepViolation> violations;
  std::string divergence;  // "step 12: expected ..., got ..."; empty where the second run was the same
};

// What one strategy did; of a mix, each part by itself.
struct StrategyTally {
  std::uint64_t runs = 0;
  std::uint64_t hits = 0;  // runs that violated something
};

// What schedules of PCT promise about the plan that they searched; nothing is promised about drawn plans, of which each
// is run once.
struct PctPromise {
  std::uint64_t processes = 0, shared_steps = 0;  // n and k
  std::uint64_t shared_steps_seen = 0;  // in the longest run; where it is more than k, only bugs within k count
  std::vector<Guarantee> guarantees;    // empty: no schedule of PCT was run
};

struct SimTotals {
  std::uint64_t plans = 0;
  std::uint64_t schedules = 0;  // runs, learning runs too, repetitions not counted
  std::uint64_t repetitions = 0;
  std::uint64_t steps = 0;  // of runs, repetitions not counted; so are all that follow
  std::uint64_t processes = 0;
  std::uint64_t preemptions = 0;
  double seconds = 0;                           // of everything
  std::map<std::string, std::uint64_t> judged;  // by invariant
  InvariantSet allowed;                         // by the surroundings of any plan
  // What took part: operations that ended, network faults that connections met, disk faults that decided a step
  // ("write error"), process faults that a process came to, kinds of damage, start states.
  std::map<std::string, std::uint64_t> drawn;
  std::map<std::string, StrategyTally> strategies;  // by name
  std::optional<PctPromise> promise;                // where schedules of one plan were searched
  std::uint64_t violations = 0, divergences = 0;
  std::uint64_t uncontrolled = 0;         // runs of which nothing else is counted but their steps and schedules
  std::string why_uncontrolled;           // the first of them
  std::vector<SimDiscovery> discoveries;  // the first ones, by seed; at most kSimDiscoveriesMax
  std::uint64_t trace_hash = 0;           // over the runs' hashes, by seed; the same for any number of jobs
  bool is_exhausted = false;              // every schedule that the strategy can make was run
  bool is_reduced = false;                // exhaustive: of schedules that differ only in what commutes, one at least
  std::uint64_t repeating = 0;            // schedules that turned out to repeat others when they were half run
  bool interrupted = false;
};
inline constexpr std::size_t kSimDiscoveriesMax = 20;

// Whether schedules that differ only in the order of steps that commute are the same for the plan: faults that count
// the steps of all processes, that meet a process at a step which nobody sees, or that make a request's answer depend
// on those before it, see such orders, and so does time that runs first.
bool can_reduce(const Plan& plan);

// `progress` is called on the caller's thread, a few times a second. REQUIRES: check(*options.plan), where given; one
// job where the strategy is exhaustive.
SimTotals explore_sim(const SimExplorationOptions& options, const std::function<void(const SimTotals&)>& progress);

// Makes what moves the processes of a drawn plan where nothing else is asked for, again and again: the part of the mix
// that its seed picks, as when it is explored. `run` makes the learning run (see `learn`), where there must be one. The
// strategies do not outlive what made them.
std::function<std::unique_ptr<Strategy>()> usual_strategy(
    const SimDraw& draw, const std::function<void(const StrategyChoice&, Strategy&)>& run);

// Runs the plan with the switches of its own schedule. Where `is_strict`, `divergence` says how the schedule could not
// be followed.
struct SimReplay {
  SimOutcome outcome;
  std::uint64_t unused_switches = 0;  // that never came up
  std::string divergence;
};
SimReplay replay_sim(SimRunner& runner, const Plan& plan, bool is_strict, const SimRunOptions& options = {});

}  // namespace stampede

#endif  // STAMPEDE_RUN_SIM_EXPLORATION_H
