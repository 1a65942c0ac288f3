// Stored plans and seeds: what they expect is compared with what comes of them.
#include "harness/run/plan_replay.h"

#include <gtest/gtest.h>

#include <fstream>

#include "harness/free/directory_for_test.h"
#include "harness/plan/plan_generator.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/trace.h"

namespace stampede {
namespace {

std::string write(const TestDirectory& directory, const std::string& name, const std::string& text) {
  const std::string path = directory.path() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

TEST(PlanReplay, SaysThatAGoodPlanHolds) {
  SimRunner runner;
  const ReplayReport report = replay_plan(runner, "good", three_get_one(), false);
  EXPECT_EQ(report.verdict, ReplayVerdict::as_expected) << report.detail;
  EXPECT_GT(report.steps, 100U);
  EXPECT_FALSE(report.has_moved);
}

TEST(PlanReplay, SaysThatAnExpectedViolationDidNotCome) {
  SimRunner runner;
  Plan plan = three_get_one();
  plan.note.expect = "one_download";
  EXPECT_EQ(replay_plan(runner, "mended", plan, false).verdict, ReplayVerdict::mended);
}

TEST(PlanReplay, SaysThatATraceMovedAndFailsForItWhereStrict) {
  SimRunner runner;
  Plan plan = three_get_one();
  plan.note.trace_hash = "0123456789abcdef";
  const ReplayReport lenient = replay_plan(runner, "moved", plan, false);
  EXPECT_EQ(lenient.verdict, ReplayVerdict::as_expected);
  EXPECT_TRUE(lenient.has_moved);
  EXPECT_EQ(replay_plan(runner, "moved", plan, true).verdict, ReplayVerdict::diverged);
  plan.note.trace_hash = lenient.trace_hash;
  EXPECT_EQ(replay_plan(runner, "same", plan, true).verdict, ReplayVerdict::as_expected);
}

TEST(PlanReplay, FailsAStrictReplayWhoseSwitchNeverComes) {
  SimRunner runner;
  Plan plan = three_get_one();
  plan.schedule.switches = {Switch{2, 5000, 0}};
  plan.note.trace_hash = replay_plan(runner, "lenient", plan, false).trace_hash;
  EXPECT_EQ(replay_plan(runner, "strict", plan, true).verdict, ReplayVerdict::diverged);
  const ReplayReport lenient = replay_plan(runner, "lenient", plan, false);
  EXPECT_EQ(lenient.verdict, ReplayVerdict::as_expected);
  EXPECT_EQ(lenient.unused_switches, 1U);
}

TEST(PlanReplay, SaysThatAKillNeverCameUpAndFailsForItWhereStrict) {
  SimRunner runner;
  Plan plan = three_get_one();
  plan.process_faults = {ProcessFault{.kind = ProcessFaultKind::kill_before, .process = 0, .step = 90'000}};
  const ReplayReport lenient = replay_plan(runner, "lenient", plan, false);
  EXPECT_EQ(lenient.verdict, ReplayVerdict::as_expected);
  EXPECT_EQ(lenient.unmet_process_faults, 1U);
  plan.note.trace_hash = lenient.trace_hash;
  EXPECT_EQ(replay_plan(runner, "strict", plan, true).verdict, ReplayVerdict::diverged);
}

TEST(PlanReplay, FollowsNothingStrictlyWithoutAStoredTrace) {
  SimRunner runner;
  EXPECT_EQ(replay_plan(runner, "strict", three_get_one(), true).verdict, ReplayVerdict::diverged);
}

TEST(PlanReplay, RefusesAnExpectationThatIsNoInvariant) {
  Plan plan = three_get_one();
  EXPECT_TRUE(check_expectation("p.json", plan));
  plan.note.expect = "one_download";
  EXPECT_TRUE(check_expectation("p.json", plan));
  plan.note.expect = "hold";
  const auto checked = check_expectation("p.json", plan);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message().find("p.json: expect"), std::string::npos) << checked.error().message();
}

TEST(PlanReplay, FindsPlansInFoldersAndNamesWhatIsMissing) {
  const TestDirectory directory;
  const std::string text = print_plan(three_get_one());
  const std::string b = write(directory, "b.json", text), a = write(directory, "a.json", text);
  write(directory, "notes.txt", "no plan");
  const auto found = find_plans({directory.path()});
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (std::vector<std::string>{a, b}));
  const auto missing = find_plans({directory.path() + "/none"});
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("/none"), std::string::npos);
  const TestDirectory empty;
  EXPECT_FALSE(find_plans({empty.path()}));
}

TEST(PlanReplay, ReplaysASeedThatIsStillTheSamePlan) {
  const TestDirectory directory;
  const auto seeds = read_seeds(write(directory, "seeds.txt", "# notes\n\n" + seed_line(17) + "\n"));
  ASSERT_TRUE(seeds) << seeds.error().message();
  ASSERT_EQ(seeds->size(), 1U);
  EXPECT_EQ(seeds->front().seed, 17U);
  SimRunner runner;
  const ReplayReport report = replay_seed(runner, seeds->front());
  EXPECT_EQ(report.verdict, ReplayVerdict::as_expected) << report.detail;
  EXPECT_GT(report.steps, 0U);
}

TEST(PlanReplay, CallsASeedStaleWhoseGeneratorOrPlanIsAnother) {
  SimRunner runner;
  const std::uint64_t hash = plan_hash(draw_sim(17).plan);
  EXPECT_EQ(replay_seed(runner, {17, kGeneratorVersion + 1, hash}).verdict, ReplayVerdict::stale);
  EXPECT_EQ(replay_seed(runner, {17, kGeneratorVersion, hash + 1}).verdict, ReplayVerdict::stale);
}

TEST(PlanReplay, NamesTheLineOfABadSeed) {
  const TestDirectory directory;
  for (const char* const bad : {"x 1 0", "1 x 0", "1 1", "1 1 0 5", "-1 1 0", "1 1 zz"}) {
    const auto seeds = read_seeds(write(directory, "seeds.txt", "1 1 00\n" + std::string(bad) + "\n"));
    ASSERT_FALSE(seeds) << bad;
    EXPECT_NE(seeds.error().message().find("seeds.txt:2"), std::string::npos) << seeds.error().message();
  }
}

}  // namespace
}  // namespace stampede
