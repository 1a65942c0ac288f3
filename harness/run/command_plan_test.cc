// What of a plan a command can be told stays, and nothing else.
#include "harness/run/command_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <set>
#include <string>

#include "harness/plan/choices.h"
#include "harness/plan/one_of_everything.h"
#include "harness/plan/plan_generator.h"

namespace stampede {
namespace {

TEST(CommandPlan, KeepsGetsAndWhatAnybodyCanMeet) {
  Plan plan = plan_of_everything();
  plan.start.damage = {{DamageKind::cut, 1}};
  plan.processes[0].operations = {{OperationKind::get_by_url, 1}, {OperationKind::list, 0},
                                  {OperationKind::find, 0},       {OperationKind::verify, 0},
                                  {OperationKind::repair, 0},     {OperationKind::recover, 0},
                                  {OperationKind::remove, 1},     {OperationKind::get, 0}};
  PlanProcess lists;
  lists.operations = {{OperationKind::list, 0}};
  plan.processes.push_back(lists);
  Plan expected = plan;
  expected.subject = "shell_cache";
  expected.processes = {PlanProcess{.operations = {{OperationKind::get, 1},
                                                   {OperationKind::get, 0},
                                                   {OperationKind::get, 1},
                                                   {OperationKind::get, 0}}},
                        PlanProcess{.operations = {{OperationKind::get, 1}}, .umask = 077},
                        PlanProcess{.operations = {{OperationKind::get, 0}}}};
  expected.start.damage.clear();
  expected.start.read_only = false;
  for (DiskFault& fault : expected.disk) fault.path.clear();
  EXPECT_EQ(as_command_plan(plan, "shell_cache"), expected);
}

TEST(CommandPlan, HasDiskFaultsAtStepsThatCommandsTake) {
  Plan plan;
  for (std::size_t kind = 0; kind < kStepKinds; ++kind) {
    plan.disk.push_back(DiskFault{.step = static_cast<StepKind>(kind), .path = "tmp/", .error = EIO});
  }
  std::set<std::string> gone;
  for (std::size_t kind = 0; kind < kStepKinds; ++kind) gone.emplace(name_of(static_cast<StepKind>(kind)));
  for (const DiskFault& fault : as_command_plan(plan, "x").disk) {
    gone.erase(std::string(name_of(fault.step)));
    EXPECT_EQ(fault.path, "");
    EXPECT_EQ(fault.error, EIO);
  }
  EXPECT_THAT(gone, testing::ElementsAre("list", "liveness", "now", "random", "resolve", "self", "wall_time"));
}

TEST(CommandPlan, HasAModelToGet) {
  Plan plan;
  plan.processes.resize(1);
  const Plan made = as_command_plan(plan, "x");
  EXPECT_EQ(made.models, (std::vector<PlanModel>{{"m0", 1000}}));
  ASSERT_EQ(made.processes.size(), 1U);
  EXPECT_EQ(made.processes[0].operations, (std::vector<Operation>{{OperationKind::get, 0}}));
}

TEST(CommandPlan, IsDrawnSmallAndTheSameFromASeed) {
  std::size_t processes = 0, operations = 0, models = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const SimDraw draw = draw_for_command(seed, {}, "x");
    EXPECT_EQ(draw.plan.subject, "x");
    EXPECT_TRUE(check(draw.plan)) << seed;
    processes = std::max(processes, draw.plan.processes.size());
    models = std::max(models, draw.plan.models.size());
    for (const PlanProcess& process : draw.plan.processes) operations = std::max(operations, process.operations.size());
  }
  EXPECT_EQ(processes, 3U);
  EXPECT_EQ(operations, 2U);
  EXPECT_EQ(models, 2U);
  EXPECT_EQ(draw_for_command(7, {}, "x").plan, draw_for_command(7, {}, "x").plan);
  EXPECT_NE(draw_for_command(7, {}, "x").plan, draw_for_command(8, {}, "x").plan);
  EXPECT_EQ(draw_for_command(7, 5, "x").plan.processes.size(), 5U);
  const auto choices = choices_of_seed(7);
  PlanLimits limits;
  limits.processes_max = 3, limits.operations_max = 2, limits.models_max = 2;
  const Plan drawn = draw_plan(*choices, limits);
  EXPECT_EQ(draw_for_command(7, {}, "x").plan, as_command_plan(drawn, "x"));
  EXPECT_EQ(draw_for_command(7, {}, "x").strategy_seed, choices->below(UINT64_MAX));
}

}  // namespace
}  // namespace stampede
