// Planted bugs for tests of shrinking: races of the good cache that a test declares to be violations.
#ifndef STAMPEDE_RUN_SHRINK_FOR_TEST_H
#define STAMPEDE_RUN_SHRINK_FOR_TEST_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "harness/run/shrink_trial.h"
#include "harness/run/sim_draw.h"
#include "harness/run/sim_exploration.h"
#include "harness/strategy/random_walk.h"

namespace stampede {

inline StepViolation planted(std::string what, std::uint64_t step, std::uint32_t process = 0) {
  StepViolation violation;
  violation.invariant = "planted";
  violation.object = "planted";
  violation.what = std::move(what);
  violation.step = step;
  violation.process = process;
  return violation;
}

// Two processes have temporaries of one entry open at the same time: without working locks a matter of one switch.
inline std::optional<StepViolation> find_two_downloads(const SimOutcome& outcome) {
  std::map<std::string, std::uint32_t> open;  // entry -> who has a temporary for it
  std::uint64_t number = 0;
  for (const Step& step : outcome.trace) {
    ++number;
    if (step.stage != StageKind::run || !step.path.starts_with("tmp/sha256-") || step.error != 0) continue;
    const std::string entry = step.path.substr(0, step.path.find('.'));
    const auto found = open.find(entry);
    if (step.kind == StepKind::open && step.mode == static_cast<std::uint32_t>(modelcache::OpenMode::create_new)) {
      if (found != open.end() && found->second != step.process) return planted("two downloads", number, step.process);
      open[entry] = step.process;
    }
    if (step.kind == StepKind::close && found != open.end() && found->second == step.process) open.erase(found);
  }
  return std::nullopt;
}

inline DiskFault locks_do_nothing() {
  return {.step = StepKind::try_lock, .path = "", .times = 0, .effect = DiskEffect::does_nothing};
}

// The first seed from `seed` on whose drawn plan, with locks that do nothing, has the violation under a random walk;
// the schedule is part of the plan.
inline Plan failing_plan(SimRunner& runner, const FindViolation& find, std::uint64_t& seed) {
  for (;; ++seed) {
    SimDraw draw = draw_sim(seed, 4);
    draw.plan.process_faults.clear();  // who dies leaves his temporary open
    draw.plan.network = {};            // who waits for bytes lets others move without a switch
    draw.plan.disk.push_back(locks_do_nothing());
    RandomWalk walk(draw.strategy_seed);
    const SimOutcome& outcome = runner.run(draw.plan, walk, {.keeps_steps = true});
    if (!find(outcome)) continue;
    draw.plan.schedule.switches = outcome.run.switches;
    ++seed;
    return draw.plan;
  }
}

}  // namespace stampede

#endif  // STAMPEDE_RUN_SHRINK_FOR_TEST_H
