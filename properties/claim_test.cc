// A claim fails where the cache lies, where nothing was judged, and where it names no invariant; and its plans are what
// they are said to be.
#include "properties/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "harness/free/command_for_test.h"
#include "harness/free/directory_for_test.h"
#include "harness/plan/plan_json.h"
#include "harness/run/found_plan.h"
#include "harness/run/plan_candidates.h"
#include "harness/run/planted_subject_for_test.h"
#include "harness/strategy/replay.h"
#include "properties/rapidcheck_choices.h"
#include "properties/scheduled_plans.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Nothing goes wrong, and nothing but one get is done.
constexpr PlanLimits kNoFaults{.processes_max = 1,
                               .operations_max = 1,
                               .network_faults = false,
                               .disk_faults = false,
                               .process_faults = false,
                               .start_states = false};

// What a claim said, and how it failed.
struct Checked {
  std::vector<std::string> failures;
  std::string output, errors;
};

class ClaimTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    found_ = std::make_unique<TestDirectory>();
    ::setenv("STAMPEDE_FOUND", found_->path().c_str(), 1);
    ::setenv("RC_PARAMS", "seed=20261124 max_success=6", 1);  // whatever those of this run are
  }
  static void TearDownTestSuite() { found_.reset(); }
  ~ClaimTest() override { planted_lie() = PlantedLie::none; }

  static Checked check(const Claim& claim, PlantedLie lie = PlantedLie::none) {
    planted_lie() = lie;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    testing::TestPartResultArray results;
    {
      const testing::ScopedFakeTestPartResultReporter reporter(
          testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &results);
      check_claim(claim);
    }
    Checked checked{{}, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
    for (int i = 0; i < results.size(); ++i) checked.failures.emplace_back(results.GetTestPartResult(i).message());
    return checked;
  }
  static std::string found(const std::string& name) { return found_->path() + "/" + name + ".json"; }

  inline static std::unique_ptr<TestDirectory> found_;
};

// The same plans again, judged one by one.
std::map<std::string, std::uint64_t> judged_in_the_same_plans(const PlanLimits& limits) {
  SimRunner runner;
  std::vector<std::uint64_t> judged;
  EXPECT_TRUE(rc::check("again", [&] {
    const Plan plan = *scheduled_plans(limits, runner);
    Replay replay(plan.schedule, Replay::Mode::lenient);
    (void)find_failure(runner, plan, replay, "", {}, &judged);
  }));
  std::map<std::string, std::uint64_t> by_id;
  for (std::size_t i = 0; i < judged.size(); ++i) by_id.emplace(watched_invariants()[i].id, judged[i]);
  return by_id;
}

TEST_F(ClaimTest, HoldsOfTheCacheAndSaysHowOftenItWasJudged) {
  const auto judged = judged_in_the_same_plans({});
  const Checked checked =
      check({.name = "two", .invariants = {"confined_to_the_directory", "bytes_are_what_was_asked"}});
  EXPECT_THAT(checked.failures, IsEmpty());
  ASSERT_GT(judged.at("bytes_are_what_was_asked"), 0U);
  EXPECT_EQ(checked.output, "two: judged in 6 plans: " + std::to_string(judged.at("bytes_are_what_was_asked")) +
                                " bytes_are_what_was_asked, " + std::to_string(judged.at("confined_to_the_directory")) +
                                " confined_to_the_directory\n");
  EXPECT_THAT(checked.errors, HasSubstr("OK, passed 6 tests"));
}

TEST_F(ClaimTest, OfNoInvariantIsOfAll) {
  const auto judged = judged_in_the_same_plans({});
  const Checked checked = check({.name = "all", .invariants = {}});
  EXPECT_THAT(checked.failures, IsEmpty());
  std::string expected;
  for (const WatchedInvariant& invariant : watched_invariants()) {
    const std::string id(invariant.id);
    expected += (expected.empty() ? "" : ", ") + std::to_string(judged.at(id)) + " " + id;
  }
  EXPECT_EQ(checked.output, "all: judged in 6 plans: " + expected + "\n");
}

