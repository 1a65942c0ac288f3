// Which subjects there are for which world, and what is said of those that are none or cannot run.
#include "harness/cli/subject_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/cli/mutants_report.h"
#include "harness/cli/sim_report.h"
#include "harness/cli/subject_option.h"
#include "harness/free/directory_for_test.h"
#include "harness/run/sim_benchmark.h"
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

using modelcache::Error;
using modelcache::ErrorCode;
using modelcache::Result;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(SubjectWorld, KnowsCommandsByTheirNames) {
  EXPECT_FALSE(is_command_subject("modelcache"));
  EXPECT_FALSE(is_command_subject("plugins/x.so"));
  EXPECT_TRUE(is_command_subject("shell_cache"));
  EXPECT_TRUE(is_command_subject("x.so/subject.json"));
}

TEST(SubjectWorld, TellsWhatIsNoSubjectFromWhatCannotRun) {
  EXPECT_TRUE(is_no_subject(Error{ErrorCode::invalid_argument, "run subject", "x", ""}));
  EXPECT_TRUE(is_no_subject(Error{ErrorCode::not_found, "find the subject", "x", ""}));
  EXPECT_FALSE(is_no_subject(Error{ErrorCode::not_found, "run subject", "x", ""}));
  EXPECT_FALSE(is_no_subject(Error{ErrorCode::io, "find the subject", "x", ""}));
}

TEST(SubjectWorld, RefusesWhatIsNoCommandOrMissesAProgram) {
  const TestDirectory directory;
  const std::string absent = directory.file("absent.json", R"({"subject": 1, "name": "absent", "summary": "s",
      "argv": ["true"], "artifact": "stdout", "needs": [{"program": "nonexistent-program", "package": "none"}]})");
  const struct {
    std::string subject;
    ErrorCode code;
    bool is_none;
    std::string message;
  } cases[] = {
      {"modelcache", ErrorCode::invalid_argument, true, "modelcache: expected one that is a command"},
      {"nobody", ErrorCode::not_found, true, "nobody: known are modelcache"},
      {absent, ErrorCode::not_found, false, "run subject absent: missing nonexistent-program (Debian: none)"},
  };
  for (const auto& c : cases) {
    const auto world = make_subject_world(c.subject);
    ASSERT_FALSE(world) << c.subject;
    EXPECT_EQ(world.error().code, c.code);
    EXPECT_EQ(is_no_subject(world.error()), c.is_none) << c.subject;
    EXPECT_THAT(world.error().message(), HasSubstr(c.message));
    SubjectRunners runners;
    Plan plan = three_get_one();
    plan.subject = c.subject;
    const auto runner = runners.of(plan);
    ASSERT_FALSE(runner) << c.subject;
    EXPECT_EQ(runner.error().message(), world.error().message());
  }
}

TEST(SubjectWorld, IsStartedByThisProgramOrTheSmallOneBesideIt) {
  EXPECT_THAT(command_zygote(), ElementsAre("/proc/self/exe", "live-command-zygote"));
  const auto small = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "stampede-live-zygote";
  if (std::filesystem::exists(small)) {
    EXPECT_THAT(built_in_zygote(), ElementsAre(small.string()));
  } else {
    EXPECT_THAT(built_in_zygote(), ElementsAre("/proc/self/exe", "live-zygote"));
  }
}

TEST(SubjectOption, TakesTheBuiltInCacheAndPlugins) {
  EXPECT_TRUE(check_subject("modelcache"));
  const auto missing = check_subject("/nonexistent/x.so");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_THAT(missing.error().message(), HasSubstr("/nonexistent/x.so"));
  for (const std::string none : {"shell_cache", "modelcache2", ""}) {
    const auto refused = check_subject(none);
    ASSERT_FALSE(refused) << none;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << none;
    EXPECT_THAT(refused.error().message(), HasSubstr("the worlds sim and live take modelcache, or a plugin"));
    EXPECT_FALSE(make_world_with(none, false)) << none;
  }
}

