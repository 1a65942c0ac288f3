// Whether stored plans still find the defects of the mutants that they are kept for.
#ifndef STAMPEDE_RUN_SHARP_REPLAY_H
#define STAMPEDE_RUN_SHARP_REPLAY_H

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cache/result.h"
#include "harness/plan/plan.h"
#include "harness/run/mutant_catalogue.h"
#include "harness/run/plan_replay.h"
#include "harness/run/sim_run.h"

namespace stampede {

// Whether the plan, followed leniently, kills the mutant whose world the runner has: it breaks an invariant other than
// the one that the plan expects to be broken.
struct SharpCheck {
  bool kills = false;
  std::string invariant;     // that it broke
  std::string uncontrolled;  // why nothing is known
};
SharpCheck check_sharp(SimRunner& mutant, const Plan& plan);

// The mutants that the plans name in `kills`, each once, sorted by name. ERRORS: invalid_argument with file and key for
// a name that is not known, and where no plan names any: a check that checks nothing fails.
modelcache::Result<std::vector<Mutant>> mutants_to_kill(const std::vector<std::pair<std::string, Plan>>& plans,
                                                        const std::vector<Mutant>& known);

// Runs each plan once on each mutant that it kills, in the mutant's world, and adds to the report at the same place
// what came of it. One that was as expected and kills no longer becomes `dull`; so does one whose world lost control
// become `uncontrolled`. REQUIRES: a report for each plan.
void sharpen(const std::vector<std::pair<std::string, Plan>>& plans, const std::vector<Mutant>& mutants,
             const std::function<std::unique_ptr<PlanWorld>(const Mutant&)>& make_world,
             const std::function<bool()>& is_interrupted, std::vector<ReplayReport>& reports);

}  // namespace stampede

#endif  // STAMPEDE_RUN_SHARP_REPLAY_H
