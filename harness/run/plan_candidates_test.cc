// Smaller plans: what a cut takes with it, how what stays is numbered, and that every candidate is smaller and good.
#include "harness/run/plan_candidates.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "harness/plan/one_of_everything.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_draw.h"
#include "harness/run/sim_run.h"
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

Plan four_processes() {
  Plan plan;
  plan.models = {{"a", 10}, {"b", 2000}, {"c", 30}};
  plan.processes.resize(4);
  for (std::size_t i = 0; i < 4; ++i) plan.processes[i].operations = {{OperationKind::get, i % 3}};
  return plan;
}

TEST(PlanCandidates, AreSmallerAndGood) {
  SimRunner runner;
  std::size_t count = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SimDraw draw = draw_sim(seed);
    RandomWalk walk(draw.strategy_seed);
    draw.plan.schedule.switches = runner.run(draw.plan, walk).run.switches;
    for (const Plan& smaller : candidates(draw.plan)) {
      const auto checked = check(smaller);
      ASSERT_TRUE(checked) << seed << ": " << checked.error().message();
      ASSERT_LT(size_of(smaller), size_of(draw.plan)) << print_plan(smaller);
      ++count;
    }
  }
  EXPECT_GT(count, 2000U);
}

TEST(PlanCandidates, LeadToASinglePlainProcess) {
  Plan plan = plan_of_everything();
  for (std::vector<Plan> smaller = candidates(plan); !smaller.empty(); smaller = candidates(plan)) plan = smaller[0];
  Plan least;
  least.processes.resize(1);
  least.note = plan.note;
  EXPECT_EQ(plan, least) << print_plan(plan);
}

TEST(PlanCut, NumbersProcessesAnew) {
  Plan plan = four_processes();
  plan.disk.resize(3);
  for (DiskFault& fault : plan.disk) fault.error = ENOSPC;
  plan.disk[0].process = 1;
  plan.disk[1].process = 3;
  plan.process_faults = {{ProcessFaultKind::kill_before, 1, 7, {}}, {ProcessFaultKind::kill_before, 2, 8, {}}};
  plan.schedule.switches = {{0, 5, 2}, {2, 6, 3}};
  const Plan smaller = without(plan, {.processes = {1}});
  ASSERT_TRUE(check(smaller));
  EXPECT_EQ(smaller.processes.size(), 3U);
  ASSERT_EQ(smaller.disk.size(), 2U);
  EXPECT_EQ(smaller.disk[0].process, std::optional<std::size_t>(2));
  EXPECT_EQ(smaller.disk[1].process, std::nullopt);
  ASSERT_EQ(smaller.process_faults.size(), 1U);
  EXPECT_EQ(smaller.process_faults[0].process, 1U);
  EXPECT_EQ(smaller.schedule.switches, (std::vector<Switch>{{0, 5, 1}, {1, 6, 2}}));
}

TEST(PlanCut, KeepsTheOrderOfWhoStoodAroundAProcessThatGoes) {
  Plan plan = four_processes();
  plan.schedule.switches = {{0, 5, 1}, {1, 9, 2}, {2, 3, 1}, {1, 11, 2}, {2, 8, 1}, {1, 20, 3}};
  EXPECT_EQ(without(plan, {.processes = {1}}).schedule.switches, (std::vector<Switch>{{0, 5, 1}, {1, 8, 2}}));
  // Process 0 was first; without it whoever came next is first.
  plan.schedule.switches = {{0, 5, 2}, {2, 9, 1}};
  EXPECT_EQ(without(plan, {.processes = {0}}).schedule.switches, (std::vector<Switch>{{0, 0, 1}, {1, 9, 0}}));
}

TEST(PlanCut, TakesEverythingThatNamesAModelWithIt) {
  Plan plan = four_processes();
  plan.start.warm = {0, 1};
  plan.start.damage = {{DamageKind::cut, 1}, {DamageKind::flip_byte, 0}};
  const Plan smaller = without(plan, {.models = {0}});
  ASSERT_TRUE(check(smaller));
  EXPECT_EQ(smaller.models, (std::vector<PlanModel>{{"b", 2000}, {"c", 30}}));
  EXPECT_TRUE(smaller.processes[0].operations.empty());
  EXPECT_EQ(smaller.processes[1].operations, (std::vector<Operation>{{OperationKind::get, 0}}));
  EXPECT_EQ(smaller.start.warm, (std::vector<std::size_t>{0}));
  EXPECT_EQ(smaller.start.damage, (std::vector<Damage>{{DamageKind::cut, 0}}));
}

