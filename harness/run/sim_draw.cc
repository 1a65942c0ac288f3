// Draws plans and the seeds of strategies from one stream of choices.
#include "harness/run/sim_draw.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "harness/plan/choices.h"
#include "harness/plan/plan_generator.h"
#include "harness/strategy/default_schedule.h"
#include "harness/strategy/partial_order_sampling.h"
#include "harness/strategy/pct.h"
#include "harness/strategy/random_walk.h"
#include "harness/strategy/uniform_walk.h"

namespace stampede {
namespace {

constexpr std::uint32_t kDepthMax = 16;  // deeper bugs are out of reach of any number of runs

// The mix, in percent. No strategy is best everywhere (SCTBench: Thomson, Donaldson, Betts, PPoPP 2014; Fray, OOPSLA
// 2025): POS and PCT find different bugs, and the walks a few that need many switches.
struct Share {
  StrategyChoice choice;
  std::uint64_t percent = 0;
};
constexpr Share kMix[] = {
    {{.kind = StrategyKind::pos}, 40},
    {{.kind = StrategyKind::pct, .depth = 2}, 10},
    {{.kind = StrategyKind::pct, .depth = 3}, 10},
    {{.kind = StrategyKind::pct, .depth = 4}, 10},
    {{.kind = StrategyKind::pct, .depth = 5}, 10},
    {{.kind = StrategyKind::random}, 10},
    {{.kind = StrategyKind::urw}, 10},
};

// Their names, where that is all there is to say.
constexpr std::pair<std::string_view, StrategyKind> kPlainNames[] = {
    {"random", StrategyKind::random}, {"default", StrategyKind::by_default},
    {"pos", StrategyKind::pos},       {"urw", StrategyKind::urw},
    {"mix", StrategyKind::mix},
};
constexpr std::string_view kPct = "pct:";
constexpr std::string_view kExhaustive = "exhaustive:";
constexpr std::string_view kPlain = ":plain";

bool read_number(std::string_view text, std::uint32_t& number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && stop == text.data() + text.size();
}

}  // namespace

modelcache::Result<StrategyChoice> parse_strategy(const std::string& text) {
  for (const auto& [name, kind] : kPlainNames) {
    if (text == name) return StrategyChoice{.kind = kind};
  }
  std::string_view rest = text;
  if (rest.starts_with(kPct)) {
    StrategyChoice choice{.kind = StrategyKind::pct};
    if (read_number(rest.substr(kPct.size()), choice.depth) && choice.depth >= 1 && choice.depth <= kDepthMax) {
      return choice;
    }
  } else if (rest.starts_with(kExhaustive)) {
    rest.remove_prefix(kExhaustive.size());
    StrategyChoice choice{.kind = StrategyKind::exhaustive, .is_plain = rest.ends_with(kPlain)};
    if (choice.is_plain) rest.remove_suffix(kPlain.size());
    if (read_number(rest, choice.preemptions_max)) return choice;
  }
  return modelcache::fail(modelcache::ErrorCode::invalid_argument, "read strategy", text,
                          "expected mix, pos, urw, random, default, pct:D with a depth from 1 to 16, exhaustive:K with "
                          "the most preemptions of a schedule, or exhaustive:K:plain");
}

std::string print(const StrategyChoice& choice) {
  if (choice.kind == StrategyKind::pct) return std::string(kPct) + std::to_string(choice.depth);
  if (choice.kind == StrategyKind::exhaustive) {
    return std::string(kExhaustive) + std::to_string(choice.preemptions_max) +
           std::string(choice.is_plain ? kPlain : "");
  }
  for (const auto& [name, kind] : kPlainNames) {
    if (kind == choice.kind) return std::string(name);
  }
  return "?";
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

// Seeds of their own, so that what is picked says nothing about what it draws.
PickedStrategy pick(const StrategyChoice& choice, std::uint64_t seed) {
  if (choice.kind != StrategyKind::mix) return {choice, seed};
  const auto choices = choices_of_seed(seed);
  std::uint64_t drawn = choices->below(100);
  const Share* share = kMix;
  while (drawn >= share->percent) drawn -= share++->percent;
  return {share->choice, choices->below(UINT64_MAX)};
}

bool needs_learning(const StrategyChoice& picked) {
  return picked.kind == StrategyKind::pct || picked.kind == StrategyKind::urw;
}

std::unique_ptr<Strategy> make_strategy(const StrategyChoice& choice, std::uint64_t seed, const Learned* learned) {
  static const Learned kNothing;
  const PickedStrategy picked = pick(choice, seed);
  if (needs_learning(picked.choice) && learned == nullptr) {
    std::fprintf(stderr, "stampede: %s needs a learning run\n", print(picked.choice).c_str());
    std::abort();
  }
  const Learned& known = learned == nullptr ? kNothing : *learned;
  switch (picked.choice.kind) {
    case StrategyKind::by_default:
      return std::make_unique<DefaultSchedule>();
    case StrategyKind::pct:
      return std::make_unique<Pct>(picked.choice.depth, known, picked.seed);
    case StrategyKind::pos:
      return std::make_unique<PartialOrderSampling>(known, picked.seed);
    case StrategyKind::urw:
      return std::make_unique<UniformWalk>(known, picked.seed);
    case StrategyKind::random:
    case StrategyKind::mix:         // is never picked
    case StrategyKind::exhaustive:  // by itself
      break;
  }
  return std::make_unique<RandomWalk>(picked.seed);
}

Learned learn(LearningScope scope, const std::function<void(const StrategyChoice&, Strategy&)>& run) {
  // Enough that every process comes first in some run, and is overtaken in the middle of things in others.
  constexpr std::uint64_t kRandomRuns = 12;
  Learning learning;
  const auto run_one = [&](const StrategyChoice& choice, std::uint64_t seed) {
    const auto strategy = make_strategy(choice, seed);
    learning.follow(*strategy);
    run(choice, learning);
  };
  run_one({.kind = StrategyKind::by_default}, 0);
  if (scope == LearningScope::one_run) return learning.finish(false);
  for (std::uint64_t seed = 1; seed <= kRandomRuns; ++seed) {
    run_one({.kind = seed % 2 == 0 ? StrategyKind::random : StrategyKind::pos}, seed);
  }
  return learning.finish(true);
}

}  // namespace stampede
