// What an exploration says that it ran is what it ran: each seed once, all that they broke, and the same when replayed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/plan/plan_generator.h"
#include "harness/plan/plan_json.h"
#include "harness/run/plan_replay.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/sim_exploration.h"
#include "harness/run/tampered_world_for_test.h"
#include "harness/run/trace.h"

namespace stampede {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

void ignore_progress(const SimTotals&) {}

SimExplorationOptions explored(std::uint64_t seed, std::uint64_t runs, StrategyKind kind, bool runs_twice,
                               std::function<Tampering(int run)> tamper) {
  SimExplorationOptions options;
  options.seed = seed;
  options.runs = runs;
  options.strategy = {.kind = kind};
  options.runs_twice = runs_twice;
  options.make_world = [tamper = std::move(tamper)] { return std::make_unique<TamperedWorld>(tamper); };
  return options;
}

// Schedules of one plan, of which some are learned from first, in a world of their own: that one is left alone.
SimExplorationOptions explored_plan(std::uint64_t seed, std::uint64_t runs, std::function<Tampering(int run)> tamper) {
  SimExplorationOptions options = explored(seed, runs, StrategyKind::random, true, nullptr);
  options.plan = three_get_one();
  options.make_world = [tamper = std::move(tamper), worlds = std::make_shared<int>(0)] {
    return ++*worlds == 2 ? std::make_unique<TamperedWorld>(tamper) : make_sim_plan_world();
  };
  return options;
}

Tampering leave_runs_alone(int) { return {}; }
Tampering litter_each_run(int) { return {.after = litter}; }

// The seeds that were run, each as the key of its plan, in a world that runs nothing.
std::multiset<std::string> keys_run(std::uint64_t seed, std::uint64_t runs, unsigned jobs, std::uint64_t shard,
                                    std::uint64_t shards) {
  std::mutex mutex;
  std::multiset<std::string> keys;
  const auto note = [&](const PlanStage& stage, Observer&) {
    const std::lock_guard guard(mutex);
    if (stage.stage == StageKind::run) keys.insert(key_of(stage));
    StageEnd end;
    end.ends.resize(stage.processes.size());
    end.own_steps.resize(stage.processes.size());
    return end;
  };
  SimExplorationOptions options =
      explored(seed, runs, StrategyKind::by_default, false, [&](int) { return Tampering{.instead = note}; });
  options.jobs = jobs;
  options.shard = shard;
  options.shards = shards;
  const SimTotals totals = explore_sim(options, ignore_progress);
  EXPECT_EQ(totals.plans, runs);
  EXPECT_EQ(totals.schedules, runs);
  EXPECT_EQ(totals.repetitions, 0U);
  return keys;
}

std::multiset<std::string> keys_of_seeds(const std::vector<std::uint64_t>& seeds) {
  std::multiset<std::string> keys;
  for (const std::uint64_t seed : seeds) keys.insert(key_of(draw_sim(seed).plan));
  return keys;
}

TEST(ExploredSeeds, AreEachRunOnceByAnyNumberOfJobs) {
  for (const std::uint64_t runs : {1, 63, 64, 65, 130}) {
    std::vector<std::uint64_t> seeds;
    for (std::uint64_t i = 0; i < runs; ++i) seeds.push_back(7000 + i);
    const auto expected = keys_of_seeds(seeds);
    for (const unsigned jobs : {1U, 3U}) {
      EXPECT_TRUE(keys_run(7000, runs, jobs, 0, 1) == expected) << runs << " runs, " << jobs << " jobs";
    }
  }
}

TEST(ExploredSeeds, AreDividedAmongShards) {
  for (std::uint64_t shard = 0; shard < 3; ++shard) {
    std::vector<std::uint64_t> seeds;
    for (std::uint64_t i = 0; i < 70; ++i) seeds.push_back(40 + shard + 3 * i);
    EXPECT_TRUE(keys_run(40, 70, 2, shard, 3) == keys_of_seeds(seeds)) << shard;
  }
}

// One plan alone is broken; where it stands among the runs, blocks and threads is nothing that matters.
TEST(ExploredSeeds, SayWhichOneBrokeWhereverItStands) {
  constexpr std::uint64_t kRuns = 130;
  const std::vector<std::uint64_t> places = {0, 63, kRuns - 1};
  std::vector<std::string> keys;  // of seeds from 2000 on
  for (std::uint64_t seed = 2000; seed < 3000; ++seed) keys.push_back(key_of(draw_sim(seed).plan));
  // No other seed of the range has the same processes as one of those at the places.
  const auto are_unlike = [&](std::uint64_t first) {
    const auto begin = keys.begin() + static_cast<std::ptrdiff_t>(first - 2000);
    return std::all_of(places.begin(), places.end(), [&](std::uint64_t place) {
      return std::count(begin, begin + kRuns, begin[static_cast<std::ptrdiff_t>(place)]) == 1;
    });
  };
  std::uint64_t first_seed = 2000;
  while (first_seed < 2800 && !are_unlike(first_seed)) ++first_seed;
  ASSERT_LT(first_seed, 2800U);
  for (const std::uint64_t place : places) {
    const std::string wanted = keys[first_seed - 2000 + place];
    const auto tamper = [wanted](int) {
      return Tampering{.after = [wanted](PlanWorld& world, const PlanStage& stage) {
        if (key_of(stage) == wanted) litter(world, stage);
      }};
    };
    SimExplorationOptions options = explored(first_seed, kRuns, StrategyKind::random, false, tamper);
    options.jobs = 3;
    const SimTotals totals = explore_sim(options, ignore_progress);
    SCOPED_TRACE(place);
    EXPECT_EQ(totals.violations, 1U);
    EXPECT_EQ(totals.divergences, 0U);
    ASSERT_TRUE(totals.strategies.contains("random"));
    EXPECT_EQ(totals.strategies.at("random").runs, kRuns);
    EXPECT_EQ(totals.strategies.at("random").hits, 1U);
    ASSERT_THAT(totals.discoveries, SizeIs(1));
    const SimDiscovery& found = totals.discoveries[0];
    EXPECT_EQ(found.seed, first_seed + place);
    ASSERT_THAT(found.violations, SizeIs(1));
    EXPECT_EQ(found.violations[0].invariant, "nothing_left_over");
    EXPECT_EQ(found.divergence, "");
    Plan drawn = draw_sim(found.seed).plan;
    drawn.schedule.switches = found.plan.schedule.switches;
    drawn.note = found.plan.note;
    EXPECT_EQ(found.plan, drawn);
    SimRunner runner(std::make_unique<TamperedWorld>(tamper));
    const SimReplay replay = replay_sim(runner, found.plan, true);
    EXPECT_EQ(replay.divergence, "");
    EXPECT_THAT(replay.outcome.violations, SizeIs(1));
    EXPECT_EQ(hash_text(replay.outcome.trace_hash), found.plan.note.trace_hash);
  }
}

TEST(ExploredSeeds, KeepTheFirstDiscoveriesAndCountAll) {
  SimExplorationOptions options = explored(300, 70, StrategyKind::random, true, litter_each_run);
  options.jobs = 3;
  const SimTotals totals = explore_sim(options, ignore_progress);
  EXPECT_EQ(totals.violations, 70U);
  EXPECT_EQ(totals.repetitions, 70U);
  EXPECT_EQ(totals.divergences, 0U);
  EXPECT_EQ(totals.strategies.at("random").hits, 70U);
  ASSERT_THAT(totals.discoveries, SizeIs(kSimDiscoveriesMax));
  for (std::uint64_t i = 0; i < kSimDiscoveriesMax; ++i) EXPECT_EQ(totals.discoveries[i].seed, 300 + i);
}

// `explore --seed N` and `replay --seed N`, with a subject that leaves litter.
TEST(ExploredSeeds, AreReplayedAsTheyWereExplored) {
  const SimTotals totals = explore_sim(explored(100, 10, StrategyKind::mix, true, litter_each_run), ignore_progress);
  EXPECT_EQ(totals.plans, 10U);
  std::set<std::string> parts;
  for (std::uint64_t seed = 100; seed < 110; ++seed) {
    std::vector<const SimDiscovery*> found;  // the learning run comes first, where there is one
    for (const SimDiscovery& each : totals.discoveries) {
      if (each.seed == seed) found.push_back(&each);
    }
    const SimDraw draw = draw_sim(seed);
    const PickedStrategy picked = pick({.kind = StrategyKind::mix}, draw.strategy_seed);
    parts.insert(print(picked.choice));
    ASSERT_THAT(found, SizeIs(needs_learning(picked.choice) ? 2 : 1)) << seed;
    SimRunner runner(std::make_unique<TamperedWorld>(litter_each_run));
    const ReplayReport report = replay_seed(runner, {seed, kGeneratorVersion, plan_hash(draw.plan)});
    EXPECT_EQ(report.verdict, ReplayVerdict::broken) << seed;
    EXPECT_EQ(report.trace_hash, found.back()->plan.note.trace_hash) << seed << " " << print(picked.choice);
    EXPECT_EQ(report.violations.size(), found.size()) << seed;
    EXPECT_EQ(report.speed.schedules, 2U) << "which are measured";
  }
  EXPECT_GT(parts.size(), 2U) << "seeds that tell strategies apart";
}

TEST(ExploredSeeds, AreReplayedWithTheRunThatTheyLearnFrom) {
  std::uint64_t seed = 100;
  while (!needs_learning(pick({.kind = StrategyKind::mix}, draw_sim(seed).strategy_seed).choice)) ++seed;
  const auto tamper = tamper_with(1, {.after = litter});
  const SimTotals totals = explore_sim(explored(seed, 1, StrategyKind::mix, true, tamper), ignore_progress);
  EXPECT_EQ(totals.violations, 1U);
  EXPECT_EQ(totals.strategies.at("default").hits, 1U);
  SimRunner runner(std::make_unique<TamperedWorld>(tamper));
  const ReplayReport report = replay_seed(runner, {seed, kGeneratorVersion, plan_hash(draw_sim(seed).plan)});
  EXPECT_EQ(report.verdict, ReplayVerdict::broken);
  EXPECT_THAT(report.detail, StartsWith("nothing_left_over: "));
}

// Every way in which a second run can be another one, at the first seed and at the last, which has a block of its own.
TEST(ExploredSeeds, SayThatARepetitionDiffers) {
  for (const NamedTampering& way : ways_to_tamper()) {
    const std::uint64_t place = way.name == "a violation" ? 64 : 0;
    const auto tamper = tamper_with(static_cast<int>(2 * place + 2), way.tampering);
    const SimTotals totals = explore_sim(explored_plan(0, place + 1, tamper), ignore_progress);
    SCOPED_TRACE(way.name);
    EXPECT_EQ(totals.divergences, 1U);
    EXPECT_EQ(totals.violations, 0U) << "of the first run";
    EXPECT_EQ(totals.repetitions, place + 1);
    EXPECT_EQ(totals.uncontrolled, 0U);
    ASSERT_THAT(totals.discoveries, SizeIs(1));
    EXPECT_EQ(totals.discoveries[0].seed, place);
    EXPECT_THAT(totals.discoveries[0].divergence,
                StartsWith(way.changes_trace ? "two runs differ, and no later one does in its steps"
                                             : "the traces are the same, and the verdicts are not"));
  }
}

TEST(ExploredSeeds, SayInWhichStepARepetitionDiffers) {
  const auto tamper = [](int run) { return run == 1 ? Tampering{} : ways_to_tamper()[0].tampering; };
  const SimTotals totals = explore_sim(explored(1, 1, StrategyKind::random, true, tamper), ignore_progress);
  ASSERT_THAT(totals.discoveries, SizeIs(1));
  EXPECT_THAT(totals.discoveries[0].divergence, StartsWith("step "));
  EXPECT_THAT(totals.discoveries[0].divergence, HasSubstr(": expected process 0 now, got process 0 now"));
}

TEST(ExploredSeeds, SayThatTheSwitchesOfARunDoNotComeUpAgain) {
  const Tampering otherwise{.before = [](PlanWorld& world) { world.set_read_only(true); }};
  const SimTotals totals = explore_sim(explored_plan(1, 1, tamper_with(2, otherwise)), ignore_progress);
  EXPECT_EQ(totals.divergences, 1U);
  ASSERT_THAT(totals.discoveries, SizeIs(1));
  EXPECT_THAT(totals.discoveries[0].divergence, HasSubstr("expected process"));
}

TEST(ExploredSeeds, AreRepeatedInTheOtherWorldWhereThereIsOne) {
  SimExplorationOptions options = explored(1, 5, StrategyKind::random, true, leave_runs_alone);
  options.make_repeating_world = [] {
    return std::make_unique<TamperedWorld>(tamper_with(3, ways_to_tamper()[1].tampering));
  };
  options.plan = three_get_one();
  const SimTotals totals = explore_sim(options, ignore_progress);
  EXPECT_EQ(totals.repetitions, 5U);
  EXPECT_EQ(totals.divergences, 1U);
  ASSERT_THAT(totals.discoveries, SizeIs(1));
  EXPECT_EQ(totals.discoveries[0].seed, 3U);
}

TEST(ExploredSeeds, CountNothingOfRunsThatNobodyControlled) {
  const auto lose = [](const char* why) {
    return Tampering{.after = litter, .end = [why](StageEnd& end) { end.uncontrolled = why; }};
  };
  const auto tamper = [&](int run) { return run == 2 ? lose("a thread") : run == 3 ? lose("a map") : Tampering{}; };
  const SimTotals totals = explore_sim(explored(1, 5, StrategyKind::random, false, tamper), ignore_progress);
  EXPECT_EQ(totals.uncontrolled, 2U);
  EXPECT_EQ(totals.why_uncontrolled, "a thread");
  EXPECT_EQ(totals.violations, 0U);
  EXPECT_EQ(totals.schedules, 3U);
  EXPECT_EQ(totals.plans, 3U);
  EXPECT_THAT(totals.discoveries, SizeIs(0));
  EXPECT_EQ(totals.strategies.at("random").runs, 3U);
}

TEST(ExploredSeeds, AreOfNoPlanWhereNoneOfItsRunsWasControlled) {
  SimExplorationOptions options = explored(1, 3, StrategyKind::random, true, [](int) {
    return Tampering{.end = [](StageEnd& end) { end.uncontrolled = "a thread"; }};
  });
  options.plan = three_get_one();
  const SimTotals totals = explore_sim(options, ignore_progress);
  EXPECT_EQ(totals.uncontrolled, 13U + 3) << "those that are learned from too";
  EXPECT_EQ(totals.schedules, 0U);
  EXPECT_EQ(totals.plans, 0U);
}

TEST(ExploredSeeds, KeepWhatTheFirstRunBrokeWhereTheSecondIsUncontrolled) {
  const auto tamper = [](int run) {
    return run == 1 ? Tampering{.after = litter}
                    : Tampering{.end = [](StageEnd& end) { end.uncontrolled = "a thread"; }};
  };
  const SimTotals totals = explore_sim(explored(1, 1, StrategyKind::random, true, tamper), ignore_progress);
  EXPECT_EQ(totals.uncontrolled, 1U);
  EXPECT_EQ(totals.violations, 1U);
  EXPECT_EQ(totals.divergences, 0U);
  ASSERT_THAT(totals.discoveries, SizeIs(1));
  EXPECT_EQ(totals.discoveries[0].divergence, "");
}

// A world that says that its runs may differ is believed; what it broke is told all the same.
TEST(ExploredSeeds, CallADifferenceThatTheWorldAnnouncesUncontrolled) {
  const auto tamper = [](int run) {
    Tampering tampering{.end = [](StageEnd& end) { end.why_others_differ = "other numbers"; }};
    if (run % 2 == 0) tampering.step = ways_to_tamper()[0].tampering.step;
    if (run == 3) tampering.after = litter;
    return tampering;
  };
  const SimTotals totals = explore_sim(explored(1, 2, StrategyKind::random, true, tamper), ignore_progress);
  EXPECT_EQ(totals.divergences, 0U);
  EXPECT_EQ(totals.uncontrolled, 2U);
  EXPECT_EQ(totals.why_uncontrolled, "other numbers");
  EXPECT_EQ(totals.violations, 1U);
  ASSERT_THAT(totals.discoveries, SizeIs(1));
  EXPECT_EQ(totals.discoveries[0].seed, 2U);
}

TEST(ExploredSeeds, AreNotBegunWhenTheTimeIsOver) {
  SimExplorationOptions options = explored(1, 100, StrategyKind::random, true, leave_runs_alone);
  options.seconds = 0;
  const SimTotals totals = explore_sim(options, ignore_progress);
  EXPECT_EQ(totals.schedules, 0U);
  EXPECT_EQ(totals.plans, 0U);
  EXPECT_FALSE(totals.interrupted);
}

// Of an exhaustive search too: a block of 64 runs is finished, and nothing is claimed of the rest.
TEST(ExploredSeeds, EndAnExhaustiveSearchBetweenBlocks) {
  SimExplorationOptions options = explored(1, 1, StrategyKind::exhaustive, false, leave_runs_alone);
  options.runs.reset();
  options.plan = three_get_one();
  options.strategy.preemptions_max = 1;
  std::size_t shown = 0;
  const auto count = [&](const SimTotals& totals) { shown += totals.schedules == 64 * (shown + 1) ? 1 : 0; };
  options.is_interrupted = [&] { return shown == 2; };
  const SimTotals interrupted = explore_sim(options, count);
  EXPECT_TRUE(interrupted.interrupted);
  EXPECT_FALSE(interrupted.is_exhausted);
  EXPECT_EQ(interrupted.schedules, 128U);
  EXPECT_EQ(interrupted.plans, 1U);
  options.is_interrupted = [] { return false; };
  options.seconds = 0;
  const SimTotals over = explore_sim(options, ignore_progress);
  EXPECT_FALSE(over.interrupted);
  EXPECT_FALSE(over.is_exhausted);
  EXPECT_EQ(over.schedules, 64U);
}

// A run of a command takes long, so each is a block of its own.
TEST(ExploredSeeds, AreShownOneByOneForCommands) {
  SimExplorationOptions options = explored(1, 3, StrategyKind::exhaustive, false, leave_runs_alone);
  options.plan = three_get_one();
  options.plan->subject = "a command";
  options.strategy.preemptions_max = 1;
  std::vector<std::uint64_t> shown;
  EXPECT_GT(explore_sim(options, [&](const SimTotals& totals) { shown.push_back(totals.schedules); }).seconds, 0.0);
  EXPECT_THAT(shown, testing::ElementsAre(1, 2, 3));
}

// With as many runs as there are schedules it is exhausted, with one fewer it is not; the last one counts as the first.
TEST(ExploredSeeds, SayThatTheLastScheduleOfAnExhaustiveSearchBroke) {
  Plan plan = three_get_one();
  plan.processes.resize(2);
  SimExplorationOptions options = explored(1, 1, StrategyKind::exhaustive, false, leave_runs_alone);
  options.runs.reset();
  options.plan = plan;
  options.strategy.preemptions_max = 1;
  options.strategy.is_plain = true;
  const std::uint64_t all = explore_sim(options, ignore_progress).schedules;
  ASSERT_GT(all, 64U);
  options.make_world = [&] {
    return std::make_unique<TamperedWorld>(tamper_with(static_cast<int>(all), {.after = litter}));
  };
  options.runs = all;
  const SimTotals last = explore_sim(options, ignore_progress);
  EXPECT_TRUE(last.is_exhausted);
  EXPECT_EQ(last.violations, 1U);
  EXPECT_EQ(last.strategies.at("exhaustive:1:plain").runs, all);
  EXPECT_EQ(last.strategies.at("exhaustive:1:plain").hits, 1U);
  ASSERT_THAT(last.discoveries, SizeIs(1));
  EXPECT_EQ(last.discoveries[0].seed, 1U);
  options.runs = all - 1;
  const SimTotals but_one = explore_sim(options, ignore_progress);
  EXPECT_FALSE(but_one.is_exhausted);
  EXPECT_EQ(but_one.violations, 0U);
  EXPECT_EQ(but_one.schedules, all - 1);
}

}  // namespace
}  // namespace stampede
