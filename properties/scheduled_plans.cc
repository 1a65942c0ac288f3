// Runs what was drawn once, to find its switches.
#include "properties/scheduled_plans.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

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

// Processes that poll for long have tens of thousands of switches, and each candidate holds all of them: such a plan is
// halved here, and the rest is left to `stampede shrink`.
std::vector<Plan> smaller_plans(const Plan& plan) {
  constexpr std::size_t kSwitchesMax = 500;
  const std::vector<Switch>& switches = plan.schedule.switches;
  if (switches.size() <= kSwitchesMax) return candidates(plan);
  const auto middle = switches.begin() + static_cast<std::ptrdiff_t>(switches.size() / 2);
  std::vector<Plan> halves = {plan, plan};
  halves[0].schedule.switches.assign(switches.begin(), middle);
  halves[1].schedule.switches.assign(middle, switches.end());
  return halves;
}

}  // namespace

rc::Gen<Plan> scheduled_plans(const PlanLimits& limits, SimRunner& runner) {
  auto drawn = rc::gen::pair(plans(limits), rc::gen::arbitrary<std::uint64_t>());
  auto whole = rc::gen::map(std::move(drawn), [&runner](std::pair<Plan, std::uint64_t> pair) {
    return scheduled(std::move(pair.first), pair.second, runner);
  });
  return rc::gen::shrink(rc::gen::noShrink(std::move(whole)),
                         [](const Plan& plan) { return rc::seq::fromContainer(smaller_plans(plan)); });
}

}  // namespace stampede
