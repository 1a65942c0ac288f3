// Plans are drawn from seeds alone, and hold what was asked for.
#include "harness/run/plan_draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

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
  EXPECT_NEAR(static_cast<double>(pairs), 0.25 * faults * 0.75, 0.05 * faults) << "some contradict the first part";
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

// What each kind's part may say, over many draws: all of it comes, and nothing else.
TEST(PlanDraw, DrawsTheValuesThatEachKindHas) {
  std::map<FaultKind, std::set<std::uint64_t>> places, counts;
  std::map<FaultKind, std::set<std::int64_t>> times;
  std::set<int> statuses, retried;
  std::size_t retry_after = 0, retryable = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    for (const FaultTurn& turn : draw_plan(options_with(1), seed).faults.faults) {
      for (const NetworkFault& part : turn.parts) {
        if (part.at_bytes != 0) places[part.kind].insert(part.at_bytes);
        if (part.count != 0) counts[part.kind].insert(part.count);
        if (part.time) times[part.kind].insert(part.time->count());
        if (part.kind != FaultKind::status) {
          EXPECT_FALSE(part.retry_after);
          continue;
        }
        statuses.insert(part.status);
        retryable += part.status == 429 || part.status == 503 ? 1 : 0;
        if (!part.retry_after) continue;
        EXPECT_EQ(part.retry_after->count(), 0);
        retried.insert(part.status);
        ++retry_after;
      }
    }
  }
  EXPECT_EQ(statuses, (std::set<int>{403, 404, 408, 410, 416, 429, 500, 502, 503, 504}));
  EXPECT_EQ(retried, (std::set<int>{429, 503}));
  EXPECT_NEAR(static_cast<double>(retry_after), static_cast<double>(retryable) / 2,
              0.1 * static_cast<double>(retryable));
  const std::set<FaultKind> with_places = {FaultKind::close_in_body, FaultKind::reset_in_body, FaultKind::flip_byte,
                                           FaultKind::zero_bytes, FaultKind::stall_in_body};
  std::set<FaultKind> seen;
  for (const auto& [kind, values] : places) {
    seen.insert(kind);
    EXPECT_LT(*values.rbegin(), 5000U);
    EXPECT_GT(*values.rbegin(), 4000U) << "late places of the largest model";
    EXPECT_LT(*values.begin(), 10U) << "early ones";
  }
  EXPECT_EQ(seen, with_places);
  EXPECT_EQ(counts.size(), 4U);
  EXPECT_EQ(counts[FaultKind::interim], (std::set<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(counts[FaultKind::other_version_same_etag], (std::set<std::uint64_t>{1, 2}));  // and 0
  EXPECT_EQ(counts[FaultKind::other_version_new_etag], (std::set<std::uint64_t>{1, 2}));
  EXPECT_EQ(*counts[FaultKind::drip].begin(), 5000U / 200 + 1);
  EXPECT_LT(*counts[FaultKind::drip].rbegin(), 5000U);
  const std::set<std::int64_t> stalls = {1, 2, 3, 4, 5};
  EXPECT_EQ(times, (std::map<FaultKind, std::set<std::int64_t>>{{FaultKind::stall_before_headers, stalls},
                                                                {FaultKind::stall_in_body, stalls}}));
}

TEST(PlanDraw, GivesAQuarterOfTheTurnsASecondPart) {
  DrawOptions options = options_with(1);
  options.faults = {"drip", "flip_byte"};
  int turns = 0, pairs = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const FaultTurn& turn : draw_plan(options, seed).faults.faults) {
      ++turns;
      pairs += turn.parts.size() == 2 ? 1 : 0;
    }
  }
  EXPECT_EQ(turns, 6000);
  EXPECT_NEAR(pairs, turns / 8, 100) << "in half of them it would be the same part again";
  options.faults = {"drip:10", "flip_byte"};
  for (const FaultTurn& turn : draw_plan(options, 1).faults.faults) EXPECT_EQ(turn.parts.size(), 1U) << print(turn);
}

// Of a deck of eight kinds, eight seeds begin each at another card; eight seeds on, the order is another one.
TEST(PlanDraw, DealsFaultsLikeCards) {
  DrawOptions options = options_with(1);
  for (int i = 1; i <= 8; ++i) options.faults.push_back("flip_byte:" + std::to_string(i));
  const auto dealt = [&](std::uint64_t seed) {
    std::vector<std::string> texts;
    for (const FaultTurn& turn : draw_plan(options, seed).faults.faults) texts.push_back(print(turn));
    return texts;
  };
  const std::vector<std::string> first = dealt(0);
  ASSERT_EQ(first.size(), 300U);
  EXPECT_EQ(std::set<std::string>(first.begin(), first.begin() + 8).size(), 8U);
  for (std::size_t i = 8; i < first.size(); ++i) EXPECT_EQ(first[i], first[i - 8]);
  for (std::uint64_t seed = 1; seed < 8; ++seed) {
    const std::vector<std::string> other = dealt(seed);
    EXPECT_TRUE(std::equal(other.begin(), other.begin() + 8, first.begin() + static_cast<std::ptrdiff_t>(seed)))
        << seed;
  }
  const std::vector<std::string> ninth = dealt(8);
  EXPECT_FALSE(std::equal(ninth.begin(), ninth.begin() + 8, first.begin()));
}