TEST_F(ClaimTest, FailsWhereOneOfItsInvariantsWasNeverJudged) {
  const Checked checked =
      check({.name = "idle", .invariants = {"confined_to_the_directory", "honest_errors"}, .limits = kNoFaults});
  EXPECT_THAT(checked.failures, ElementsAre(HasSubstr("honest_errors was never judged in 6 plans")));
  EXPECT_THAT(checked.output, HasSubstr(" plans: 0 honest_errors, "));
}

TEST_F(ClaimTest, FailsWhereItNamesNoInvariant) {
  const Checked checked = check({.name = "none", .invariants = {"confined_to_the_directory", "no_such_thing"}});
  EXPECT_THAT(checked.failures, ElementsAre(HasSubstr("an invariant that is none")));
}

TEST_F(ClaimTest, FailsWithAPlanWhereTheCacheLies) {
  for (const std::vector<std::string_view>& invariants :
       {std::vector<std::string_view>{}, {"one_download", "bytes_are_what_was_asked"}}) {
    const Checked checked = check({.name = "lie", .invariants = invariants}, PlantedLie::says_it_has);
    EXPECT_THAT(checked.failures, ElementsAre(HasSubstr("held")));
    EXPECT_EQ(checked.output, "") << "what does not hold was not judged to the end";
    EXPECT_THAT(checked.errors, AllOf(HasSubstr("Falsifiable"), HasSubstr("violated: bytes_are_what_was_asked: "),
                                      HasSubstr("\nplan: "), HasSubstr("\nreplay:   stampede replay " + found("lie")),
                                      HasSubstr("\nfile:     " + found("lie"))));
    const auto plan = read_plan(found("lie"));
    ASSERT_TRUE(plan.has_value());
    EXPECT_EQ(plan->note.expect, "bytes_are_what_was_asked");
    EXPECT_EQ(plan->note.found_by, "property lie");
    EXPECT_EQ(plan->processes.size(), 1U) << "it was made smaller";
    fs::remove(found("lie"));
  }
}

// Gets alone take no step, since they lie.
TEST_F(ClaimTest, DoesNotSpeakOfOtherInvariants) {
  PlanLimits limits = kNoFaults;
  limits.operations_max = 4;
  limits.all_operations = true;
  const Checked checked =
      check({.name = "other", .invariants = {"confined_to_the_directory"}, .limits = limits}, PlantedLie::says_it_has);
  EXPECT_THAT(checked.failures, IsEmpty());
  EXPECT_FALSE(fs::exists(found("other")));
}

TEST_F(ClaimTest, FailsWhereTwoRunsDiffer) {
  const Checked checked = check({.name = "twice", .invariants = {"confined_to_the_directory"}}, PlantedLie::forgets);
  EXPECT_THAT(checked.failures, ElementsAre(HasSubstr("held")));
  EXPECT_THAT(checked.errors, HasSubstr("violated: divergence: "));
}

// Asked for the first time, so this comes before all others.
TEST(ClaimDeathTest, WritesToANewFolderWhereNoneIsNamed) {
  const TestDirectory temporary;
  EXPECT_EXIT(
      {
        ::unsetenv("STAMPEDE_FOUND");
        ::setenv("TMPDIR", temporary.path().c_str(), 1);
        std::fprintf(stderr, "%s", folder_of_failures().c_str());
        std::exit(fs::is_directory(folder_of_failures()) ? 0 : 1);
      },
      testing::ExitedWithCode(0), testing::StartsWith(temporary.path() + "/"));
  EXPECT_FALSE(fs::is_empty(temporary.path())) << "it stays";
}

// Run by the next one, and beside it.
TEST(Parameters, AreComplete) {
  const char* const parameters = std::getenv("RC_PARAMS");
  ASSERT_NE(parameters, nullptr);
  std::printf("[%s]\n", parameters);
  if (std::string(parameters).find("reproduce=") == std::string::npos) {
    EXPECT_TRUE(rc::check("nothing", [] {}));
  }
}