TEST(SubjectOption, MakesASimulatedWorld) {
  auto world = make_world_with("modelcache", false);
  ASSERT_TRUE(world);
  SimRunner runner(std::move(*world)), simulator;
  RandomWalk walk(1), again(1);
  const std::uint64_t hash = runner.run(three_get_one(), walk).trace_hash;
  EXPECT_EQ(hash, simulator.run(three_get_one(), again).trace_hash);
}

// Does nothing, and says that all is done.
constexpr const char* kIdle = STAMPEDE_PLUGINS "/idle_subject.so";

Result<std::unique_ptr<PlanWorld>> no_world() {
  return modelcache::fail(ErrorCode::exhausted, "start the world", "here", "no more");
}

TEST(LostWorlds, AreReplacedByOnesThatJudgeNothing) {
  LostWorlds lost;
  EXPECT_NE(lost.replace(make_sim_plan_world()), nullptr);
  EXPECT_FALSE(lost.happened());
  for (const int status : {0, 1, 2, 130}) EXPECT_EQ(lost.status_after(status), status);
  testing::internal::CaptureStderr();
  SimRunner runner(lost.replace(no_world())), other(lost.replace(no_world()));
  const std::string message = no_world().error().message();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "stampede: no world any more: " + message + "\n");
  EXPECT_TRUE(lost.happened());
  for (const auto& [status, after] : {std::pair{0, 3}, {1, 1}, {2, 3}, {3, 3}, {130, 130}}) {
    EXPECT_EQ(lost.status_after(status), after) << status;
  }
  Plan plan = three_get_one();
  plan.start.damage.resize(1);
  RandomWalk walk(1);
  for (SimRunner* const each : {&runner, &other}) {
    const SimOutcome outcome = each->run(plan, walk);
    EXPECT_EQ(outcome.uncontrolled, message);
    EXPECT_TRUE(outcome.violations.empty());
    EXPECT_EQ(outcome.steps, 0U);
  }
}

TEST(LostWorlds, LeaveWhatAnExplorationFound) {
  LostWorlds lost;
  SimExplorationOptions options;
  options.strategy.kind = StrategyKind::by_default;
  options.seed = 1;
  options.runs = 3;
  options.make_world = [] { return std::move(*make_world_with(kIdle, false)); };
  options.make_repeating_world = [&lost] { return lost.replace(no_world()); };
  const SimTotals totals = explore_sim(options, [](const SimTotals&) {});
  EXPECT_EQ(totals.schedules, 3U);
  EXPECT_EQ(totals.uncontrolled, 3U);
  EXPECT_EQ(totals.why_uncontrolled, no_world().error().message());
  EXPECT_EQ(totals.divergences, 0U);
  EXPECT_GT(totals.violations, 0U);
  EXPECT_EQ(lost.status_after(status_of(totals, false)), 1);
}

TEST(LostWorlds, LeaveWhatASearchForMutantsFound) {
  for (const bool is_killed : {true, false}) {
    LostWorlds lost;
    MutantSearchOptions options;
    options.runs = 1;
    options.is_interrupted = [&lost] { return lost.happened(); };
    options.make_world = [&](const std::string& file) {
      if (file == "none") return lost.replace(no_world());
      return lost.replace(make_world_with(file.empty() || !is_killed ? kBuiltInSubject : kIdle, false));
    };
    MutantsReport report;
    report.mutants.resize(3);
    for (std::size_t i = 0; i < 3; ++i) report.mutants[i].name = std::to_string(i);
    report.mutants[0].library = "some";
    report.mutants[1].library = report.mutants[2].library = "none";
    report.searches = search_mutants(report.mutants, options, [](const MutantSearch&) {});
    ASSERT_EQ(report.searches.size(), 3U);
    EXPECT_TRUE(report.searches[0].is_over);
    EXPECT_EQ(report.searches[0].is_killed, is_killed);
    EXPECT_FALSE(report.searches[1].is_over || report.searches[2].is_over);
    EXPECT_EQ(lost.status_after(status_of(report)), is_killed ? 3 : 1);
  }
}

}  // namespace
}  // namespace stampede
