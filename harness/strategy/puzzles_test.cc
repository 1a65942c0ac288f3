// Strategies find planted bugs, at least as often as they promise, and whatever head start a process has.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>

#include "harness/strategy/guarantee.h"
#include "harness/strategy/partial_order_sampling.h"
#include "harness/strategy/pct.h"
#include "harness/strategy/planted_puzzles_for_test.h"
#include "harness/strategy/random_walk.h"
#include "harness/strategy/replay.h"
#include "harness/strategy/uniform_walk.h"

namespace stampede {
namespace {

constexpr std::uint32_t kPuzzleRuns = 2000;
constexpr std::uint32_t kRunsMax = 20'000;

double frequency(const Puzzle& puzzle, std::uint32_t skew, Strategy& strategy, std::uint32_t runs = kPuzzleRuns) {
  const ToyWorld world = world_of(puzzle, skew);
  std::uint32_t hits = 0;
  for (std::uint32_t i = 0; i < runs; ++i) hits += is_hit(puzzle, skew, world.run(strategy).moves) ? 1 : 0;
  return hits / static_cast<double>(runs);
}

// What chance takes off a frequency at most, but once in 30,000 times.
double slack(double probability, std::uint32_t runs = kPuzzleRuns) {
  return 4 * std::sqrt(probability * (1 - probability) / runs);
}

TEST(Pct, FindsBugsAtLeastAsOftenAsItPromises) {
  std::uint32_t tight = 0;
  for (const Puzzle& puzzle : planted_puzzles()) {
    for (const std::uint32_t skew : {0U, 20U}) {
      const Learned learned = learned_of(world_of(puzzle, skew));
      for (std::uint32_t depth = puzzle.depth; depth <= puzzle.depth + 1; ++depth) {
        const double bound = pct_bound(puzzle.shared.size(), learned.shared_steps, depth);
        const auto runs = static_cast<std::uint32_t>(64 / bound);  // so that chance takes off half of it at most
        if (runs > kRunsMax || (skew > 0 && depth > 2)) continue;
        Pct strategy(depth, learned, 1000 + depth);
        const double found = frequency(puzzle, skew, strategy, runs);
        EXPECT_GE(found, bound - slack(bound, runs)) << puzzle.name << ", skew " << skew << ", depth " << depth;
        tight += found < 4 * bound ? 1 : 0;
      }
    }
  }
  EXPECT_GE(tight, 3U) << "puzzles that are far easier than the bound test nothing";
}

// What is promised of depth 2 needs a change point: without one the bug is not there.
TEST(Pct, NeedsAsManyChangePointsAsTheBugIsDeep) {
  for (const Puzzle& puzzle : planted_puzzles()) {
    if (puzzle.depth < 2) continue;
    const Learned learned = learned_of(world_of(puzzle, 0));
    Pct strategy(puzzle.depth - 1, learned, 5);
    EXPECT_EQ(frequency(puzzle, 0, strategy), 0.0) << puzzle.name;
  }
}

TEST(Pct, CountsNoPrivateStep) {
  const Puzzle puzzle = planted_puzzles()[1];
  for (const std::uint32_t skew : {0U, 20U, 1000U}) {
    const Learned learned = learned_of(world_of(puzzle, skew));
    EXPECT_EQ(learned.shared_steps, 8U);
    Pct strategy(2, learned, 1);
    world_of(puzzle, skew).run(strategy);
    EXPECT_EQ(strategy.shared_steps(), 8U);
  }
}

using MakeStrategy = std::function<std::unique_ptr<Strategy>(const Learned&, std::uint64_t seed)>;

std::map<std::string, MakeStrategy> blind_to_head_starts() {
  return {
      {"pct:2", [](auto& learned, auto seed) { return std::make_unique<Pct>(2, learned, seed); }},
      {"pos", [](auto& learned, auto seed) { return std::make_unique<PartialOrderSampling>(learned, seed); }},
      {"urw", [](auto& learned, auto seed) { return std::make_unique<UniformWalk>(learned, seed); }},
  };
}

TEST(Strategies, DoNotMindAHeadStart) {
  const Puzzle puzzle = planted_puzzles()[1];
  RandomWalk walk(1);
  EXPECT_GT(frequency(puzzle, 0, walk), 0.0);
  EXPECT_EQ(frequency(puzzle, 20, walk), 0.0) << "the random walk does, or the puzzle tests nothing";
  for (const auto& [name, make] : blind_to_head_starts()) {
    const Learned learned = learned_of(world_of(puzzle, 0)), learned_late = learned_of(world_of(puzzle, 20));
    const double together = frequency(puzzle, 0, *make(learned, 1));
    const double skewed = frequency(puzzle, 20, *make(learned_late, 1));
    EXPECT_GT(together, 0.0) << name;
    EXPECT_NEAR(together, skewed, 2 * slack(together)) << name;
  }
}

TEST(Strategies, FindShallowBugsOften) {
  for (const auto& [name, make] : blind_to_head_starts()) {
    for (const Puzzle& puzzle : planted_puzzles()) {
      if (puzzle.depth > 2 || puzzle.shared[0] > 4) continue;  // the walks find long ones once in a thousand times
      const Learned learned = learned_of(world_of(puzzle, 20));
      EXPECT_GT(frequency(puzzle, 20, *make(learned, 3)), 0.001) << name << ": " << puzzle.name;
    }
  }
}

TEST(Strategies, TakeTheSameWaysForTheSameSeedAndOthersForAnother) {
  const ToyWorld world = world_of(planted_puzzles()[2], 5);
  const Learned learned = learned_of(world);
  for (const auto& [name, make] : blind_to_head_starts()) {
    const auto one = make(learned, 7), same = make(learned, 7), other = make(learned, 8);
    bool differ = false;
    std::map<std::vector<std::uint32_t>, int> ways;
    for (int i = 0; i < 50; ++i) {
      const ToyRun run = world.run(*one);
      EXPECT_EQ(run.moves, world.run(*same).moves) << name;
      differ |= run.moves != world.run(*other).moves;
      ++ways[run.moves];
      Replay replay(Schedule{.switches = run.switches});
      EXPECT_EQ(world.run(replay).moves, run.moves) << name;
    }
    EXPECT_TRUE(differ) << name;
    EXPECT_GT(ways.size(), 10U) << name << " walks another way each time";
  }
}

// Nobody gets stuck where others must go first.
TEST(Strategies, GoOnPastWhoIsBlocked) {
  const ToyWorld world{.steps = {6, 5, 7}, .is_blocked = [](auto process, auto step, const auto& done) {
                         return process == 2 && step % 3 == 1 && done[0] < 3;
                       }};
  const Learned learned = learned_of(world);
  for (const auto& [name, make] : blind_to_head_starts()) {
    const auto strategy = make(learned, 7);
    for (int i = 0; i < 200; ++i) ASSERT_EQ(world.run(*strategy).moves.size(), 18U) << name;
  }
}

// Six interleavings of two times two steps, each as likely as the others.
TEST(UniformWalk, MakesAllOrdersEquallyLikely) {
  const ToyWorld world{.steps = {2, 2}};
  const Learned learned = learned_of(world);
  UniformWalk walk(learned, 3);
  std::map<std::vector<std::uint32_t>, int> counts;
  constexpr int kWays = 30'000;
  for (int i = 0; i < kWays; ++i) ++counts[world.run(walk).moves];
  ASSERT_EQ(counts.size(), 6U);
  for (const auto& [moves, count] : counts) EXPECT_NEAR(count, kWays / 6, kWays / 80);  // more than five deviations
}

// One step against five: who lost a race is as likely as not to win the next, so that the one is last of all with 1
// / 32. Where nothing races it keeps what it drew, and is last with 1 / 6.
TEST(PartialOrderSampling, DrawsAgainForThoseThatRace) {
  for (const bool do_race : {true, false}) {
    const ToyWorld world{.steps = {1, 5}, .pending = [do_race](auto process, auto) {
                           const std::string other = do_race ? "entries/a" : "entries/b";
                           return PendingStep{
                               .kind = StepKind::write, .path = process == 0 ? "entries/a" : other, .to_path = {}};
                         }};
    const Learned learned = learned_of(world);
    PartialOrderSampling strategy(learned, 11);
    constexpr int kWays = 6400;
    int last = 0;
    for (int i = 0; i < kWays; ++i) last += world.run(strategy).moves.back() == 0 ? 1 : 0;
    const double expected = do_race ? kWays / 32.0 : kWays / 6.0;
    EXPECT_NEAR(last, expected, 5 * std::sqrt(expected));
  }
}

// Two processes that touch different files have one order for all that anybody can notice; those that race draw again.
TEST(PartialOrderSampling, TakesEitherSideOfARaceEvenly) {
  const ToyWorld world{.steps = {3, 3}, .pending = [](auto process, auto step) {
                         const std::string own = process == 0 ? "entries/a" : "entries/b";
                         return PendingStep{
                             .kind = StepKind::write, .path = step == 1 ? "manifest.json" : own, .to_path = {}};
                       }};
  const Learned learned = learned_of(world);
  PartialOrderSampling strategy(learned, 9);
  int first = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto moves = world.run(strategy).moves;
    std::vector<int> done(2, 0);
    for (const std::uint32_t process : moves) {
      if (done[process]++ != 1) continue;
      first += process == 0 ? 1 : 0;
      break;
    }
  }
  EXPECT_NEAR(first, 2500, 180);  // five standard deviations
}

}  // namespace
}  // namespace stampede
