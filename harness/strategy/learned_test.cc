// Tests of what runs tell: how many steps are shared, and which objects no two processes meet on.
#include "harness/strategy/learned.h"

#include <gtest/gtest.h>

#include "harness/strategy/default_schedule.h"
#include "harness/strategy/random_walk.h"
#include "harness/strategy/toy_world.h"

namespace stampede {
namespace {

// Process 0 works on its own entry, both on the manifest, where only the lock and two writes are; both read a third
// file, and close a directory that nobody locks.
PendingStep taken(std::uint32_t process, std::uint32_t step) {
  switch (step) {
    case 0:
      return step_on(StepKind::now, "");
    case 1:
      return step_on(StepKind::try_lock, "locks/manifest.lock");
    case 2:
      return step_on(StepKind::write, "manifest.json");
    case 3:
      return step_on(StepKind::write, process == 0 ? "entries/a" : "entries/b");
    case 4:
      return step_on(StepKind::read, "entries/c");
    case 5:
      return step_on(StepKind::close, "locks/manifest.lock");
    default:
      return step_on(StepKind::close, "entries");
  }
}

const ToyWorld kWorld{.steps = {7, 7}, .pending = taken};

TEST(Learned, CountsSharedStepsByTheTable) {
  Learning learning;
  DefaultSchedule schedule;
  learning.follow(schedule);
  kWorld.run(learning);
  const Learned learned = learning.finish(false);
  EXPECT_EQ(learned.shared_steps, 12U);
  EXPECT_EQ(learned.own_shared_steps, (std::vector<std::uint32_t>{6, 6}));
  EXPECT_TRUE(learned.private_objects.empty());
  EXPECT_TRUE(learned.is_shared(taken(0, 3)));
  EXPECT_FALSE(learned.is_shared(taken(0, 0)));
}

TEST(Learned, LeavesOutWhereNoTwoProcessesMeet) {
  Learning learning;
  DefaultSchedule schedule;
  RandomWalk walk(1);
  learning.follow(schedule);
  kWorld.run(learning);
  learning.follow(walk);
  kWorld.run(learning);
  const Learned learned = learning.finish(true);
  EXPECT_EQ(learned.shared_steps, 6U);
  EXPECT_EQ(learned.own_shared_steps, (std::vector<std::uint32_t>{3, 3}));
  for (std::uint32_t process = 0; process < 2; ++process) {
    for (const std::uint32_t step : {1, 2, 5}) EXPECT_TRUE(learned.is_shared(taken(process, step))) << step;
    for (const std::uint32_t step : {0, 3, 4, 6}) EXPECT_FALSE(learned.is_shared(taken(process, step))) << step;
  }
  EXPECT_TRUE(learned.is_shared(step_on(StepKind::write, "entries/d"))) << "what no run has met may be anybody's";
}

TEST(Learned, KnowsThatTurnsAreEverybodys) {
  const ToyWorld world{.steps = {3, 1}, .pending = [](auto process, auto) {
                         return step_on(process == 0 ? StepKind::connect : StepKind::now, "");
                       }};
  Learning learning;
  DefaultSchedule schedule;
  learning.follow(schedule);
  world.run(learning);
  const Learned learned = learning.finish(true);
  EXPECT_EQ(learned.shared_steps, 3U);
  EXPECT_TRUE(learned.is_shared(step_on(StepKind::connect, "")));
}

TEST(Learned, TakesTheLongestRun) {
  Learning learning;
  DefaultSchedule schedule;
  learning.follow(schedule);
  ToyWorld{.steps = {3, 5}}.run(learning);
  ToyWorld{.steps = {4, 2}}.run(learning);
  const Learned learned = learning.finish(false);
  EXPECT_EQ(learned.shared_steps, 8U);
  EXPECT_EQ(learned.own_shared_steps, (std::vector<std::uint32_t>{4, 5}));
}

TEST(Learned, IsOneStepAtLeast) {
  Learning learning;
  DefaultSchedule schedule;
  learning.follow(schedule);
  ToyWorld{.steps = {0}}.run(learning);
  EXPECT_EQ(learning.finish(true).shared_steps, 1U);
}

}  // namespace
}  // namespace stampede
