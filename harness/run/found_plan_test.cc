// Tests that what fails is found, kept and reported, in worlds that do wrong.
#include "harness/run/found_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/free/posix_scratch_directory.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/sim_exploration.h"
#include "harness/run/tampered_world_for_test.h"
#include "harness/run/trace.h"
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kFoundBy = "a test";

std::optional<FoundPlan> find_in(std::function<Tampering(int run)> tamper, std::span<const std::string_view> meant = {},
                                 std::vector<std::uint64_t>* judged = nullptr) {
  SimRunner runner(std::make_unique<TamperedWorld>(std::move(tamper)));
  RandomWalk walk(1);
  return find_failure(runner, three_get_one(), walk, kFoundBy, meant, judged);
}

Tampering leave_alone(int) { return {}; }
Tampering litter_always(int) { return {.after = litter}; }

TEST(FoundPlan, IsNoneWhereAllHeld) {
  std::vector<std::uint64_t> judged;
  EXPECT_FALSE(find_in(leave_alone, {}, &judged).has_value());
  EXPECT_EQ(judged.size(), watched_invariants().size());
  EXPECT_THAT(judged, testing::Contains(testing::Gt(0U)));
}

TEST(FoundPlan, HoldsTheScheduleAndWhatBroke) {
  const auto found = find_in(litter_always);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->what, StartsWith("nothing_left_over: "));
  EXPECT_EQ(found->plan.note.expect, "nothing_left_over");
  EXPECT_EQ(found->plan.note.found_by, kFoundBy);
  SimRunner runner;
  RandomWalk walk(1);
  Plan expected = three_get_one();
  expected.schedule.switches = runner.run(expected, walk).run.switches;
  EXPECT_EQ(found->plan.schedule, expected.schedule);
  EXPECT_EQ(found->plan.processes, expected.processes);
  SimRunner again(std::make_unique<TamperedWorld>(litter_always));
  EXPECT_EQ(found->plan.note.trace_hash, hash_text(replay_sim(again, found->plan, true).outcome.trace_hash));
}

TEST(FoundPlan, IsOfTheInvariantsThatWereMeant) {
  constexpr std::array<std::string_view, 1> kOther = {"one_download"};
  EXPECT_FALSE(find_in(litter_always, kOther).has_value());
  constexpr std::array<std::string_view, 2> kBoth = {"one_download", "nothing_left_over"};
  EXPECT_TRUE(find_in(litter_always, kBoth).has_value());
}

// The second run is tampered with, the first is not.
TEST(FoundPlan, IsADivergenceOfTwoRuns) {
  for (const NamedTampering& way : ways_to_tamper()) {
    const auto found = find_in(tamper_with(2, way.tampering));
    ASSERT_TRUE(found.has_value()) << way.name;
    EXPECT_THAT(found->what,
                StartsWith(way.changes_trace ? "divergence: two runs of one plan differ: the traces differ"
                                             : "divergence: two runs of one plan differ: the traces are the same, and "
                                               "the verdicts are not:\n"))
        << way.name;
    EXPECT_EQ(found->plan.note.expect, "holds");
    EXPECT_FALSE(find_in(tamper_with(3, way.tampering)).has_value()) << "there are two runs";
  }
  const auto later = find_in(tamper_with(
      2, {.after = [](PlanWorld& world, const PlanStage&) { world.let_time_pass(std::chrono::hours(1)); }}));
  EXPECT_FALSE(later.has_value()) << "virtual time is no part of a trace";
}

// The schedule of the first run cannot be followed: process 0 does other things.
TEST(FoundPlan, IsADivergenceWhereTheSwitchesDoNotComeUp) {
  const auto found = find_in(tamper_with(2, {.before = [](PlanWorld& world) { world.set_read_only(true); }}));
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->what, StartsWith("divergence: two runs of one plan differ: step "));
}

TEST(FoundPlan, AddsWhatWasJudgedToWhatWasBefore) {
  std::vector<std::uint64_t> once, twice;
  EXPECT_FALSE(find_in(leave_alone, {}, &once).has_value());
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(find_in(leave_alone, {}, &twice).has_value());
  ASSERT_EQ(twice.size(), once.size());
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_EQ(twice[i], 2 * once[i]) << i;
}

TEST(FoundPlan, IsReportedInFourLinesAndAFile) {
  auto scratch = PosixScratchDirectory::make();
  ASSERT_TRUE(scratch.has_value());
  const std::string folder = std::string(scratch->path()) + "/found";
  const auto found = find_in(litter_always);
  ASSERT_TRUE(found.has_value());
  const std::string text = report_found(*found, folder, "litter");
  const std::string file = folder + "/litter.json";
  EXPECT_THAT(text, StartsWith("violated: nothing_left_over: "));
  EXPECT_THAT(text, HasSubstr("\nplan:     3 processes, m0 1 KiB: "));
  EXPECT_THAT(text, HasSubstr("\nreplay:   stampede replay " + file + "\n"));
  EXPECT_THAT(text, HasSubstr("\nfile:     " + file));
  const auto read = read_plan(file);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->schedule, found->plan.schedule);
  EXPECT_EQ(read->note.why, found->what);
}

TEST(FoundPlan, IsPrintedWhereItCannotBeWritten) {
  const auto found = find_in(litter_always);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(report_found(*found, "/dev/null/found", "litter"), HasSubstr("could not be written; the plan is\n{"));
}

}  // namespace
}  // namespace stampede
