// Draws what one run of the simulated world needs from a seed: a plan, and how its processes are moved.
#ifndef STAMPEDE_RUN_SIM_DRAW_H
#define STAMPEDE_RUN_SIM_DRAW_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cache/result.h"
#include "harness/plan/plan.h"
#include "harness/strategy/strategy.h"

namespace stampede {

enum class StrategyKind { random, by_default, exhaustive };

// How `--strategy` chooses: "random", "default", "exhaustive:2".
struct StrategyChoice {
  StrategyKind kind = StrategyKind::random;
  std::uint32_t preemptions_max = 0;  // exhaustive
};
// ERRORS: invalid_argument.
modelcache::Result<StrategyChoice> parse_strategy(const std::string& text);

struct SimDraw {
  Plan plan;
  std::uint64_t strategy_seed = 0;
};

// The same for the same seed, in every build. With `processes`, plans have that many (their faults are drawn for as
// many). A plan's own schedule has no switches: the strategy finds them.
SimDraw draw_sim(std::uint64_t seed, std::optional<std::size_t> processes = {});

// Process i looks at the clock `skew * i` times more before its first operation, so that each is that much ahead of the
// next; its faults and switches keep their places in what follows. The result may be too much for `check`.
Plan skewed(Plan plan, std::uint32_t skew);

// REQUIRES: not exhaustive, which runs many schedules and is used by itself.
std::unique_ptr<Strategy> make_strategy(const StrategyChoice& choice, std::uint64_t seed);

}  // namespace stampede

#endif  // STAMPEDE_RUN_SIM_DRAW_H