TEST(PlanDraw, DrawsOrdersKillsAndRefusalsWithinTheirBounds) {
  DrawOptions options = options_with(0);
  options.operations_per_process = 7;
  options.kills = 50;
  options.refused_models = 2;
  std::set<std::vector<std::size_t>> orders;
  std::set<std::size_t> connections, refused;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const FreePlan plan = draw_plan(options, seed);
    EXPECT_EQ(plan.directories, 1U);
    EXPECT_TRUE(plan.faults.faults.empty());
    EXPECT_EQ(plan.refused_models.size(), 2U);
    refused.insert(plan.refused_models.begin(), plan.refused_models.end());
    EXPECT_EQ(plan.kills.size(), 50U);
    for (const PlannedKill& kill : plan.kills) {
      connections.insert(kill.connection);
      EXPECT_EQ(kill.waiting, 0U);
    }
    ASSERT_EQ(plan.processes.size(), 20U);
    for (const PlannedProcess& process : plan.processes) {
      ASSERT_EQ(process.operations.size(), 7U);
      for (std::size_t begin : {0U, 3U}) {  // every model once, before any comes again
        std::vector<std::size_t> order;
        for (std::size_t i = begin; i < begin + 3; ++i) order.push_back(process.operations[i].model);
        orders.insert(order);
        EXPECT_EQ(std::set<std::size_t>(order.begin(), order.end()).size(), 3U);
      }
      for (const PlannedOperation& operation : process.operations) EXPECT_EQ(operation.directory, 0U);
    }
  }
  EXPECT_EQ(orders.size(), 6U) << "every order";
  EXPECT_EQ(connections, (std::set<std::size_t>{0, 1, 2})) << "requests that surely come";
  EXPECT_EQ(refused, (std::set<std::size_t>{0, 1, 2}));
  options.separate_directories = true;
  std::size_t last = 0;
  for (const PlannedKill& kill : draw_plan(options, 1).kills) last = std::max(last, kill.connection);
  EXPECT_GT(last, 2U);
  EXPECT_LT(last, 60U);
}

// The whole of a small plan: the same in every build.
TEST(PlanDraw, DrawsWhatItAlwaysDrew) {
  DrawOptions options;
  options.models = {generated_model("a", 100), generated_model("b", 5000)};
  options.processes = 2;
  options.refused_models = 1;
  options.kills = 1;
  options.fault_share = 0.5;
  const FreePlan plan = draw_plan(options, 7);
  std::string text;
  for (const PlannedProcess& process : plan.processes) {
    for (const PlannedOperation& operation : process.operations) text += std::to_string(operation.model);
    text += " ";
  }
  for (const std::size_t model : plan.refused_models) text += "refused " + std::to_string(model) + " ";
  for (const PlannedKill& kill : plan.kills) text += "kill " + std::to_string(kill.connection) + "\n";
  for (const FaultTurn& turn : plan.faults.faults) text += print(turn) + "\n";
  EXPECT_EQ(
      text,
      "01 01 refused 1 kill 1\nflip_byte:83\nother_version_same_etag:2\nnone\nclose_on_accept\nnone\ninterim:3\nnone\n"
      "bytes_after_body\nchunked_cut\nzero_bytes:36\nnone\nnone\nnone\nbare_lf\nnone\nredirect_to_file\nnone\n"
      "other_version_new_etag\nreset_in_body:2973\nchunked_trailers\n");
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
  for (const double share : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_TRUE(refused([share](DrawOptions& options) { options.fault_share = share; })) << share;
  }
  for (const double share : {0.0, 1.0}) {
    EXPECT_FALSE(refused([share](DrawOptions& options) { options.fault_share = share; })) << share;
  }
  EXPECT_FALSE(refused([](DrawOptions& options) { options.refused_models = 3; }));
  EXPECT_FALSE(refused([](DrawOptions& options) { options.faults = {"drip", "drip:10+flip_byte:7"}; }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.refused_models = 4; }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.faults = {"bogus"}; }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.faults = {"refused"}; }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.faults = {"refused+drip:1"}; }));
  EXPECT_TRUE(refused([](DrawOptions& options) { options.faults = {"flip_byte:1+flip_byte:2"}; }));
}

}  // namespace
}  // namespace stampede
