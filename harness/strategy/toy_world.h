// A world of counters for tests of strategies: processes that take a number of steps each.
#ifndef STAMPEDE_STRATEGY_TOY_WORLD_H
#define STAMPEDE_STRATEGY_TOY_WORLD_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/strategy/strategy.h"

namespace stampede {

// What a run of it was: who moved, and the switches that replay it.
struct ToyRun {
  std::vector<std::uint32_t> moves;
  std::vector<Switch> switches;
  std::uint64_t preemptions = 0;
};

inline PendingStep step_on(StepKind kind, std::string path, std::string to_path = {}) {
  return PendingStep{.kind = kind, .path = std::move(path), .to_path = std::move(to_path)};
}

// Process p takes `steps[p]` steps. It cannot take a step while `is_blocked(p, own step, steps done of all)` says so.
struct ToyWorld {
  using Done = std::vector<std::uint32_t>;
  std::vector<std::uint32_t> steps;
  std::function<PendingStep(std::uint32_t process, std::uint32_t step)> pending = [](auto, auto) {
    return PendingStep{.kind = StepKind::open, .path = "entries", .to_path = {}};
  };
  std::function<bool(std::uint32_t process, std::uint32_t step, const Done& done)> is_blocked = [](auto, auto, auto&) {
    return false;
  };

  ToyRun run(Strategy& strategy) const {
    ToyRun result;
    Done done(steps.size(), 0);
    std::vector<PendingStep> pendings(steps.size());
    Decision decision;
    strategy.begin();
    for (;;) {
      std::vector<Candidate> candidates;
      for (std::uint32_t p = 0; p < steps.size(); ++p) {
        if (done[p] >= steps[p] || is_blocked(p, done[p], done)) continue;
        pendings[p] = pending(p, done[p]);
        candidates.push_back(Candidate{.process = p, .own_step = done[p], .pending = &pendings[p]});
      }
      if (candidates.empty()) return result;
      decision.candidates = candidates;
      decision.by_default = 0;
      decision.last_can_move = false;
      for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (candidates[i].process != decision.last) continue;
        decision.by_default = i;
        decision.last_can_move = true;
      }
      const std::size_t choice = strategy.choose(decision);
      const std::uint32_t process = candidates.at(choice).process;
      if (choice != decision.by_default) {
        result.switches.push_back(Switch{.process = decision.last, .step = decision.last_step, .to = process});
        if (decision.last_can_move && !result.moves.empty()) ++result.preemptions;
      }
      result.moves.push_back(process);
      decision.last = process;
      decision.last_step = ++done[process];
    }
  }
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_TOY_WORLD_H
