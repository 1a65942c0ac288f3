// The list of mutants, the search for plans that kill them, and the check that stored plans still do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/free/posix_scratch_directory.h"
#include "harness/judge/step_judge.h"
#include "harness/run/cache_client.h"
#include "harness/run/mutant_catalogue.h"
#include "harness/run/mutant_search.h"
#include "harness/run/sharp_replay.h"

namespace stampede {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Says that it succeeded, and does nothing; but lists as the cache does, so that some plans hold.
class LyingClient final : public SubjectClient {
 public:
  explicit LyingClient(const ClientSetting& setting) : client_(setting) {}
  OperationOutcome perform(const Operation& operation) override {
    if (operation.kind != OperationKind::get) return client_.perform(operation);
    OperationOutcome outcome;
    outcome.operation = operation;
    return outcome;
  }

 private:
  CacheClient client_;
};

const SubjectPlugin& lying_subject() {
  static const SubjectPlugin kSubject = [] {
    SubjectPlugin subject = built_in_subject();
    subject.make_client = [](const ClientSetting& setting) -> std::unique_ptr<SubjectClient> {
      return std::make_unique<LyingClient>(setting);
    };
    return subject;
  }();
  return kSubject;
}

std::unique_ptr<PlanWorld> world_of(const std::string& file) {
  return make_sim_plan_world(file == "liar" ? lying_subject() : built_in_subject());
}

MutantSearchOptions search_options() {
  MutantSearchOptions options;
  options.seed = 1;
  options.runs = 50;
  options.make_world = world_of;
  return options;
}

Mutant mutant(const std::string& name, const std::string& library) {
  Mutant each;
  each.name = name;
  each.library = library;
  return each;
}

TEST(MutantSearch, FindsOneThatLiesWhereTheGoodCacheHolds) {
  const auto searches = search_mutants({mutant("liar", "liar")}, search_options(), [](const MutantSearch&) {});
  ASSERT_THAT(searches, SizeIs(1));
  EXPECT_TRUE(searches[0].is_killed);
  EXPECT_LE(searches[0].plans, 50U);
  EXPECT_FALSE(searches[0].violation.invariant.empty());
  SimRunner good, bad(world_of("liar"));
  EXPECT_FALSE(check_sharp(good, searches[0].plan).kills);
  EXPECT_TRUE(check_sharp(bad, searches[0].plan).kills);
}

TEST(MutantSearch, SaysThatTheGoodCacheSurvives) {
  std::size_t told = 0;
  const auto searches = search_mutants({mutant("good", "")}, search_options(), [&](const MutantSearch&) { ++told; });
  ASSERT_THAT(searches, SizeIs(1));
  EXPECT_TRUE(searches[0].is_over);
  EXPECT_FALSE(searches[0].is_killed);
  EXPECT_EQ(searches[0].plans, 50U);
  EXPECT_EQ(told, 1U);
}

TEST(MutantSearch, CallsItNoKillWhenTheGoodCacheFailsToo) {
  MutantSearchOptions options = search_options();
  options.runs = 3;
  options.make_world = [](const std::string&) { return make_sim_plan_world(lying_subject()); };
  const auto searches = search_mutants({mutant("liar", "liar")}, options, [](const MutantSearch&) {});
  EXPECT_FALSE(searches.at(0).is_killed);
  EXPECT_THAT(searches.at(0).good_breaks, HasSubstr(": "));
}

TEST(MutantSearch, GivesTheSameWithSeveralThreads) {
  MutantSearchOptions options = search_options();
  options.seeds = 4;
  const std::vector<Mutant> mutants = {mutant("liar", "liar"), mutant("good", "")};
  const auto one = search_mutants(mutants, options, [](const MutantSearch&) {});
  options.jobs = 3;
  const auto three = search_mutants(mutants, options, [](const MutantSearch&) {});
  ASSERT_THAT(three, SizeIs(8));
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].mutant, three[i].mutant);
    EXPECT_EQ(one[i].seed, three[i].seed);
    EXPECT_EQ(one[i].plans, three[i].plans);
    EXPECT_EQ(one[i].violation.invariant, three[i].violation.invariant);
  }
}

TEST(MutantSearch, StopsWhenItIsInterrupted) {
  MutantSearchOptions options = search_options();
  options.is_interrupted = [] { return true; };
  const auto searches = search_mutants({mutant("liar", "liar")}, options, [](const MutantSearch&) {});
  EXPECT_FALSE(searches.at(0).is_over);
}

class SharpReplay : public testing::Test {
 protected:
  SharpReplay() {
    Plan plan;
    plan.models.push_back({"m0", 10});
    plan.processes.emplace_back().operations.push_back({OperationKind::get, 0});
    plan.note.kills = {"liar"};
    plans_.emplace_back("a.json", std::move(plan));
    reports_.emplace_back();
  }
  void sharpen_with(const Mutant& mutant) {
    sharpen(
        plans_, {mutant}, [](const Mutant& each) { return world_of(each.library); }, [] { return false; }, reports_);
  }
  std::vector<std::pair<std::string, Plan>> plans_;
  std::vector<ReplayReport> reports_;
};

