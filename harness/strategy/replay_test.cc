// Tests of replay: what was recorded comes back, and what does not fit is said or counted.
#include "harness/strategy/replay.h"

#include <gtest/gtest.h>

#include "harness/strategy/random_walk.h"
#include "harness/strategy/toy_world.h"

namespace stampede {
namespace {

using Moves = std::vector<std::uint32_t>;

TEST(Replay, TakesTheWayThatWasRecorded) {
  RandomWalk walk(11);
  // Process 2 waits for the third step of process 0, which happens again and again in the middle of things.
  const ToyWorld world{.steps = {6, 5, 7}, .is_blocked = [](auto process, auto step, const auto& done) {
                         return process == 2 && step % 3 == 1 && done[0] < 3;
                       }};
  std::size_t switches = 0;
  for (int i = 0; i < 1000; ++i) {
    const ToyRun recorded = world.run(walk);
    switches += recorded.switches.size();
    Replay replay(Schedule{.switches = recorded.switches});
    for (int again = 0; again < 2; ++again) {
      const ToyRun replayed = world.run(replay);
      ASSERT_EQ(replayed.moves, recorded.moves);
      ASSERT_EQ(replayed.switches, recorded.switches);
      ASSERT_EQ(replay.divergence(), "");
      ASSERT_EQ(replay.unused(), 0U);
    }
  }
  EXPECT_GT(switches, 4000U);
}

TEST(Replay, WithoutSwitchesIsTheDefault) {
  Replay replay{Schedule{}};
  EXPECT_EQ((ToyWorld{.steps = {2, 2}}.run(replay).moves), (Moves{0, 0, 1, 1}));
  EXPECT_EQ(replay.divergence(), "");
}

TEST(Replay, KeepsTheOrderOfSwitchesAtOneStep) {
  // Process 0 is done at once; who follows is said twice, by its step count.
  Replay replay{Schedule{.switches = {{0, 0, 1}, {1, 1, 0}, {0, 1, 2}}}};
  EXPECT_EQ((ToyWorld{.steps = {1, 2, 1}}.run(replay).moves), (Moves{1, 0, 2, 1}));
  EXPECT_EQ(replay.divergence(), "");
}

TEST(Replay, SaysWhereATargetCannotMove) {
  const ToyWorld world{.steps = {3, 1, 1}};
  const Schedule schedule{.switches = {{0, 1, 1}, {0, 2, 1}, {0, 3, 2}}};
  Replay strict(schedule);
  EXPECT_EQ(world.run(strict).moves, (Moves{0, 1, 0, 0, 2}));
  EXPECT_EQ(strict.divergence(),
            "step 3: expected process 1 to move before step 2 of process 0, got process 1 unable to move (0, 2 can)");
  EXPECT_EQ(strict.unused(), 2U);

  Replay lenient(schedule, Replay::Mode::lenient);
  EXPECT_EQ(world.run(lenient).moves, (Moves{0, 1, 0, 0, 2}));
  EXPECT_EQ(lenient.divergence(), "");
  EXPECT_EQ(lenient.unused(), 1U);  // the last one is the default, and used
}

TEST(Replay, SaysWhatWasLeftOver) {
  const Schedule schedule{.switches = {{1, 9, 0}, {0, 1, 1}, {1, 0, 0}, {7, 0, 1}}};
  const ToyWorld world{.steps = {2, 2}};
  Replay strict(schedule);
  EXPECT_EQ(world.run(strict).moves, (Moves{0, 1, 1, 0}));
  EXPECT_EQ(strict.divergence(),
            "step 4: expected process 0 to move before step 9 of process 1, got the end of the run");
  EXPECT_EQ(strict.unused(), 3U);
  Replay lenient(schedule, Replay::Mode::lenient);
  EXPECT_EQ(world.run(lenient).moves, (Moves{0, 1, 1, 0}));
  EXPECT_EQ(lenient.divergence(), "");
  EXPECT_EQ(lenient.unused(), 3U);
}

TEST(Replay, SaysTheFirstThatWasLeftOver) {
  Replay replay(Schedule{.switches = {{0, 1, 1}, {1, 9, 0}, {0, 7, 1}}});
  ToyWorld{.steps = {2, 2}}.run(replay);
  EXPECT_EQ(replay.divergence(),
            "step 4: expected process 0 to move before step 9 of process 1, got the end of the run");
  EXPECT_EQ(replay.unused(), 2U);
}

TEST(Replay, FollowsASwitchBackToWhoeverSleeps) {
  // The world offers the last process although another one is the default; a switch may name it.
  Replay replay{Schedule{.switches = {{1, 4, 1}}}};
  replay.begin();
  const Candidate candidates[] = {{.process = 0}, {.process = 1}};
  const Decision decision{.last = 1, .last_step = 4, .candidates = candidates, .by_default = 0};
  EXPECT_EQ(replay.choose(decision), 1U);
  EXPECT_EQ(replay.choose(decision), 0U);
  EXPECT_EQ(replay.divergence(), "");
}

}  // namespace
}  // namespace stampede