TEST(Parameters, AreThoseThatAreGivenAndOtherwiseOurs) {
  const std::string self = fs::read_symlink("/proc/self/exe");
  const std::map<std::string, std::string> cases = {{"", "[ seed=20261124 max_success=6]"},
                                                    {"seed=7", "[seed=7 max_success=6]"},
                                                    {"max_success=9", "[max_success=9 seed=20261124]"},
                                                    {"max_success=9 seed=7", "[max_success=9 seed=7]"},
                                                    {"reproduce=abc", "[reproduce=abc]"}};
  for (const auto& [given, expected] : cases) {
    std::vector<std::string> environment;
    if (!given.empty()) environment = {"RC_PARAMS=" + given};
    const ProgramEnd end = run_program({self, "--gtest_filter=Parameters.AreComplete"}, environment);
    EXPECT_EQ(end.status, 0);
    EXPECT_THAT(end.text, HasSubstr("\n" + expected + "\n"));
    if (given == "reproduce=abc") continue;
    EXPECT_THAT(end.text, AllOf(HasSubstr("Using configuration: "), HasSubstr(given.empty() ? "seed=20261124" : given),
                                HasSubstr(given[0] == 'm' ? "OK, passed 9 tests" : "OK, passed 6 tests")));
  }
}

TEST(RapidcheckChoices, TakeANumberAChoiceAndZerosAfterTheEnd) {
  NumberChoices choices({7, 12, 5});
  std::vector<std::uint64_t> drawn;
  for (const std::uint64_t count : {5, 10, 5, 6, 1}) drawn.push_back(choices.below(count));
  EXPECT_THAT(drawn, ElementsAre(2, 2, 0, 0, 0));
}

TEST(RapidcheckChoices, GivePlansWithinTheirLimits) {
  std::size_t processes_max = 0, operations_max = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Plan plan = plans({.processes_min = 2, .processes_max = 3, .models_max = 1})(rc::Random(seed), 50).value();
    EXPECT_GE(plan.processes.size(), 2U);
    EXPECT_LE(plan.processes.size(), 3U);
    EXPECT_EQ(plan.models.size(), 1U);
    processes_max = std::max(processes_max, plan.processes.size());
    operations_max = std::max(operations_max, plan.processes[0].operations.size());
    std::ostringstream shown;
    showValue(plan, shown);
    EXPECT_EQ(shown.str(), print_plan(plan));
  }
  EXPECT_EQ(processes_max, 3U);
  EXPECT_GT(operations_max, 1U) << "numbers reach the operations";
}

// The shrinker's candidates; of very many switches, one half or the other.
std::vector<Plan> expected_shrinks(const Plan& plan) {
  constexpr std::size_t kSwitchesMax = 500;
  const auto& all = plan.schedule.switches;
  if (all.size() <= kSwitchesMax) return candidates(plan);
  std::vector<Plan> halves = {plan, plan};
  const auto middle = static_cast<std::ptrdiff_t>(all.size() / 2);
  halves[0].schedule.switches = {all.begin(), all.begin() + middle};
  halves[1].schedule.switches = {all.begin() + middle, all.end()};
  return halves;
}

TEST(ScheduledPlans, HaveTheSwitchesOfARunAndShrinkAsTheShrinkerDoes) {
  SimRunner runner;
  std::size_t switches = 0, of_many = 0, of_few = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const rc::Shrinkable<Plan> drawn = scheduled_plans({.processes_min = 2}, runner)(rc::Random(seed), 20);
    const Plan plan = drawn.value();
    switches += plan.schedule.switches.size();
    Replay replay(plan.schedule, Replay::Mode::strict);
    EXPECT_EQ(runner.run(plan, replay).run.switches, plan.schedule.switches);
    EXPECT_EQ(replay.divergence(), "");
    rc::Seq<rc::Shrinkable<Plan>> shrinks = drawn.shrinks();
    const std::vector<Plan> expected = expected_shrinks(plan);
    ++(plan.schedule.switches.size() > 500 ? of_many : of_few);
    for (const Plan& candidate : expected) {
      const auto next = shrinks.next();
      ASSERT_TRUE(next);
      EXPECT_EQ(next->value(), candidate);
    }
    EXPECT_FALSE(shrinks.next());
  }
  EXPECT_GT(switches, 20U);
  EXPECT_GT(of_few, 1U);
  EXPECT_GT(of_many, 0U);
}

}  // namespace
}  // namespace stampede