TEST_F(SharpReplay, LeavesAPlanThatStillKillsAsItWas) {
  sharpen_with(mutant("liar", "liar"));
  EXPECT_EQ(reports_[0].verdict, ReplayVerdict::as_expected);
  ASSERT_THAT(reports_[0].kills, SizeIs(1));
  EXPECT_FALSE(reports_[0].kills[0].second.empty());
}

TEST_F(SharpReplay, CallsAPlanDullWhoseMutantSurvives) {
  sharpen_with(mutant("liar", ""));
  EXPECT_EQ(reports_[0].verdict, ReplayVerdict::dull);
  EXPECT_THAT(reports_[0].detail, HasSubstr("liar breaks nothing"));
}

TEST_F(SharpReplay, DoesNotCountWhatThePlanBreaksAnyhow) {
  SimRunner bad(world_of("liar"));
  const std::string broken = check_sharp(bad, plans_[0].second).invariant;
  plans_[0].second.note.expect = broken;
  EXPECT_NE(check_sharp(bad, plans_[0].second).invariant, broken);
}

TEST_F(SharpReplay, RefusesMutantsThatNobodyKnowsAndPlansThatNameNone) {
  const auto unknown = mutants_to_kill(plans_, {mutant("other", "")});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message(), HasSubstr("a.json: kills"));
  EXPECT_THAT(*mutants_to_kill(plans_, {mutant("liar", ""), mutant("other", "")}), SizeIs(1));
  plans_[0].second.note.kills.clear();
  EXPECT_FALSE(mutants_to_kill(plans_, {mutant("liar", "")}));
}

class MutantCatalogue : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(std::filesystem::path(directory_->path()) / name) << text;
  }
  std::string refusal() {
    const auto known = known_mutants(directory_->path());
    return known ? "" : known.error().message();
  }
  modelcache::Result<PosixScratchDirectory> directory_ =
      PosixScratchDirectory::make(std::filesystem::temp_directory_path().string());
};

TEST_F(MutantCatalogue, ReadsTheHeadAndSeesWhatIsBuilt) {
  write("one.patch", "What: w: x\nAfter: https://a\nBreaks: b, c\nRecipe: M1\n\n--- a/cache/x.cc\nWhat: no\n");
  write("two.patch", "What: w\nAfter: https://a\nBreaks: b\nRecipe: M1\n--- a/cache/x.cc\n");
  write("two.so", "");
  const auto known = known_mutants(directory_->path());
  ASSERT_TRUE(known) << known.error().message();
  ASSERT_THAT(*known, SizeIs(2));
  EXPECT_EQ((*known)[0].name, "one");
  EXPECT_EQ((*known)[0].what, "w: x");
  EXPECT_THAT((*known)[0].breaks, testing::ElementsAre("b", "c"));
  EXPECT_FALSE((*known)[0].is_built);
  EXPECT_TRUE((*known)[1].is_built);
  EXPECT_THAT(build_advice(*known, directory_->path()), HasSubstr("1 of 2 mutants are not built (one)"));
  EXPECT_THAT(chosen_mutants(*known, {"three"}).error().message(), HasSubstr("known are one, two"));
  EXPECT_THAT(*chosen_mutants(*known, {"two"}), SizeIs(1));
}

TEST_F(MutantCatalogue, RefusesHeadsThatLackALineOrHaveAnotherOne) {
  EXPECT_THAT(refusal(), HasSubstr("expected files *.patch"));
  write("one.patch", "What: w\nAfter: https://a\nRecipe: M1\n--- a/cache/x.cc\n");
  EXPECT_THAT(refusal(), HasSubstr("\"Breaks: ...\""));
  write("one.patch", "What: w\nWho: me\n--- a/cache/x.cc\n");
  EXPECT_THAT(refusal(), HasSubstr("Who: me"));
}

TEST(StoredMutants, NameInvariantsAndARealBug) {
  const auto known = known_mutants(STAMPEDE_MUTANT_PATCHES);
  ASSERT_TRUE(known) << known.error().message();
  for (const Mutant& each : *known) {
    EXPECT_THAT(each.after, testing::StartsWith("https://")) << each.name;
    EXPECT_THAT(each.breaks, testing::Not(IsEmpty())) << each.name;
    for (const std::string& invariant : each.breaks) {
      const auto& all = watched_invariants();
      EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.id == invariant; }))
          << each.name << " breaks an unknown invariant: " << invariant;
    }
  }
}

}  // namespace
}  // namespace stampede
