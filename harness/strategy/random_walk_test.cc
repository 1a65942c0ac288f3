// Tests of the random walk.
#include "harness/strategy/random_walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "harness/strategy/default_schedule.h"
#include "harness/strategy/toy_world.h"

namespace stampede {
namespace {

TEST(DefaultSchedule, LetsEachProcessRunToItsEnd) {
  DefaultSchedule strategy;
  const ToyRun run = ToyWorld{.steps = {2, 0, 3}}.run(strategy);
  EXPECT_EQ(run.moves, (std::vector<std::uint32_t>{0, 0, 2, 2, 2}));
  EXPECT_TRUE(run.switches.empty());
}

TEST(RandomWalk, WalksTheSameWaysForTheSameSeed) {
  RandomWalk one(7);
  RandomWalk same(7);
  RandomWalk other(8);
  const ToyWorld world{.steps = {10, 10, 10}};
  bool differ = false;
  for (int i = 0; i < 20; ++i) {
    const ToyRun run = world.run(one);
    EXPECT_EQ(run.moves, world.run(same).moves);
    differ |= run.moves != world.run(other).moves;
  }
  EXPECT_TRUE(differ);
}

TEST(RandomWalk, WalksAnotherWayEachTime) {
  RandomWalk strategy(1);
  const ToyWorld world{.steps = {20, 20}};
  const ToyRun first = world.run(strategy);
  EXPECT_NE(first.moves, world.run(strategy).moves);
}

// With two processes of two steps, each of the first three decisions is even: both first moves of one process 1/4, then
// the rest is forced; otherwise 1/8 each.
TEST(RandomWalk, ChoosesEvenly) {
  RandomWalk strategy(3);
  const ToyWorld world{.steps = {2, 2}};
  std::map<std::vector<std::uint32_t>, int> counts;
  constexpr int kRuns = 80'000;
  for (int i = 0; i < kRuns; ++i) ++counts[world.run(strategy).moves];
  ASSERT_EQ(counts.size(), 6U);
  for (const auto& [moves, count] : counts) {
    const double expected = moves[0] == moves[1] ? kRuns / 4.0 : kRuns / 8.0;
    EXPECT_NEAR(count, expected, expected / 20);  // five standard deviations
  }
}

TEST(RandomWalk, ChoosesEvenlyAmongThree) {
  RandomWalk strategy(4);
  const ToyWorld world{.steps = {1, 1, 1}};
  std::map<std::vector<std::uint32_t>, int> counts;
  constexpr int kRuns = 60'000;
  for (int i = 0; i < kRuns; ++i) ++counts[world.run(strategy).moves];
  ASSERT_EQ(counts.size(), 6U);
  for (const auto& [moves, count] : counts) EXPECT_NEAR(count, kRuns / 6, kRuns / 120);  // more than five deviations
}

TEST(RandomWalk, TakesChoicesOfOthers) {
  const std::vector<std::byte> bytes = {std::byte{1}, std::byte{0}, std::byte{1}};
  const auto choices = choices_of_bytes(bytes);
  RandomWalk strategy(*choices);
  EXPECT_EQ((ToyWorld{.steps = {2, 2}}.run(strategy).moves), (std::vector<std::uint32_t>{1, 0, 1, 0}));
}

}  // namespace
}  // namespace stampede
