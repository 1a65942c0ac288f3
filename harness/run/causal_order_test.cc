// Orders of steps with few moves: what conflicts stays in order, what does not is put together.
#include "harness/run/causal_order.h"

#include <gtest/gtest.h>

#include "cache/os.h"
#include "harness/run/shrink_for_test.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

class Steps {
 public:
  Steps& add(std::uint32_t process, StepKind kind, std::string path, std::string to_path = "") {
    Step step;
    step.process = process;
    step.own_step = next_[process]++;
    step.kind = kind;
    step.path = std::move(path);
    step.to_path = std::move(to_path);
    steps_.push_back(std::move(step));
    return *this;
  }
  [[nodiscard]] const std::vector<Step>& list() const { return steps_; }

 private:
  std::map<std::uint32_t, std::uint32_t> next_;
  std::vector<Step> steps_;
};

bool in_conflict(StepKind kind, const std::string& path, StepKind other_kind, const std::string& other_path) {
  const auto steps = Steps().add(0, kind, path).add(1, other_kind, other_path).list();
  EXPECT_EQ(conflict(steps[0], steps[1]), conflict(steps[1], steps[0]));
  return conflict(steps[0], steps[1]);
}

TEST(Conflict, NeedsOneThingThatOneOfBothChanges) {
  EXPECT_TRUE(in_conflict(StepKind::write, "manifest.json", StepKind::read, "manifest.json"));
  EXPECT_TRUE(in_conflict(StepKind::unlink, "entries/a", StepKind::stat_name, "entries/a"));
  EXPECT_TRUE(in_conflict(StepKind::try_lock, "locks/a", StepKind::try_lock, "locks/a"));
  EXPECT_TRUE(in_conflict(StepKind::unlink, "tmp/a", StepKind::list, "tmp"));
  EXPECT_TRUE(in_conflict(StepKind::make_directory, "", StepKind::make_directory, ""));
  EXPECT_TRUE(in_conflict(StepKind::connect, "", StepKind::connect, ""));
  EXPECT_FALSE(in_conflict(StepKind::read, "manifest.json", StepKind::read, "manifest.json"));
  EXPECT_FALSE(in_conflict(StepKind::write, "entries/a", StepKind::write, "entries/b"));
  EXPECT_FALSE(in_conflict(StepKind::unlink, "entries/a", StepKind::list, "tmp"));
  EXPECT_FALSE(in_conflict(StepKind::now, "", StepKind::now, ""));
  EXPECT_FALSE(in_conflict(StepKind::send, "", StepKind::make_directory, ""));
}

TEST(FewestMoves, PutsTogetherWhatDoesNotConflict) {
  Steps steps;
  for (int i = 0; i < 5; ++i) steps.add(0, StepKind::read, "a").add(1, StepKind::read, "b");
  steps.add(1, StepKind::write, "c").add(0, StepKind::read, "c");
  // Process 1 writes before process 0 reads.
  EXPECT_EQ(fewest_moves(Plan{}, steps.list(), {}, false), (std::vector<Switch>{{0, 5, 1}, {1, 6, 0}}));
}

TEST(FewestMoves, LeavesOutWhatCannotHaveCausedTheLastStep) {
  Steps steps;
  steps.add(0, StepKind::write, "a")
      .add(2, StepKind::write, "x")
      .add(1, StepKind::read, "a")
      .add(2, StepKind::read, "y");
  steps.add(1, StepKind::write, "b").add(0, StepKind::read, "b");
  EXPECT_EQ(fewest_moves(Plan{}, steps.list(), {}, true), (std::vector<Switch>{{0, 1, 1}, {1, 2, 0}}));
}

TEST(FewestMoves, KeepsTheOrderOfStepsThatAFaultCounts) {
  Steps steps;
  steps.add(1, StepKind::write, "a").add(0, StepKind::write, "b");
  EXPECT_TRUE(fewest_moves(Plan{}, steps.list(), {}, false).size() <= 1);
  Plan plan;
  plan.disk = {DiskFault{.step = StepKind::write, .path = "", .error = 28}};
  EXPECT_EQ(fewest_moves(plan, steps.list(), {}, false), (std::vector<Switch>{{0, 0, 1}, {1, 1, 0}}));
}

// Whatever conflicts in a real run comes in the same order when it is run again in fewer moves.
TEST(FewestMoves, GivesTheSameRunsInFewerMoves) {
  SimRunner runner;
  std::uint64_t moves_before = 0, moves_after = 0, kept = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Plan plan = three_get_one();
    RandomWalk walk(seed);
    const SimOutcome& outcome = runner.run(plan, walk, {.keeps_steps = true});
    std::vector<Step> steps;
    for (const Step& step : outcome.trace) {
      if (step.stage == StageKind::run) steps.push_back(step);
    }
    moves_before += outcome.run.moves;
    const auto results = [](const SimOutcome& run) {
      std::vector<std::pair<std::uint32_t, bool>> hits;
      for (const OperationOutcome& each : run.operations) {
        if (each.stage == StageKind::run) hits.emplace_back(each.process, each.claims_hit);
      }
      std::sort(hits.begin(), hits.end());
      return hits;
    };
    const auto expected = results(outcome);
    plan.schedule.switches = fewest_moves(plan, steps, {}, false);
    const SimReplay replay = replay_sim(runner, plan, false);
    moves_after += replay.outcome.run.moves;
    kept += results(replay.outcome) == expected ? 1 : 0;
  }
  EXPECT_LT(moves_after * 4, moves_before);
  EXPECT_EQ(kept, 20U);
}

TEST(SharedPrivateFiles, AreThoseThatTwoProcessesTouch) {
  EXPECT_FALSE(shares_private_files(Steps().add(0, StepKind::write, "tmp/a").add(1, StepKind::write, "tmp/b").list()));
  EXPECT_TRUE(shares_private_files(Steps().add(0, StepKind::write, "tmp/a").add(1, StepKind::write, "tmp/a").list()));
}

}  // namespace
}  // namespace stampede
