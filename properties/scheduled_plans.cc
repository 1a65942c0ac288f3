// Runs what was drawn once, to find its switches.
#include "properties/scheduled_plans.h"

#include <cstdint>
#include <utility>

#include "harness/run/plan_candidates.h"
#include "harness/run/sim_draw.h"
#include "properties/rapidcheck_choices.h"

namespace stampede {
namespace {

Plan scheduled(Plan plan, std::uint64_t seed, SimRunner& runner) {
  const PickedStrategy picked = pick({.kind = StrategyKind::mix}, seed);
  Learned learned;
  if (needs_learning(picked.choice)) {
    learned = learn(LearningScope::one_run,
                    [&](const StrategyChoice&, Strategy& strategy) { (void)runner.run(plan, strategy); });
  }
  const auto strategy = make_strategy(picked.choice, picked.seed, &learned);
  plan.schedule.switches = runner.run(plan, *strategy).run.switches;
  return plan;
}

}  // namespace

rc::Gen<Plan> scheduled_plans(const PlanLimits& limits, SimRunner& runner) {
  auto drawn = rc::gen::pair(plans(limits), rc::gen::arbitrary<std::uint64_t>());
  auto whole = rc::gen::map(std::move(drawn), [&runner](std::pair<Plan, std::uint64_t> pair) {
    return scheduled(std::move(pair.first), pair.second, runner);
  });
  return rc::gen::shrink(rc::gen::noShrink(std::move(whole)),
                         [](const Plan& plan) { return rc::seq::fromContainer(candidates(plan)); });
}

}  // namespace stampede
