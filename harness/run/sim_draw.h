// Draws what one run of the simulated world needs from a seed: a plan, and how its processes are moved.
#ifndef STAMPEDE_RUN_SIM_DRAW_H
#define STAMPEDE_RUN_SIM_DRAW_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cache/result.h"
#include "harness/plan/plan.h"
#include "harness/strategy/learned.h"
#include "harness/strategy/strategy.h"

namespace stampede {

enum class StrategyKind { random, by_default, pct, pos, urw, mix, exhaustive };

// How `--strategy` chooses: "random", "default", "pct:3", "pos", "urw", "mix", "exhaustive:2", "exhaustive:2:plain".
struct StrategyChoice {
  StrategyKind kind = StrategyKind::random;
  std::uint32_t preemptions_max = 0;  // exhaustive
  std::uint32_t depth = 0;            // pct
  bool is_plain = false;  // exhaustive: every schedule, also where another one is the same but for its order
};
// ERRORS: invalid_argument.
modelcache::Result<StrategyChoice> parse_strategy(const std::string& text);
// As `parse_strategy` takes it.
std::string print(const StrategyChoice& choice);

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

// What a seed makes of a choice: one part of the mix and a seed for it; every other choice is itself.
struct PickedStrategy {
  StrategyChoice choice;
  std::uint64_t seed = 0;
};
PickedStrategy pick(const StrategyChoice& choice, std::uint64_t seed);
// Whether a strategy that was picked counts steps which only runs before it can tell.
bool needs_learning(const StrategyChoice& picked);

// The same schedules for the same seed, in every build. `learned` must outlive it. REQUIRES: not exhaustive, which runs
// many schedules and is used by itself; `learned`, where it needs that.
std::unique_ptr<Strategy> make_strategy(const StrategyChoice& choice, std::uint64_t seed,
                                        const Learned* learned = nullptr);

enum class LearningScope : std::uint8_t {
  // The default schedule alone, for a plan that is run once or twice: it tells how many steps there are.
  one_run,
  // That and some random schedules, the same each time, for a plan that is searched: also which objects are private.
  some_runs,
};
// Calls `run` with a strategy for each learning run of one plan, and with what it is, for reports. Runs of it are like
// any others: they may be judged, and what they find counts.
Learned learn(LearningScope scope, const std::function<void(const StrategyChoice&, Strategy&)>& run);

}  // namespace stampede

#endif  // STAMPEDE_RUN_SIM_DRAW_H