TEST(PlanCut, TakesDamageOfAnEntryThatIsNotWarmAnyMore) {
  Plan plan = four_processes();
  plan.start.warm = {0};
  plan.start.damage = {{DamageKind::cut, 0}, {DamageKind::unlisted, 0}};
  EXPECT_EQ(without(plan, {.warm = {0}}).start.damage, (std::vector<Damage>{{DamageKind::unlisted, 0}}));
}

TEST(PlanCut, MovesKeysDownWithOperationsWhoseStepsAreKnown) {
  Plan plan = four_processes();
  plan.processes[0].operations = {{OperationKind::get, 0}, {OperationKind::get, 1}};
  plan.process_faults = {{ProcessFaultKind::kill_before, 0, 50, {}}};
  plan.schedule.switches = {{0, 5, 1}, {0, 20, 1}, {0, 40, 1}};
  const Plan smaller = without(plan, {.operations = {{0, 0}}}, {{{8, 30}, {30, 60}}});
  EXPECT_EQ(smaller.processes[0].operations, (std::vector<Operation>{{OperationKind::get, 1}}));
  EXPECT_EQ(smaller.schedule.switches, (std::vector<Switch>{{0, 5, 1}, {0, 8, 1}, {0, 18, 1}}));
  EXPECT_EQ(smaller.process_faults[0].step, 28U);
}

// The third actor of process 1 is 1 + 3 * 64.
TEST(PlanCut, NumbersActorsOfCommandsAnewWithTheirProcesses) {
  Plan plan = four_processes();
  plan.subject = "some_command";
  plan.schedule.switches = {{1 + 64 * 3, 4, 3}, {3, 1, 1 + 64 * 2}, {2 + 64, 5, 3 + 64 * 7}};
  const Plan smaller = without(plan, {.processes = {0}});
  EXPECT_EQ(smaller.schedule.switches, (std::vector<Switch>{{64 * 3, 4, 2}, {2, 1, 64 * 2}, {1 + 64, 5, 2 + 64 * 7}}));
}

TEST(PlanCut, NumbersActorsOfCommandsAnewWithTheirOperations) {
  Plan plan = four_processes();
  plan.subject = "some_command";
  plan.processes[0].operations = {{OperationKind::get, 0}, {OperationKind::get, 1}};
  plan.schedule.switches = {{64 * 2, 3, 1}, {1 + 64, 2, 64 * 5}, {64 * 5, 6, 1 + 64 * 4}};
  const StepRanges ranges = {{{0, 30, 1, 4}, {30, 60, 4, 7}}};
  const Plan without_first = without(plan, {.operations = {{0, 0}}}, ranges);
  EXPECT_EQ(without_first.schedule.switches, (std::vector<Switch>{{1 + 64, 2, 64 * 2}, {64 * 2, 6, 1 + 64 * 4}}));
  const Plan without_second = without(plan, {.operations = {{0, 1}}}, ranges);
  EXPECT_EQ(without_second.schedule.switches.front(), (Switch{64 * 2, 3, 1}));
}

TEST(PlanCut, GivesLaterConnectionsTheirTurns) {
  Plan plan = four_processes();
  plan.network.faults = {*parse_turn("reset_on_accept"), *parse_turn("status:503"), *parse_turn("flip_byte:1")};
  Plan smaller = without(plan, {.turns = {1}});
  EXPECT_EQ(smaller.network.faults.size(), 3U);
  EXPECT_EQ(print(smaller.network.faults[2]), "flip_byte:1");
  smaller = without(smaller, {.turns = {2}});
  EXPECT_EQ(smaller.network.faults.size(), 1U);
  EXPECT_EQ(without(smaller, {.turns = {0}}).network, FaultSequence{});
}

TEST(PlanCut, MovesKeysDownWithIdleSteps) {
  Plan plan = four_processes();
  plan.processes[1].idle_steps = 60;
  plan.processes[1].umask = 0;
  plan.schedule.switches = {{1, 70, 2}, {2, 70, 1}};
  make_plain(plan, 1);
  EXPECT_EQ(plan.processes[1].idle_steps, 0U);
  EXPECT_EQ(plan.processes[1].umask, PlanProcess{}.umask);
  EXPECT_EQ(plan.schedule.switches, (std::vector<Switch>{{1, 10, 2}, {2, 70, 1}}));
}

}  // namespace
}  // namespace stampede
