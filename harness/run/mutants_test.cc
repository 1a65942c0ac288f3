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
  SimRunner liar(world_of("liar"));
  const SimOutcome outcome = replay_sim(liar, searches[0].plan, true).outcome;
  ASSERT_FALSE(outcome.violations.empty());
  EXPECT_EQ(searches[0].violation.invariant, outcome.violations[0].invariant);
  EXPECT_EQ(searches[0].violation.what, outcome.violations[0].what);
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
  ASSERT_THAT(searches, SizeIs(1));
  EXPECT_FALSE(searches[0].is_over);
  EXPECT_EQ(searches[0].mutant, "liar");
  EXPECT_EQ(searches[0].plans, 0U);
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
  EXPECT_EQ(reports_[0].kills[0], std::pair(std::string("liar"), std::string("bytes_are_what_was_asked")));
}

TEST_F(SharpReplay, CallsAPlanDullWhoseMutantSurvives) {
  sharpen_with(mutant("liar", ""));
  EXPECT_EQ(reports_[0].verdict, ReplayVerdict::dull);
  EXPECT_THAT(reports_[0].detail, HasSubstr("liar breaks nothing"));
}

TEST_F(SharpReplay, DoesNotCountWhatThePlanBreaksAnyhow) {
  SimRunner bad(world_of("liar"));
  const std::string broken = check_sharp(bad, plans_[0].second).invariant;
  EXPECT_EQ(broken, "bytes_are_what_was_asked");
  plans_[0].second.note.expect = broken;
  EXPECT_NE(check_sharp(bad, plans_[0].second).invariant, broken);
}

TEST_F(SharpReplay, RefusesMutantsThatNobodyKnowsAndPlansThatNameNone) {
  const auto unknown = mutants_to_kill(plans_, {mutant("other", "")});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message(), HasSubstr("a.json: kills"));
  const auto wanted = mutants_to_kill(plans_, {mutant("liar", ""), mutant("other", "")});
  ASSERT_TRUE(wanted);
  EXPECT_THAT(*wanted, SizeIs(1));
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
  const auto none = chosen_mutants(*known, {"three"}), two = chosen_mutants(*known, {"two"});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message(), HasSubstr("known are one, two"));
  ASSERT_TRUE(two);
  EXPECT_THAT(*two, SizeIs(1));
}

TEST_F(MutantCatalogue, ReadsEachLineOfAHeadOnceAndInAnyOrder) {
  write("z.patch",
        "Recipe: M7, M8\n\nBreaks:  b , c,,d \nAfter: https://a/1\nWhat: first\n--- a/cache/x.cc\nWho: no\n");
  write("a.patch", "What: w\nAfter: https://a\nBreaks: b\nRecipe: M1\n");
  write("m.patch", "What: w\nAfter: https://a\nBreaks: b\nRecipe: M1\n");
  write("readme.txt", "no patch");
  std::filesystem::create_directory(std::filesystem::path(directory_->path()) / "a.so");  // no plugin
  const auto known = known_mutants(directory_->path());
  ASSERT_TRUE(known) << known.error().message();
  std::vector<std::string> names;
  for (const Mutant& each : *known) names.push_back(each.name);
  ASSERT_THAT(names, testing::ElementsAre("a", "m", "z"));
  const Mutant& last = (*known)[2];
  EXPECT_EQ(last.what, "first");
  EXPECT_EQ(last.after, "https://a/1");
  EXPECT_THAT(last.breaks, testing::ElementsAre("b", "c", "d"));
  EXPECT_EQ(last.recipe, "M7, M8");
  EXPECT_EQ(last.library, std::string(directory_->path()) + "/z.so");
  for (const Mutant& each : *known) EXPECT_FALSE(each.is_built) << each.name;
  const std::string build = std::filesystem::path(directory_->path()).parent_path().string();
  EXPECT_EQ(build_advice(*known, directory_->path()),
            "3 of 3 mutants are not built (a, m, z): cmake --build " + build + " --target mutants");
  const auto chosen = chosen_mutants(*known, {"z", "a"});
  ASSERT_TRUE(chosen);
  ASSERT_THAT(*chosen, SizeIs(2));
  EXPECT_EQ((*chosen)[0].name, "z");
  EXPECT_EQ((*chosen)[1].name, "a");
  EXPECT_THAT(*chosen_mutants(*known, {}), SizeIs(3));
}

TEST_F(MutantCatalogue, RefusesAHeadWithoutAnyOfItsLines) {
  const std::vector<std::string> lines = {"What: w\n", "After: https://a\n", "Breaks: b\n", "Recipe: M1\n"};
  for (std::size_t missing = 0; missing < lines.size(); ++missing) {
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) text += i == missing ? "" : lines[i];
    write("one.patch", text);
    const std::string key = lines[missing].substr(0, lines[missing].find(':'));
    EXPECT_THAT(refusal(), HasSubstr("expected a line \"" + key + ": ...\" before the patch"));
  }
  write("one.patch", "What: w\nAfter https://a\n");
  EXPECT_THAT(refusal(), HasSubstr("got \"After https://a\""));
  EXPECT_THAT(known_mutants(std::string(directory_->path()) + "/none").error().message(), HasSubstr("find mutants"));
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
