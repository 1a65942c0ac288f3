// Which subjects there are for which world, and what is said of those that are none or cannot run.
#include "harness/cli/subject_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/cli/subject_option.h"
#include "harness/free/directory_for_test.h"
#include "harness/run/sim_benchmark.h"
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

using modelcache::Error;
using modelcache::ErrorCode;
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

}  // namespace
}  // namespace stampede
