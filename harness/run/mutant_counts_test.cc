// Searches of mutants count exactly, and each stored plan is run on each mutant that it is kept for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/run/mutant_search.h"
#include "harness/run/sharp_replay.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/tampered_world_for_test.h"

namespace stampede {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;

std::unique_ptr<PlanWorld> littering_on(const std::string& key) {
  return std::make_unique<TamperedWorld>([key](int) {
    return Tampering{.after = [key](PlanWorld& world, const PlanStage& stage) {
      if (key_of(stage) == key) litter(world, stage);
    }};
  });
}

std::unique_ptr<PlanWorld> always(const Tampering& tampering) {
  return std::make_unique<TamperedWorld>([tampering](int) { return tampering; });
}
Tampering lost() {
  return {.end = [](StageEnd& end) { end.uncontrolled = "a thread"; }};
}

Mutant named(const std::string& name) {
  Mutant mutant;
  mutant.name = name;
  mutant.library = name + ".so";
  return mutant;
}

// The first seed from 100 on with several processes that are not those of a seed before.
std::uint64_t fresh_seed(std::uint64_t at_least) {
  for (std::uint64_t seed = 100 + at_least;; ++seed) {
    const std::string key = key_of(draw_sim(seed).plan);
    bool is_fresh = draw_sim(seed).plan.processes.size() > 1;
    for (std::uint64_t before = 100; before < seed; ++before) is_fresh &= key_of(draw_sim(before).plan) != key;
    if (is_fresh) return seed;
  }
}

class MutantCounts : public testing::Test {
 protected:
  MutantCounts() : seed_(fresh_seed(10)), key_(key_of(draw_sim(seed_).plan)) {
    options_.seed = 100;
    options_.runs = 200;
    options_.strategy = {.kind = StrategyKind::random};
    options_.make_world = [this](const std::string& file) {
      return file.empty() ? littering_on(good_breaks_) : littering_on(key_);
    };
  }
  MutantSearch search() {
    const auto searches = search_mutants({named("m")}, options_, [this](const MutantSearch&) { ++told_; });
    EXPECT_THAT(searches, SizeIs(1));
    return searches.empty() ? MutantSearch{} : searches[0];
  }

