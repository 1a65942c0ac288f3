// Plans are drawn from seeds alone, and hold what was asked for.
#include "harness/run/plan_draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace stampede {
namespace {

DrawOptions options_with(double fault_share) {
  DrawOptions options;
  options.models = {generated_model("a", 100), generated_model("b", 5000), generated_model("c", 0)};
  options.processes = 20;
  options.fault_share = fault_share;
  return options;
}

TEST(PlanDraw, DrawsTheSamePlanFromTheSameSeed) {
  const FreePlan first = draw_plan(options_with(0.5), 7);
  const FreePlan second = draw_plan(options_with(0.5), 7);
  const FreePlan other = draw_plan(options_with(0.5), 8);
  EXPECT_EQ(first.faults, second.faults);
  EXPECT_NE(first.faults, other.faults);
  for (std::size_t i = 0; i < first.processes.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(first.processes[i].operations.at(k).model, second.processes[i].operations.at(k).model);
    }
  }
}

TEST(PlanDraw, DrawsEveryKindAboutEquallyOften) {
  std::map<std::string_view, int> counts;
  const FreePlan plan = draw_plan(options_with(0.5), 1);
  ASSERT_EQ(plan.faults.faults.size(), 20U * 3 * 5);
  int faults = 0;
  std::size_t pairs = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    for (const FaultTurn& turn : draw_plan(options_with(0.5), seed).faults.faults) {
      EXPECT_TRUE(check(turn)) << print(turn);
      if (turn.parts.empty()) continue;
      ++counts[name_of(turn.parts[0].kind)], ++faults;
      if (turn.parts.size() > 1) ++pairs;
    }
  }
  EXPECT_NEAR(faults, 6000, 300);
  EXPECT_EQ(counts.size(), all_fault_kinds().size() - 2);  // none and refused are no turns' faults
  for (const auto& [kind, count] : counts) EXPECT_NEAR(count, faults / static_cast<int>(counts.size()), 60) << kind;
  EXPECT_GT(pairs, 600U);
}

TEST(PlanDraw, ComesToEveryKindWithinEightSeedsThatMeetFewFaultsEach) {
  const std::size_t kinds = all_fault_kinds().size() - 2;
  const std::size_t met_in_a_run = kinds / 8 + 1;
  for (std::uint64_t deck = 0; deck < 3; ++deck) {
    std::set<FaultKind> met;
    for (std::uint64_t seed = deck * 8; seed < deck * 8 + 8; ++seed) {
      const FreePlan plan = draw_plan(options_with(1), seed);
      for (std::size_t i = 0; i < met_in_a_run; ++i) met.insert(plan.faults.faults.at(i).parts.at(0).kind);
    }
    EXPECT_EQ(met.size(), kinds);
  }
}

TEST(PlanDraw, DrawsTimesThatARunCanAfford) {
  DrawOptions options = options_with(1);
  options.models.push_back(generated_model("large", 1'000'000));
  int looked_at = 0;
  for (const FaultTurn& turn : draw_plan(options, 1).faults.faults) {
    for (const NetworkFault& part : turn.parts) {
      if (part.kind == FaultKind::stall_before_headers || part.kind == FaultKind::stall_in_body) {
        EXPECT_LE(part.time.value(), std::chrono::milliseconds(5));
        ++looked_at;
      }
      if (part.kind == FaultKind::drip) {
        EXPECT_GT(part.count, 1'000'000U / 200);
        ++looked_at;
      }
    }
  }
  EXPECT_GT(looked_at, 10);
}

TEST(PlanDraw, GivesEachProcessEveryModelOnce) {
  DrawOptions options = options_with(0);
  options.separate_directories = true;
  const FreePlan plan = draw_plan(options, 3);
  EXPECT_EQ(plan.directories, 20U);
  for (std::size_t i = 0; i < plan.processes.size(); ++i) {
    std::vector<std::size_t> models;
    for (const PlannedOperation& operation : plan.processes[i].operations) {
      models.push_back(operation.model);
      EXPECT_EQ(operation.directory, i);
    }
    std::sort(models.begin(), models.end());
    EXPECT_EQ(models, (std::vector<std::size_t>{0, 1, 2}));
  }
  options.operations_per_process = 7;
  EXPECT_EQ(draw_plan(options, 3).processes[0].operations.size(), 7U);
}

TEST(PlanDraw, KeepsAFaultThatWasGivenInFull) {
  DrawOptions options = options_with(1);
  options.faults = {"drip:50+flip_byte:7"};
  for (const FaultTurn& turn : draw_plan(options, 1).faults.faults) EXPECT_EQ(print(turn), "drip:50+flip_byte:7");
}

TEST(PlanDraw, RefusesWhatCannotBeDrawn) {
  const auto refused = [](auto change) {
    DrawOptions options = options_with(0.5);
    change(options);
    return !check(options).has_value();
  };
  EXPECT_FALSE(refused([](DrawOptions&) {}));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.models.clear(); }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.processes = 0; }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.fault_share = 1.5; }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.refused_models = 4; }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.faults = {"bogus"}; }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.faults = {"refused"}; }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.faults = {"refused+drip:1"}; }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.faults = {"flip_byte:1+flip_byte:2"}; }));
}

}  // namespace
}  // namespace stampede
