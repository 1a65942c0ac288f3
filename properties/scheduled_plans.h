// Plans with schedules, drawn by RapidCheck and made smaller as the shrinker does.
#ifndef STAMPEDE_PROPERTIES_SCHEDULED_PLANS_H
#define STAMPEDE_PROPERTIES_SCHEDULED_PLANS_H

#include <rapidcheck.h>

#include "harness/plan/plan_generator.h"
#include "harness/run/sim_run.h"

namespace stampede {

// A drawn plan with the switches of a run in `runner`, which must outlive the generator: the mix of strategies moved
// its processes. Smaller ones are harness/run/plan_candidates.h's; their switches may fit no more, and are followed
// leniently.
rc::Gen<Plan> scheduled_plans(const PlanLimits& limits, SimRunner& runner);

}  // namespace stampede

#endif  // STAMPEDE_PROPERTIES_SCHEDULED_PLANS_H