  std::uint64_t seed_;  // whose plan the mutant breaks something on
  std::string key_, good_breaks_ = "none";
  MutantSearchOptions options_;
  int told_ = 0;
};

TEST_F(MutantCounts, AreThePlansUntilTheFirstKill) {
  const MutantSearch found = search();
  EXPECT_TRUE(found.is_over);
  EXPECT_TRUE(found.is_killed);
  EXPECT_EQ(found.mutant, "m");
  EXPECT_EQ(found.seed, 100U);
  EXPECT_EQ(found.plans, seed_ - 100 + 1);
  EXPECT_EQ(found.schedules, found.plans);
  EXPECT_EQ(found.violation.invariant, "nothing_left_over");
  EXPECT_EQ(found.strategy, "random");
  EXPECT_EQ(key_of(found.plan), key_);
  EXPECT_EQ(found.uncontrolled, 0U);
  EXPECT_EQ(found.fleeting, 0U);
  EXPECT_EQ(found.good_breaks, "");
  EXPECT_FALSE(found.shrunk);
  EXPECT_EQ(told_, 1);
  EXPECT_GT(found.seconds, 0.0);
  SimRunner mutant(littering_on(key_));
  const SimDraw draw = draw_sim(seed_);
  const SimOutcome outcome = mutant.run(draw.plan, *make_strategy({}, draw.strategy_seed));
  EXPECT_FALSE(outcome.run.switches.empty());
  EXPECT_EQ(found.plan.schedule.switches, outcome.run.switches);
  const SimReplay replay = replay_sim(mutant, found.plan, true);
  EXPECT_EQ(replay.divergence, "");
  EXPECT_THAT(replay.outcome.violations, SizeIs(1));
}

TEST_F(MutantCounts, AreOfPlansWithTheSkewThatIsAskedFor) {
  options_.skew = 60;
  Plan late = skewed(draw_sim(seed_).plan, 60);
  key_ = key_of(late);
  const MutantSearch found = search();
  EXPECT_EQ(found.plans, seed_ - 100 + 1);
  late.schedule.switches = found.plan.schedule.switches;
  EXPECT_EQ(found.plan, late);
}

TEST_F(MutantCounts, EndAtTheLimit) {
  options_.runs = seed_ - 100 + 1;
  EXPECT_TRUE(search().is_killed) << "by the last plan";
  options_.runs = seed_ - 100;
  const MutantSearch survived = search();
  EXPECT_FALSE(survived.is_killed);
  EXPECT_TRUE(survived.is_over);
  EXPECT_EQ(survived.plans, options_.runs);
  EXPECT_EQ(survived.violation.invariant, "");
}

TEST_F(MutantCounts, GoOnWhereTheGoodCacheBreaksToo) {
  good_breaks_ = key_;
  options_.runs = seed_ - 100 + 3;
  const MutantSearch found = search();
  EXPECT_FALSE(found.is_killed);
  EXPECT_EQ(found.plans, options_.runs);
  EXPECT_THAT(found.good_breaks, StartsWith("nothing_left_over: "));
  EXPECT_EQ(found.violation.invariant, "") << "of a kill, and there is none";
  EXPECT_EQ(found.strategy, "");
}

TEST_F(MutantCounts, CallAViolationFleetingThatDoesNotComeAgain) {
  options_.runs = 5;
  options_.make_world = [](const std::string& file) {
    return std::make_unique<TamperedWorld>(tamper_with(file.empty() ? 0 : 2, {.after = litter}));
  };
  const MutantSearch found = search();
  EXPECT_FALSE(found.is_killed);
  EXPECT_EQ(found.fleeting, 1U);
  EXPECT_EQ(found.uncontrolled, 0U);
  EXPECT_EQ(found.plans, 5U);
}

TEST_F(MutantCounts, SayWhichRunsWereUncontrolled) {
  options_.runs = 5;
  options_.make_world = [](const std::string&) { return always(lost()); };
  EXPECT_EQ(search().uncontrolled, 5U);
  // The same plan again: nothing is known, and that is no fleeting violation.
  options_.make_world = [](const std::string&) {
    return std::make_unique<TamperedWorld>([](int run) {
      return run == 1 ? Tampering{.after = litter} : run == 2 ? lost() : Tampering{};
    });
  };
  const MutantSearch again = search();
  EXPECT_EQ(again.uncontrolled, 1U);
  EXPECT_EQ(again.fleeting, 0U);
  EXPECT_FALSE(again.is_killed);
  // The good cache on it.
  options_.make_world = [](const std::string& file) {
    return file.empty() ? always(lost()) : always({.after = litter});
  };
  const MutantSearch good = search();
  EXPECT_EQ(good.uncontrolled, 5U);
  EXPECT_FALSE(good.is_killed);
  EXPECT_EQ(good.good_breaks, "");
}

// PCT and URW learn the plan in a schedule before, which counts, and which may kill.
TEST_F(MutantCounts, CountTheRunsThatStrategiesLearnFrom) {
  options_.strategy = {.kind = StrategyKind::pct, .depth = 2};
  options_.runs = seed_ - 100;
  EXPECT_EQ(search().schedules, 2 * options_.runs);
  options_.runs = seed_ - 100 + 1;
  const MutantSearch found = search();
  EXPECT_TRUE(found.is_killed);
  EXPECT_EQ(found.schedules, 2 * options_.runs - 1) << "the learning run of the last plan killed";
  EXPECT_EQ(found.strategy, "default");
}

TEST_F(MutantCounts, BeginEachSearchWhereTheOneBeforeMustEnd) {
  options_.runs = seed_ - 100;
  options_.seeds = 3;
  std::vector<std::string> worlds;  // one for each mutant, and one for the good cache
  options_.make_world = [&](const std::string& file) {
    worlds.push_back(file);
    return littering_on(file.empty() ? "none" : key_);
  };
  std::vector<std::string> told;
  const auto searches = search_mutants({named("m"), named("n")}, options_, [&](const MutantSearch& one) {
    told.push_back(one.mutant + " " + std::to_string(one.seed) + (one.is_killed ? " killed" : ""));
  });
  const std::string first = "100", second = std::to_string(seed_), third = std::to_string(100 + 2 * options_.runs);
  EXPECT_THAT(told, ElementsAre("m " + first, "m " + second + " killed", testing::StartsWith("m " + third),
                                "n " + first, "n " + second + " killed", testing::StartsWith("n " + third)));
  EXPECT_THAT(worlds, ElementsAre("m.so", "", "n.so"));
  ASSERT_THAT(searches, SizeIs(6));
  EXPECT_EQ(searches[1].plans, 1U);
  EXPECT_EQ(searches[4].plans, 1U);
}

TEST_F(MutantCounts, KeepWhatWasDoneBeforeAnInterrupt) {
  int asked = 0;
  options_.is_interrupted = [&] { return ++asked > 4; };  // once before the search, then before each plan
  const auto searches = search_mutants({named("m"), named("n")}, options_, [this](const MutantSearch&) { ++told_; });
  ASSERT_THAT(searches, SizeIs(2));
  EXPECT_FALSE(searches[0].is_over);
  EXPECT_EQ(searches[0].plans, 3U);
  EXPECT_EQ(searches[1].mutant, "n");
  EXPECT_EQ(searches[1].plans, 0U);
  EXPECT_FALSE(searches[1].is_over);
  EXPECT_EQ(told_, 0);
}

TEST_F(MutantCounts, ShrinkAKillOnWhichTheGoodCacheHolds) {
  options_.shrinks = true;
  options_.make_world = [](const std::string& file) {
    return always(file.empty() ? Tampering{} : Tampering{.after = litter});
  };
  const MutantSearch found = search();
  ASSERT_TRUE(found.is_killed);
  ASSERT_TRUE(found.shrunk);
  ASSERT_TRUE(found.shrunk->violation);
  EXPECT_EQ(found.shrunk->violation->invariant, "nothing_left_over");
  EXPECT_EQ(found.shrunk->plan.processes.size(), 1U);
  EXPECT_TRUE(found.is_proven);
  options_.proof_schedules_max = 0;
  EXPECT_FALSE(search().is_proven);
  // The good cache breaks on whatever is smaller.
  options_.make_world = [](const std::string& file) {
    return file.empty() ? std::make_unique<TamperedWorld>(tamper_with(2, {.after = litter}))
                        : always({.after = litter});
  };
  const MutantSearch unshrunk = search();
  EXPECT_TRUE(unshrunk.is_killed);
  EXPECT_FALSE(unshrunk.shrunk);
  EXPECT_FALSE(unshrunk.is_proven);
}

class SharpCounts : public testing::Test {
 protected:
  SharpCounts() {
    for (const auto& kills : {std::vector<std::string>{"a", "b"}, std::vector<std::string>{"b"}, {}}) {
      Plan plan = three_get_one();
      plan.note.kills = kills;
      plans_.emplace_back("p" + std::to_string(plans_.size()), std::move(plan));
    }
    reports_.resize(plans_.size());
  }
  // The mutant `a` is in the world `a`, and so on.
  void sharpen_in(
      const Tampering& a, const Tampering& b, const std::function<bool()>& is_interrupted = [] { return false; }) {
    const auto make = [&](const Mutant& mutant) { return always(mutant.name == "a" ? a : b); };
    sharpen(plans_, {named("a"), named("b")}, make, is_interrupted, reports_);
  }
  std::vector<std::pair<std::string, Plan>> plans_;
  std::vector<ReplayReport> reports_;
};

TEST_F(SharpCounts, EachMutantOfEachPlan) {
  sharpen_in({.after = litter}, {.after = litter});
  EXPECT_THAT(reports_[0].kills, ElementsAre(Pair("a", "nothing_left_over"), Pair("b", "nothing_left_over")));
  EXPECT_THAT(reports_[1].kills, ElementsAre(Pair("b", "nothing_left_over")));
  EXPECT_THAT(reports_[2].kills, SizeIs(0));
  for (const ReplayReport& report : reports_) EXPECT_EQ(report.verdict, ReplayVerdict::as_expected);
}

TEST_F(SharpCounts, APlanIsDullWhereOneOfItsMutantsSurvives) {
  sharpen_in({}, {.after = litter});
  EXPECT_EQ(reports_[0].verdict, ReplayVerdict::dull);
  EXPECT_EQ(reports_[0].detail, "the mutant a breaks nothing on it any more");
  EXPECT_THAT(reports_[0].kills, ElementsAre(Pair("a", ""), Pair("b", "nothing_left_over")));
  EXPECT_EQ(reports_[1].verdict, ReplayVerdict::as_expected);
  reports_.assign(3, {});
  sharpen_in({.after = litter}, {});
  EXPECT_EQ(reports_[0].verdict, ReplayVerdict::dull) << "the last mutant counts as the first";
  EXPECT_EQ(reports_[1].verdict, ReplayVerdict::dull);
  EXPECT_EQ(reports_[2].verdict, ReplayVerdict::as_expected);
}

TEST_F(SharpCounts, NothingOfWhatWasUncontrolledOrHasFailedAlready) {
  reports_[1].verdict = ReplayVerdict::broken;
  reports_[1].detail = "as it was";
  sharpen_in(lost(), {});
  EXPECT_EQ(reports_[0].verdict, ReplayVerdict::uncontrolled);
  EXPECT_EQ(reports_[0].detail, "a: a thread");
  EXPECT_EQ(reports_[1].verdict, ReplayVerdict::broken);
  EXPECT_EQ(reports_[1].detail, "as it was");
  EXPECT_THAT(reports_[1].kills, ElementsAre(Pair("b", "")));
}

TEST_F(SharpCounts, NoMoreAfterAnInterrupt) {
  int asked = 0;
  sharpen_in({}, {}, [&] { return ++asked > 3; });  // all plans on `a`, none on `b`
  EXPECT_THAT(reports_[0].kills, ElementsAre(Pair("a", "")));
  EXPECT_THAT(reports_[1].kills, SizeIs(0));
}

// What the plan breaks anyhow is no kill; what it breaks besides is.
TEST_F(SharpCounts, AKillIsOfAnotherInvariantThanTheExpectedOne) {
  Plan plan = three_get_one();
  plan.note.expect = "nothing_left_over";
  SimRunner one(always({.after = litter}));
  EXPECT_FALSE(check_sharp(one, plan).kills);
  EXPECT_EQ(check_sharp(one, plan).invariant, "");
  Tampering both = ways_to_tamper()[3].tampering;
  both.after = litter;
  SimRunner two(always(both));
  EXPECT_TRUE(check_sharp(two, plan).kills);
  EXPECT_EQ(check_sharp(two, plan).invariant, "bytes_are_what_was_asked");
  plan.note.expect = "holds";
  EXPECT_TRUE(check_sharp(one, plan).kills);
}

TEST_F(SharpCounts, TheMutantsThatPlansNameOnceEach) {
  const std::vector<Mutant> known = {named("a"), named("aa"), named("b"), named("c")};
  const auto wanted = mutants_to_kill(plans_, known);
  ASSERT_TRUE(wanted) << wanted.error().message();
  std::vector<std::string> names;
  for (const Mutant& mutant : *wanted) names.push_back(mutant.name);
  EXPECT_THAT(names, ElementsAre("a", "b"));
  const auto unknown = mutants_to_kill(plans_, {named("a")});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message(), HasSubstr("p0: kills"));
  EXPECT_THAT(unknown.error().message(), HasSubstr("got \"b\""));
}

}  // namespace
}  // namespace stampede
