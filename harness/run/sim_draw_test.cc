// What a seed draws: a plan, a part of the mix, and choices that are the same in every build.
#include "harness/run/sim_draw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <typeinfo>
#include <vector>

#include "harness/plan/choices.h"
#include "harness/plan/plan_generator.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/sim_run.h"
#include "harness/strategy/default_schedule.h"
#include "harness/strategy/partial_order_sampling.h"
#include "harness/strategy/pct.h"
#include "harness/strategy/random_walk.h"
#include "harness/strategy/uniform_walk.h"

namespace stampede {
namespace {

TEST(SimDraw, ReadsStrategiesAsItPrintsThem) {
  for (const char* const text : {"mix", "pos", "urw", "random", "default", "pct:1", "pct:16", "exhaustive:0",
                                 "exhaustive:3", "exhaustive:3:plain"}) {
    const auto choice = parse_strategy(text);
    ASSERT_TRUE(choice) << text;
    EXPECT_EQ(print(*choice), text);
  }
  for (const char* const text : {"", "pct", "pct:", "pct:0", "pct:17", "pct:2x", "pct:-1", "exhaustive:",
                                 "exhaustive:plain", "exhaustive:2:", "exhaustive:2:plain:plain", "POS"}) {
    EXPECT_FALSE(parse_strategy(text)) << text;
  }
}

TEST(SimDraw, SkewsProcessesWithTheirFaultsAndSwitches) {
  Plan plan = three_get_one();
  plan.processes[2].idle_steps = 1;
  plan.process_faults = {{ProcessFaultKind::kill_before, 2, 17, {}}, {ProcessFaultKind::kill_before, 0, 3, {}}};
  plan.schedule.switches = {{1, 4, 0}, {0, 5, 1}};
  const Plan late = skewed(plan, 60);
  EXPECT_EQ(late.processes[0].idle_steps, 0U);
  EXPECT_EQ(late.processes[1].idle_steps, 60U);
  EXPECT_EQ(late.processes[2].idle_steps, 121U);
  EXPECT_EQ(late.process_faults[0].step, 137U);
  EXPECT_EQ(late.process_faults[1].step, 3U);
  EXPECT_EQ(late.schedule.switches, (std::vector<Switch>{{1, 64, 0}, {0, 5, 1}}));
}

// POS 40 %, PCT 40 % in four depths, both walks 10 %: what is drawn below 100 decides, and then the part's own seed.
TEST(SimDraw, PicksThePartsOfTheMixByTheirShares) {
  const std::pair<std::uint64_t, const char*> ends[] = {{40, "pos"},   {50, "pct:2"},  {60, "pct:3"}, {70, "pct:4"},
                                                        {80, "pct:5"}, {90, "random"}, {100, "urw"}};
  std::set<std::uint64_t> drawn;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const auto choices = choices_of_seed(seed);
    const std::uint64_t number = choices->below(100);
    drawn.insert(number);
    const auto* const part =
        std::find_if(std::begin(ends), std::end(ends), [&](auto& end) { return number < end.first; });
    const PickedStrategy picked = pick({.kind = StrategyKind::mix}, seed);
    EXPECT_EQ(print(picked.choice), part->second) << number;
    EXPECT_EQ(picked.seed, choices->below(UINT64_MAX));
  }
  EXPECT_EQ(drawn.size(), 100U);
  for (const char* const other : {"pos", "urw", "random", "default", "pct:3", "exhaustive:2:plain"}) {
    const PickedStrategy picked = pick(*parse_strategy(other), 5);
    EXPECT_EQ(print(picked.choice), other);
    EXPECT_EQ(picked.seed, 5U);
  }
}

// As in corpus/seeds.txt. Where these change, kGeneratorVersion goes up, and the stored seeds are renewed.
TEST(SimDraw, DrawsTheSamePlanInEveryBuild) {
  ASSERT_EQ(kGeneratorVersion, 2U);
  const SimDraw one = draw_sim(1), again = draw_sim(1), other = draw_sim(2), three = draw_sim(1, 3);
  EXPECT_EQ(plan_hash(one.plan), 0xd14d986969f1a804U);
  EXPECT_EQ(plan_hash(other.plan), 0x78cbf6ca1069e2f8U);
  EXPECT_EQ(again.plan, one.plan);
  EXPECT_EQ(again.strategy_seed, one.strategy_seed);
  EXPECT_NE(other.strategy_seed, one.strategy_seed);
  const auto choices = choices_of_seed(1);
  (void)draw_plan(*choices);
  EXPECT_EQ(one.strategy_seed, choices->below(UINT64_MAX));
  EXPECT_TRUE(one.plan.schedule.switches.empty());
  for (std::uint64_t seed = 0; seed < 50; ++seed) EXPECT_EQ(draw_sim(seed, 3).plan.processes.size(), 3U) << seed;
}

TEST(SimDraw, MakesTheStrategyThatIsAskedFor) {
  Learned learned;
  learned.shared_steps = 5;
  const auto is_a = [&]<class T>(std::type_identity<T>, const char* name) {
    const auto made = make_strategy(*parse_strategy(name), 1, &learned);
    const Strategy& strategy = *made;
    return typeid(strategy) == typeid(T);
  };
  EXPECT_TRUE(is_a(std::type_identity<DefaultSchedule>{}, "default"));
  EXPECT_TRUE(is_a(std::type_identity<RandomWalk>{}, "random"));
  EXPECT_TRUE(is_a(std::type_identity<PartialOrderSampling>{}, "pos"));
  EXPECT_TRUE(is_a(std::type_identity<UniformWalk>{}, "urw"));
  EXPECT_TRUE(is_a(std::type_identity<Pct>{}, "pct:3"));
  std::set<std::string> needing;
  for (const char* const name : {"default", "random", "pos", "urw", "pct:1", "pct:16"}) {
    if (needs_learning(*parse_strategy(name))) needing.insert(name);
  }
  EXPECT_THAT(needing, testing::ElementsAre("pct:1", "pct:16", "urw"));
}

TEST(SimDrawDeathTest, MakesNoStrategyWithoutTheLearningThatItNeeds) {
  EXPECT_DEATH((void)make_strategy({.kind = StrategyKind::pct, .depth = 2}, 1), "pct:2 needs a learning run");
  EXPECT_DEATH((void)make_strategy({.kind = StrategyKind::urw}, 1), "urw needs a learning run");
}

// Of each strategy: a seed gives a schedule, another seed another one, and so does another depth.
TEST(SimDraw, MovesProcessesByTheSeed) {
  SimRunner runner;
  Plan plan = three_get_one();
  const Learned learned = learn(LearningScope::one_run,
                                [&](const StrategyChoice&, Strategy& strategy) { (void)runner.run(plan, strategy); });
  const auto hash_of = [&](const char* name, std::uint64_t seed) {
    return runner.run(plan, *make_strategy(*parse_strategy(name), seed, &learned)).trace_hash;
  };
  std::set<std::uint64_t> hashes;
  for (const char* const name : {"random", "pos", "urw", "pct:2", "pct:5"}) {
    for (const std::uint64_t seed : {11, 12}) {
      EXPECT_EQ(hash_of(name, seed), hash_of(name, seed));
      EXPECT_TRUE(hashes.insert(hash_of(name, seed)).second) << name;
    }
  }
}

// The default schedule tells how many steps there are; twelve others, by turns, what is private.
TEST(SimDraw, LearnsFromOneRunOrFromSome) {
  for (const LearningScope scope : {LearningScope::one_run, LearningScope::some_runs}) {
    SimRunner runner;
    std::vector<std::string> runs;
    std::set<std::uint64_t> hashes;
    (void)learn(scope, [&](const StrategyChoice& choice, Strategy& strategy) {
      runs.push_back(print(choice));
      hashes.insert(runner.run(three_get_one(), strategy).trace_hash);
    });
    if (scope == LearningScope::one_run) {
      EXPECT_THAT(runs, testing::ElementsAre("default"));
      continue;
    }
    EXPECT_THAT(runs, testing::ElementsAre("default", "pos", "random", "pos", "random", "pos", "random", "pos",
                                           "random", "pos", "random", "pos", "random"));
    EXPECT_EQ(hashes.size(), 13U) << "each another one";
  }
}

}  // namespace
}  // namespace stampede
