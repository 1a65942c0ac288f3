// Small programs with one planted bug each, of known depth, for tests of strategies.
#ifndef STAMPEDE_STRATEGY_PLANTED_PUZZLES_FOR_TEST_H
#define STAMPEDE_STRATEGY_PLANTED_PUZZLES_FOR_TEST_H

#include <string>
#include <utility>
#include <vector>

#include "harness/strategy/default_schedule.h"
#include "harness/strategy/learned.h"
#include "harness/strategy/toy_world.h"

namespace stampede {

// A shared step: process and own step, its idle steps not counted.
using Place = std::pair<std::uint32_t, std::uint32_t>;

struct Puzzle {
  std::string name;
  std::uint32_t depth = 0;
  std::vector<std::uint32_t> shared;  // steps of each process
  std::vector<Place> order;           // the bug: these in this order
};

// Each process takes its shared steps, all writes to one file, after `skew` looks at the clock times its number.
inline ToyWorld world_of(const Puzzle& puzzle, std::uint32_t skew) {
  ToyWorld world;
  for (std::uint32_t p = 0; p < puzzle.shared.size(); ++p) world.steps.push_back(puzzle.shared[p] + skew * p);
  world.pending = [skew](auto process, auto step) {
    if (step < skew * process) return PendingStep{.kind = StepKind::now, .path = {}, .to_path = {}};
    return PendingStep{.kind = StepKind::write, .path = "manifest.json", .to_path = {}};
  };
  return world;
}

inline bool is_hit(const Puzzle& puzzle, std::uint32_t skew, const std::vector<std::uint32_t>& moves) {
  std::vector<std::uint32_t> done(puzzle.shared.size(), 0);
  std::size_t next = 0;
  for (const std::uint32_t process : moves) {
    const std::uint32_t step = done[process]++;
    if (step < skew * process) continue;
    const bool is_next = next < puzzle.order.size() && puzzle.order[next] == Place{process, step - skew * process};
    if (is_next) ++next;
  }
  return next == puzzle.order.size();
}

// The steps of each process come in their own order, so that an order needs as many choices as processes follow one
// another.
inline std::vector<Puzzle> planted_puzzles() {
  return {
      // Whoever is last by number must come first.
      {"late starter first", 1, {4, 4, 4}, {{2, 3}, {0, 0}}},
      // Checked, then done: the other one comes between.
      {"between check and act", 2, {4, 4}, {{0, 1}, {1, 0}, {1, 3}, {0, 2}}},
      {"between check and act of three", 2, {3, 3, 3}, {{0, 0}, {2, 0}, {2, 2}, {0, 1}}},
      {"between check and act, late", 2, {6, 6}, {{0, 4}, {1, 0}, {1, 5}, {0, 5}}},
      // There and back: the second is overtaken in its turn.
      {"there and back", 3, {4, 4}, {{0, 1}, {1, 0}, {1, 1}, {0, 2}, {0, 3}, {1, 2}}},
      {"there and back, from the other side", 3, {4, 4}, {{1, 1}, {0, 0}, {0, 1}, {1, 2}, {1, 3}, {0, 2}}},
      // Three times.
      {"there and back again", 4, {4, 4}, {{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 2}, {1, 2}, {1, 3}, {0, 3}}},
  };
}

inline Learned learned_of(const ToyWorld& world) {
  Learning learning;
  DefaultSchedule one_after_the_other;
  learning.follow(one_after_the_other);
  world.run(learning);
  return learning.finish(false);
}

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_PLANTED_PUZZLES_FOR_TEST_H
