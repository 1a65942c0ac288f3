// The live world and the simulated one run the same plan in the same steps, with the same results and verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "harness/live/live_skip_for_test.h"
#include "harness/plan/plan_generator.h"
#include "harness/run/sim_run.h"
#include "harness/run/world_comparison.h"
#include "harness/strategy/random_walk.h"
#include "harness/strategy/replay.h"

namespace stampede {
namespace {

class LiveSim : public testing::Test {
 protected:
  void SetUp() override {
    auto world = make_live_plan_world({"/proc/self/exe", "live-zygote"});
    if (!world) GTEST_SKIP() << "no live world here: " << not_live_here(world.error().message());
    live_ = std::make_unique<SimRunner>(std::move(*world));
  }

  // Empty where both runs are equal.
  std::string difference(const Plan& plan, std::uint64_t seed) {
    RandomWalk sim_walk(seed), live_walk(seed);
    const SimOutcome& sim = sim_.run(plan, sim_walk, {.keeps_steps = true});
    const SimOutcome& live = live_->run(plan, live_walk, {.keeps_steps = true});
    steps_ += live.steps;
    if (!live.uncontrolled.empty()) return "uncontrolled: " + live.uncontrolled;
    return first_difference("sim", sim, "live", live);
  }

  SimRunner sim_;
  std::unique_ptr<SimRunner> live_;
  std::uint64_t steps_ = 0;
};

Plan gets(std::size_t processes, std::uint64_t size_bytes) {
  Plan plan;
  plan.models = {{"m0", size_bytes}};
  plan.processes.resize(processes);
  for (PlanProcess& process : plan.processes) process.operations = {{OperationKind::get, 0}};
  return plan;
}

// For a longer search by hand; a number without a name is no number.
std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

TEST_F(LiveSim, TakesTheSameStepsForOneGet) {
  EXPECT_EQ(difference(gets(1, 1024), 0), "");
  EXPECT_GT(steps_, 100U);
}

TEST_F(LiveSim, TakesTheSameStepsForThreeGetsInAnyOrder) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) EXPECT_EQ(difference(gets(3, 16 * 1024), seed), "");
}

TEST_F(LiveSim, TakesTheSameIdleSteps) {
  Plan plan = gets(2, 1024);
  plan.processes[1].idle_steps = 60;
  for (std::uint64_t seed = 0; seed < 5; ++seed) EXPECT_EQ(difference(plan, seed), "");
  EXPECT_GT(steps_, 5U * 230);
}

TEST_F(LiveSim, TakesTheSameStepsForDrawnPlans) {
  const std::uint64_t plans = number_from("STAMPEDE_LIVE_PLANS", 100);
  const std::uint64_t first = number_from("STAMPEDE_LIVE_FIRST", 0);
  std::size_t different = 0;
  for (std::uint64_t seed = first; seed < first + plans && different < 5; ++seed) {
    const auto choices = choices_of_seed(seed);
    const Plan plan = draw_plan(*choices, {.model_bytes_max = 16 * 1024});
    const std::string found = difference(plan, seed);
    EXPECT_EQ(found, "") << "seed " << seed << ": " << print_line(plan);
    different += found.empty() ? 0 : 1;
  }
}

// What was found in one world is replayed in the other, switch by switch.
TEST_F(LiveSim, ReplaysASimulatedScheduleStrictly) {
  Plan plan = gets(3, 1024);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    RandomWalk walk(seed);
    const SimOutcome& sim = sim_.run(plan, walk);
    plan.schedule.switches = sim.run.switches;
    Replay replay(plan.schedule);
    const SimOutcome& live = live_->run(plan, replay);
    EXPECT_EQ(live.uncontrolled, "");
    EXPECT_EQ(replay.divergence(), "");
    EXPECT_EQ(live.trace_hash, sim.trace_hash);
  }
}

// On the real file system, after a kill before and after each step of each of three processes, the epilogue's clean
// gets succeed: the judge says so. There are as many steps as in the simulated world.
TEST_F(LiveSim, RecoversFromAKillAtEveryStep) {
  Plan plan = gets(3, 1024);
  const Replay defaults(plan.schedule);
  Replay walk = defaults;
  const std::vector<std::uint32_t> own_steps = sim_.run(plan, walk).run.own_steps;
  std::size_t points = 0;
  for (std::uint32_t process = 0; process < 3; ++process) {
    for (std::uint32_t step = 0; step < own_steps[process]; ++step) {
      for (const auto kind : {ProcessFaultKind::kill_before, ProcessFaultKind::kill_after}) {
        plan.process_faults = {{kind, process, step, {}}};
        Replay sim_walk = defaults, live_walk = defaults;
        const std::uint64_t sim_hash = sim_.run(plan, sim_walk).trace_hash;
        const SimOutcome& live = live_->run(plan, live_walk);
        ASSERT_EQ(live.uncontrolled, "");
        EXPECT_EQ(live.run.ends[process], ProcessEnd::killed);
        EXPECT_EQ(live.trace_hash, sim_hash) << print_line(plan);
        EXPECT_THAT(live.violations, testing::IsEmpty()) << print_line(plan);
        ++points;
      }
    }
  }
  EXPECT_GT(points, 200U);
}

}  // namespace
}  // namespace stampede
