// Trials that run nothing, for tests of what the shrinker tries.
#ifndef STAMPEDE_RUN_MADE_TRIALS_FOR_TEST_H
#define STAMPEDE_RUN_MADE_TRIALS_FOR_TEST_H

#include <functional>
#include <string>
#include <vector>

#include "harness/run/plan_shorthand_for_test.h"
#include "harness/run/shrink.h"
#include "harness/run/shrink_for_test.h"

namespace stampede {

using Holds = std::function<bool(const Plan&)>;

// Runs nothing: a plan fails unless it `holds`, with all switches of its schedule, and each process has taken a step
// and begun all of its operations.
struct MadeTrials {
  Holds holds = [](const Plan&) { return false; };
  std::string object = "planted";
  std::function<void(const Plan&, Trial&)> edit = [](const Plan&, Trial&) {};
  std::vector<std::string> tried = {};

  RunTrial run() {
    return [this](const Plan& plan) {
      tried.push_back(shorthand(plan));
      Trial trial;
      trial.trace_hash = 1000 + tried.size();
      if (!holds(plan)) {
        trial.violation = planted("made", tried.size());
        trial.violation->object = object;
      }
      trial.all_switches = trial.switches = trial.moves = plan.schedule.switches;
      trial.steps_taken.assign(plan.processes.size(), 1);
      for (const PlanProcess& process : plan.processes) trial.operations_begun.push_back(process.operations.size());
      edit(plan, trial);
      return trial;
    };
  }
};

}  // namespace stampede

#endif  // STAMPEDE_RUN_MADE_TRIALS_FOR_TEST_H
