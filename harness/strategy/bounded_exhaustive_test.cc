// Tests of bounded exhaustive search: counts against closed forms and brute force, and nothing twice.
#include "harness/strategy/bounded_exhaustive.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "harness/strategy/replay.h"
#include "harness/strategy/toy_world.h"

namespace stampede {
namespace {

using Moves = std::vector<std::uint32_t>;

// All ways, in the order in which they were taken. Fails where one comes twice or has too many preemptions.
std::vector<Moves> explore(const ToyWorld& world, const BoundedExhaustive::Options& options) {
  BoundedExhaustive strategy(options);
  std::vector<Moves> ways;
  std::set<Moves> seen;
  do {
    const ToyRun run = world.run(strategy);
    EXPECT_LE(run.preemptions, options.preemptions_max);
    EXPECT_TRUE(seen.insert(run.moves).second);
    ways.push_back(run.moves);
  } while (strategy.next());
  EXPECT_EQ(strategy.divergence(), "");
  EXPECT_EQ(strategy.schedules(), ways.size());
  return ways;
}

std::uint64_t choose(std::uint64_t n, std::uint64_t k) {
  std::uint64_t result = 1;
  for (std::uint64_t i = 0; i < k; ++i) result = result * (n - i) / (i + 1);
  return k > n ? 0 : result;
}

// Two processes in r blocks have r - 2 preemptions, since the last block but one ends its process; n steps make b
// blocks in C(n - 1, b - 1) ways.
std::uint64_t ways_of_two(std::uint64_t n, std::uint64_t m, std::uint64_t preemptions) {
  std::uint64_t ways = 0;
  for (std::uint64_t blocks = 2; blocks <= preemptions + 2; ++blocks) {
    const std::uint64_t less = blocks / 2;
    const std::uint64_t more = blocks - less;
    ways += choose(n - 1, more - 1) * choose(m - 1, less - 1) + choose(n - 1, less - 1) * choose(m - 1, more - 1);
  }
  return ways;
}

TEST(BoundedExhaustive, TakesAsManyWaysAsTheClosedFormSays) {
  for (std::uint32_t n = 1; n <= 6; ++n) {
    for (std::uint32_t m = 1; m <= 6; ++m) {
      for (std::uint32_t k = 0; k <= 12; ++k) {
        const auto ways = explore(ToyWorld{.steps = {n, m}}, {.preemptions_max = k});
        EXPECT_EQ(ways.size(), ways_of_two(n, m, k)) << n << " " << m << " " << k;
      }
      EXPECT_EQ(ways_of_two(n, m, 12), choose(n + m, n));  // the form itself, where nothing bounds it
    }
  }
}

// Without a bound, the multinomial; without preemptions, the orders of the processes.
TEST(BoundedExhaustive, TakesAllWaysOfThree) {
  EXPECT_EQ(explore(ToyWorld{.steps = {3, 3, 3}}, {.preemptions_max = 100}).size(), 1680U);
  EXPECT_EQ(explore(ToyWorld{.steps = {3, 3, 3}}, {.preemptions_max = 0}).size(), 6U);
  EXPECT_EQ(explore(ToyWorld{.steps = {5, 0, 2, 3}}, {.preemptions_max = 0}).size(), 6U);
}

// Of two processes: who begins is a choice, and so is each preemption; the move at an end is none.
TEST(BoundedExhaustive, CountsEverySwitchWhenAsked) {
  for (std::uint32_t k = 0; k <= 4; ++k) {
    BoundedExhaustive strategy({.preemptions_max = k, .counts_every_switch = true});
    std::uint64_t ways = 0;
    std::size_t most = 0;
    do {
      const ToyRun run = ToyWorld{.steps = {5, 5}}.run(strategy);
      most = std::max(most, run.switches.size());
      ++ways;
    } while (strategy.next());
    EXPECT_EQ(most, k);
    // Those that begin by default with up to k preemptions, and those that do not with up to k - 1.
    EXPECT_EQ(ways, (ways_of_two(5, 5, k) + (k == 0 ? 0 : ways_of_two(5, 5, k - 1))) / 2) << k;
  }
}

// Every interleaving by brute force, with its preemptions counted by themselves.
void enumerate(const std::vector<std::uint32_t>& steps, Moves& moves, std::vector<std::uint32_t>& done,
               std::uint32_t preemptions_left, std::set<Moves>& all) {
  bool ended = true;
  for (std::uint32_t p = 0; p < steps.size(); ++p) {
    if (done[p] == steps[p]) continue;
    ended = false;
    const bool preempts = !moves.empty() && moves.back() != p && done[moves.back()] < steps[moves.back()];
    if (preempts && preemptions_left == 0) continue;
    moves.push_back(p);
    ++done[p];
    enumerate(steps, moves, done, preemptions_left - (preempts ? 1 : 0), all);
    --done[p];
    moves.pop_back();
  }
  if (ended) all.insert(moves);
}

TEST(BoundedExhaustive, TakesTheWaysThatBruteForceFinds) {
  for (std::uint32_t k = 0; k <= 4; ++k) {
    for (const std::vector<std::uint32_t>& steps : {std::vector<std::uint32_t>{2, 3, 3}, {1, 1, 4}, {2, 2, 2, 1}}) {
      std::set<Moves> expected;
      Moves moves;
      std::vector<std::uint32_t> done(steps.size(), 0);
      enumerate(steps, moves, done, k, expected);
      const auto ways = explore(ToyWorld{.steps = steps}, {.preemptions_max = k});
      EXPECT_EQ(std::set<Moves>(ways.begin(), ways.end()), expected) << k;
    }
  }
}

TEST(BoundedExhaustive, TakesTheSameWaysInTheSameOrder) {
  const ToyWorld world{.steps = {4, 4, 2}};
  const auto ways = explore(world, {.preemptions_max = 2});
  EXPECT_EQ(ways, explore(world, {.preemptions_max = 2}));
  EXPECT_EQ(ways.front(), (Moves{0, 0, 0, 0, 1, 1, 1, 1, 2, 2}));  // the default comes first
}

TEST(BoundedExhaustive, MovesPastWhoIsBlockedAtNoCost) {
  // Process 0 needs the last step of process 1 before its own second; process 2 is free.
  const ToyWorld world{.steps = {2, 2, 1}, .is_blocked = [](auto process, auto step, const auto& done) {
                         return process == 0 && step == 1 && done[1] < 2;
                       }};
  const auto ways = explore(world, {.preemptions_max = 0});
  const std::set<Moves> expected = {{0, 1, 1, 0, 2}, {0, 1, 1, 2, 0}, {0, 2, 1, 1, 0}, {1, 1, 0, 0, 2},
                                    {1, 1, 2, 0, 0}, {2, 0, 1, 1, 0}, {2, 1, 1, 0, 0}};
  EXPECT_EQ(std::set<Moves>(ways.begin(), ways.end()), expected);
}

TEST(BoundedExhaustive, GivesSwitchesThatReplay) {
  const ToyWorld world{.steps = {3, 4, 2}};
  BoundedExhaustive strategy({.preemptions_max = 2});
  do {
    const ToyRun run = world.run(strategy);
    Replay replay(Schedule{.switches = run.switches});
    ASSERT_EQ(world.run(replay).moves, run.moves);
    ASSERT_EQ(replay.divergence(), "");
  } while (strategy.next());
  EXPECT_GT(strategy.schedules(), 100U);
}

// Steps 0, 3 and 4 of each process are shared, the others private.
bool is_shared_step(std::uint32_t step) { return step == 0 || step >= 3; }

// Who took the shared steps, in order.
std::set<Moves> shared_orders(const std::vector<Moves>& ways, std::size_t processes) {
  std::set<Moves> orders;
  for (const Moves& moves : ways) {
    Moves order;
    std::vector<std::uint32_t> done(processes, 0);
    for (const std::uint32_t process : moves) {
      if (is_shared_step(done[process]++)) order.push_back(process);
    }
    orders.insert(order);
  }
  return orders;
}

TEST(BoundedExhaustive, LosesNoOrderOfSharedStepsWherePrivateOnesAreLeftAlone) {
  const ToyWorld world{.steps = {5, 5, 5}, .pending = [](auto, auto step) {
                         const std::string path = is_shared_step(step) ? "manifest.json" : "tmp/a";
                         return PendingStep{.kind = StepKind::write, .path = path, .to_path = {}};
                       }};
  for (std::uint32_t k = 0; k <= 3; ++k) {
    const auto all = explore(world, {.preemptions_max = k});
    const auto few = explore(world, {.preemptions_max = k, .only_shared_steps = true});
    EXPECT_EQ(shared_orders(all, 3), shared_orders(few, 3)) << k;
    if (k > 0) {
      EXPECT_LT(few.size(), all.size());
    }
  }
}

TEST(BoundedExhaustive, NoticesAWorldThatDiffers) {
  BoundedExhaustive strategy({.preemptions_max = 1});
  ToyWorld{.steps = {3, 3}}.run(strategy);
  ASSERT_TRUE(strategy.next());
  ToyWorld{.steps = {1, 1, 1}}.run(strategy);
  EXPECT_FALSE(strategy.next());
  EXPECT_EQ(strategy.divergence(), "step 0: expected 2 candidates at step 0, got 3");

  BoundedExhaustive other({.preemptions_max = 1});
  ToyWorld{.steps = {3, 3}}.run(other);
  ASSERT_TRUE(other.next());
  ToyWorld{.steps = {1}}.run(other);
  EXPECT_FALSE(other.next());
  EXPECT_EQ(other.divergence(), "step 1: expected 2 candidates at step 0, got the end of the run");
}

TEST(BoundedExhaustive, HasOneScheduleForOneProcess) {
  EXPECT_EQ(explore(ToyWorld{.steps = {9}}, {.preemptions_max = 5}).size(), 1U);
}

}  // namespace
}  // namespace stampede
