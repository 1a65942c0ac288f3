// Stored plans and seeds: what they expect is compared with what comes of them.
#include "harness/run/plan_replay.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
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
  const ReplayReport strict = replay_plan(runner, "moved", plan, true);
  EXPECT_EQ(strict.verdict, ReplayVerdict::diverged);
  EXPECT_EQ(strict.detail, "expected trace 0123456789abcdef, got " + lenient.trace_hash);
  plan.note.trace_hash = lenient.trace_hash;
  EXPECT_EQ(replay_plan(runner, "same", plan, true).verdict, ReplayVerdict::as_expected);
}

TEST(PlanReplay, FailsAStrictReplayWhoseSwitchNeverComes) {
  SimRunner runner;
  Plan plan = three_get_one();
  plan.schedule.switches = {Switch{2, 5000, 0}};
  plan.note.trace_hash = replay_plan(runner, "lenient", plan, false).trace_hash;
  const ReplayReport strict = replay_plan(runner, "strict", plan, true);
  EXPECT_EQ(strict.verdict, ReplayVerdict::diverged);
  EXPECT_NE(strict.detail.find("process 2"), std::string::npos) << strict.detail;
  EXPECT_EQ(strict.unused_switches, 1U);
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

// Two of three, of which one is counted from each process's own steps.
TEST(PlanReplay, CountsTheProcessFaultsThatNeverCameUp) {
  SimRunner runner;
  Plan plan = three_get_one();
  plan.process_faults = {
      ProcessFault{.kind = ProcessFaultKind::kill_before, .process = 0, .step = 90'000},
      ProcessFault{.kind = ProcessFaultKind::kill_after, .process = 1, .step = 5},
      ProcessFault{.kind = ProcessFaultKind::stop, .process = 2, .step = 80'000, .time = std::chrono::seconds(1)}};
  const ReplayReport lenient = replay_plan(runner, "lenient", plan, false);
  EXPECT_EQ(lenient.verdict, ReplayVerdict::as_expected) << lenient.detail;
  EXPECT_EQ(lenient.unmet_process_faults, 2U);
  plan.note.trace_hash = lenient.trace_hash;
  EXPECT_EQ(replay_plan(runner, "strict", plan, true).detail, "2 process faults never came up");
}

TEST(PlanReplay, FollowsNothingStrictlyWithoutAStoredTrace) {
  SimRunner runner;
  const ReplayReport report = replay_plan(runner, "strict", three_get_one(), true);
  EXPECT_EQ(report.verdict, ReplayVerdict::diverged);
  EXPECT_EQ(report.detail, "no trace is stored, so there is nothing to follow");
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
  EXPECT_FALSE(find_plans({directory.path(), empty.path()})) << "each folder must have some";
  // In the order of what was named; of a folder by path, those below it too. A file is taken whatever its name is.
  for (const char* const name : {"d.json", "e.json", "c.json"}) write(empty, name, text);
  const auto sorted = find_plans({empty.path()});
  ASSERT_TRUE(sorted);
  EXPECT_EQ(*sorted,
            (std::vector<std::string>{empty.path() + "/c.json", empty.path() + "/d.json", empty.path() + "/e.json"}));
  std::filesystem::create_directory(directory.path() + "/aa");
  const std::string below = write(directory, "aa/z.json", text), notes = directory.path() + "/notes.txt";
  const auto all = find_plans({notes, directory.path(), b});
  ASSERT_TRUE(all);
  EXPECT_EQ(*all, (std::vector<std::string>{notes, a, below, b, b}));
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
  EXPECT_EQ(report.name, "seed 17");
  SimRunner direct;
  const SimDraw draw = draw_sim(17);
  const auto make =
      usual_strategy(draw, [&](const StrategyChoice&, Strategy& strategy) { (void)direct.run(draw.plan, strategy); });
  const SimOutcome outcome = direct.run(draw.plan, *make());
  EXPECT_EQ(report.steps, outcome.steps);
  EXPECT_EQ(report.processes, outcome.processes);
  EXPECT_EQ(report.judged, outcome.judged);
  EXPECT_EQ(report.trace_hash, hash_text(outcome.trace_hash));
}

TEST(PlanReplay, CallsASeedStaleWhoseGeneratorOrPlanIsAnother) {
  SimRunner runner;
  const std::uint64_t hash = plan_hash(draw_sim(17).plan);
  EXPECT_EQ(replay_seed(runner, {17, kGeneratorVersion + 1, hash}).verdict, ReplayVerdict::stale);
  const ReplayReport stale = replay_seed(runner, {17, kGeneratorVersion, hash + 1});
  EXPECT_EQ(stale.verdict, ReplayVerdict::stale);
  EXPECT_EQ(stale.steps + stale.processes + stale.unused_switches + stale.unmet_process_faults, 0U)
      << "nothing was run";
}

TEST(PlanReplay, WritesTheLineOfASeedThatItReads) {
  const SimDraw draw = draw_sim(17);
  EXPECT_EQ(seed_line(17), "17 2 " + hash_text(plan_hash(draw.plan)) + "  # " + print_line(draw.plan));
  const TestDirectory directory;
  const auto seeds = read_seeds(write(directory, "seeds.txt", "  1\t2 00ff # 3\r\n\r\n#\n 4 5 6\r\n"));
  ASSERT_TRUE(seeds) << seeds.error().message();
  ASSERT_EQ(seeds->size(), 2U);
  EXPECT_EQ((*seeds)[0].seed, 1U);
  EXPECT_EQ((*seeds)[0].generator_version, 2U);
  EXPECT_EQ((*seeds)[0].plan_hash, 255U);
  EXPECT_EQ((*seeds)[1].seed, 4U);
  EXPECT_EQ((*seeds)[1].generator_version, 5U);
  EXPECT_EQ((*seeds)[1].plan_hash, 6U);
  EXPECT_FALSE(read_seeds(directory.path() + "/none.txt"));
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
