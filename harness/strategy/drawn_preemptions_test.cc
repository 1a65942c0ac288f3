// Tests of the schedules that are written as choices.
#include "harness/strategy/drawn_preemptions.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <vector>

#include "harness/strategy/toy_world.h"

namespace stampede {
namespace {

using Moves = std::vector<std::uint32_t>;

ToyRun run_with(const ToyWorld& world, const std::vector<int>& values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  const auto choices = choices_of_bytes(bytes);
  DrawnPreemptions strategy(*choices);
  return world.run(strategy);
}

TEST(DrawnPreemptions, TakesTheDefaultsWithoutChoices) {
  const ToyRun run = run_with({.steps = {2, 2, 2}}, {});
  EXPECT_EQ(run.moves, (Moves{0, 0, 1, 1, 2, 2}));
  EXPECT_TRUE(run.switches.empty());
}

TEST(DrawnPreemptions, CountsPlacesUpToEachPreemption) {
  const ToyWorld world{.steps = {4, 4}};
  EXPECT_EQ(run_with(world, {1}).moves, (Moves{1, 1, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(run_with(world, {3}).moves, (Moves{0, 0, 1, 1, 1, 1, 0, 0}));
  // Among two there is one other, which takes no choice.
  EXPECT_EQ(run_with(world, {3, 2}).moves, (Moves{0, 0, 1, 1, 0, 0, 1, 1}));
  EXPECT_EQ(run_with(world, {3, 2}).preemptions, 2U);
}

TEST(DrawnPreemptions, ChoosesAmongTheOthers) {
  const ToyWorld world{.steps = {2, 2, 2}};
  EXPECT_EQ(run_with(world, {2, 0}).moves, (Moves{0, 1, 1, 0, 2, 2}));
  EXPECT_EQ(run_with(world, {2, 1}).moves, (Moves{0, 2, 2, 0, 1, 1}));
}

// Where the last one has ended, someone other than the lowest may follow.
TEST(DrawnPreemptions, DecidesWhoFollowsWhereTheLastHasEnded) {
  EXPECT_EQ(run_with({.steps = {1, 1, 1}}, {2, 0}).moves, (Moves{0, 2, 1}));
}

TEST(DrawnPreemptions, LetsPrivateStepsGoBy) {
  ToyWorld world{.steps = {4, 1}};
  world.pending = [](std::uint32_t process, std::uint32_t step) {
    const bool is_private = process == 0 && step < 3;
    return PendingStep{.kind = is_private ? StepKind::now : StepKind::open, .path = "entries", .to_path = {}};
  };
  EXPECT_EQ(run_with(world, {1}).moves, (Moves{0, 0, 0, 1, 0}));
}

// Every order of two by two steps is some choices.
TEST(DrawnPreemptions, ReachesEveryOrder) {
  const ToyWorld world{.steps = {2, 2}};
  std::set<Moves> orders;
  for (int first = 0; first < 5; ++first) {
    for (int second = 0; second < 5; ++second) {
      for (int third = 0; third < 5; ++third) orders.insert(run_with(world, {first, second, third}).moves);
    }
  }
  EXPECT_EQ(orders.size(), 6U);
}

}  // namespace
}  // namespace stampede
