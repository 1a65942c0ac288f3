// Draws plans and the seeds of strategies from one stream of choices.
#include "harness/run/sim_draw.h"

#include <charconv>

#include "harness/plan/choices.h"
#include "harness/plan/plan_generator.h"
#include "harness/strategy/default_schedule.h"
#include "harness/strategy/random_walk.h"

namespace stampede {

modelcache::Result<StrategyChoice> parse_strategy(const std::string& text) {
  if (text == "random") return StrategyChoice{StrategyKind::random};
  if (text == "default") return StrategyChoice{StrategyKind::by_default};
  constexpr std::string_view kExhaustive = "exhaustive:";
  if (text.starts_with(kExhaustive)) {
    StrategyChoice choice{StrategyKind::exhaustive};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + kExhaustive.size(), end, choice.preemptions_max);
    if (error == std::errc() && stop == end) return choice;
  }
  return modelcache::fail(modelcache::ErrorCode::invalid_argument, "read strategy", text,
                          "expected random, default, or exhaustive:K with the most preemptions of a schedule");
}

SimDraw draw_sim(std::uint64_t seed, std::optional<std::size_t> processes) {
  const auto choices = choices_of_seed(seed);
  PlanLimits limits;
  if (processes) limits.processes_min = limits.processes_max = *processes;
  SimDraw draw;
  draw.plan = draw_plan(*choices, limits);
  draw.strategy_seed = choices->below(UINT64_MAX);
  return draw;
}

Plan skewed(Plan plan, std::uint32_t skew) {
  const auto shift_of = [skew](std::size_t process) { return skew * static_cast<std::uint32_t>(process); };
  for (std::size_t i = 0; i < plan.processes.size(); ++i) plan.processes[i].idle_steps += shift_of(i);
  for (ProcessFault& fault : plan.process_faults) fault.step += shift_of(fault.process);
  for (Switch& one : plan.schedule.switches) one.step += shift_of(one.process);
  return plan;
}

std::unique_ptr<Strategy> make_strategy(const StrategyChoice& choice, std::uint64_t seed) {
  if (choice.kind == StrategyKind::by_default) return std::make_unique<DefaultSchedule>();
  return std::make_unique<RandomWalk>(seed);
}

}  // namespace stampede
