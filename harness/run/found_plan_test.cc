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
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kFoundBy = "a test";

// The simulated world, in which somebody tampers with the directory when a stage of the plan's processes has ended.
class TamperedWorld final : public PlanWorld {
 public:
  explicit TamperedWorld(std::function<void(PlanWorld&)> tamper) : tamper_(std::move(tamper)) {}

  modelcache::Result<void> clear(Peers& peers) override { return world_->clear(peers); }
  PlanStageEnd run(const PlanStage& stage, const std::vector<Model>& models, Strategy& strategy, Observer& observer,
                   const OnOutcome& on_outcome) override {
    PlanStageEnd end = world_->run(stage, models, strategy, observer, on_outcome);
    if (stage.stage == Stage::run) tamper_(*world_);
    return end;
  }
  [[nodiscard]] std::array<std::uint64_t, kProcessFaultKinds> process_faults_met() const override {
    return world_->process_faults_met();
  }
  [[nodiscard]] const DiskView& disk() const override { return world_->disk(); }
  void write_file(std::string_view path, std::span<const std::byte> bytes) override { world_->write_file(path, bytes); }
  void remove_name(std::string_view path) override { world_->remove_name(path); }
  void set_read_only(bool is_read_only) override { world_->set_read_only(is_read_only); }
  void let_time_pass(std::chrono::nanoseconds time) override { world_->let_time_pass(time); }

 private:
  std::unique_ptr<PlanWorld> world_ = make_sim_plan_world();
  std::function<void(PlanWorld&)> tamper_;
};

std::optional<FoundPlan> find_in(std::function<void(PlanWorld&)> tamper, std::span<const std::string_view> meant = {},
                                 std::vector<std::uint64_t>* judged = nullptr) {
  SimRunner runner(std::make_unique<TamperedWorld>(std::move(tamper)));
  RandomWalk walk(1);
  return find_failure(runner, three_get_one(), walk, kFoundBy, meant, judged);
}

// A name that nobody made: `nothing_left_over` says so.
void litter(PlanWorld& world) { world.write_file("stray", {}); }

TEST(FoundPlan, IsNoneWhereAllHeld) {
  std::vector<std::uint64_t> judged;
  EXPECT_FALSE(find_in([](PlanWorld&) {}, {}, &judged).has_value());
  EXPECT_EQ(judged.size(), watched_invariants().size());
  EXPECT_THAT(judged, testing::Contains(testing::Gt(0U)));
}

TEST(FoundPlan, HoldsTheScheduleAndWhatBroke) {
  const auto found = find_in(litter);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->what, StartsWith("nothing_left_over: "));
  EXPECT_EQ(found->plan.note.expect, "nothing_left_over");
  EXPECT_EQ(found->plan.note.found_by, kFoundBy);
  EXPECT_FALSE(found->plan.schedule.switches.empty());
}

TEST(FoundPlan, IsOfTheInvariantsThatWereMeant) {
  constexpr std::array<std::string_view, 1> kOther = {"one_download"};
  EXPECT_FALSE(find_in(litter, kOther).has_value());
  constexpr std::array<std::string_view, 2> kBoth = {"one_download", "nothing_left_over"};
  EXPECT_TRUE(find_in(litter, kBoth).has_value());
}

// The second run is tampered with, the first is not.
TEST(FoundPlan, IsADivergenceOfTwoRuns) {
  int runs = 0;
  const auto found = find_in([&runs](PlanWorld& world) {
    if (++runs == 2) world.write_file("stray", {});
  });
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->what, StartsWith("divergence: "));
  EXPECT_EQ(found->plan.note.expect, "holds");
  runs = 0;
  const auto later = find_in([&runs](PlanWorld& world) {
    if (++runs == 2) world.let_time_pass(std::chrono::hours(1));
  });
  EXPECT_FALSE(later.has_value()) << "virtual time is no part of a trace";
}

TEST(FoundPlan, IsReportedInFourLinesAndAFile) {
  auto scratch = PosixScratchDirectory::make();
  ASSERT_TRUE(scratch.has_value());
  const std::string folder = std::string(scratch->path()) + "/found";
  const auto found = find_in(litter);
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
  const auto found = find_in(litter);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(report_found(*found, "/dev/null/found", "litter"), HasSubstr("could not be written; the plan is\n{"));
}

}  // namespace
}  // namespace stampede
