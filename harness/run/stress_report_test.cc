// The tests of the report that this project grew out of, made real: every success is checked in the ledger and on disk.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "harness/free/directory_for_test.h"
#include "harness/free/posix_zygote.h"
#include "harness/run/free_run.h"
#include "harness/run/plan_draw.h"

namespace stampede {
namespace {

FaultTurn turn(std::string_view text) { return parse_turn(text).value(); }

// Runs of a plan in both start modes, each in a directory of its own.
class StressReport : public ::testing::TestWithParam<bool> {
 protected:
  FreeOutcome run(const FreePlan& plan) {
    FreeOptions options;
    options.program = STAMPEDE_PROGRAM;
    options.scratch_parent = directory_.path();
    if (GetParam()) {
      auto zygote = PosixZygote::start(STAMPEDE_PROGRAM, std::chrono::seconds(20));
      EXPECT_TRUE(zygote) << zygote.error().message();
      if (!zygote) return {};
      zygote_.emplace(std::move(*zygote));
      options.zygote = &*zygote_;
    }
    auto outcome = run_free(plan, options);
    EXPECT_TRUE(outcome) << outcome.error().message();
    if (!outcome) return {};
    for (const Violation& violation : outcome->verdict.violations) {
      ADD_FAILURE() << violation.invariant << ": " << violation.what;
    }
    return std::move(*outcome);
  }

  static FreePlan plan_of(std::size_t processes, const std::vector<Model>& models) {
    DrawOptions draw;
    draw.models = models;
    draw.processes = processes;
    return draw_plan(draw, 1);
  }

 private:
  TestDirectory directory_;
  std::optional<PosixZygote> zygote_;
};

struct Counts {
  std::uint64_t succeeded = 0, failed = 0, full_bodies = 0, connections = 0;
  std::map<std::string, std::uint64_t> codes;  // of failures
};

Counts counts_of(const StageFacts& stage) {
  Counts counts;
  for (const ProcessRecord& record : stage.processes) {
    if (!record.report) continue;
    for (const OperationReport& report : *record.report) {
      ++(report.succeeded ? counts.succeeded : counts.failed);
      if (!report.succeeded) ++counts.codes[report.error_code];
    }
  }
  counts.connections = stage.ledger.size();
  counts.full_bodies = static_cast<std::uint64_t>(std::count_if(
      stage.ledger.begin(), stage.ledger.end(), [](const LedgerEntry& entry) { return entry.full_body_sent; }));
  return counts;
}

std::size_t count_entries(const StageFacts& stage) {
  if (stage.censuses.empty()) return SIZE_MAX;
  const auto& names = stage.censuses[0].names;
  return static_cast<std::size_t>(std::count_if(
      names.begin(), names.end(), [](const FoundName& name) { return name.path.starts_with("entries/"); }));
}

TEST_P(StressReport, ConcurrentProcessesOfOneModelShareOneDownload) {
  const FreeOutcome outcome = run(plan_of(12, {generated_model("m", 1'000'000)}));
  const Counts counts = counts_of(outcome.facts.run);
  EXPECT_EQ(counts.succeeded, 12U);
  EXPECT_EQ(counts.connections, 1U);
  EXPECT_EQ(counts.full_bodies, 1U);
}

TEST_P(StressReport, DifferentModelsAreDownloadedOnceEach) {
  std::vector<Model> models;
  for (int i = 0; i < 8; ++i) models.push_back(generated_model("m" + std::to_string(i), 100'000));
  FreePlan plan = plan_of(8, models);
  for (std::size_t i = 0; i < 8; ++i) plan.processes[i].operations = {PlannedOperation{.model = i}};
  const FreeOutcome outcome = run(plan);
  const Counts counts = counts_of(outcome.facts.run);
  EXPECT_EQ(counts.succeeded, 8U);
  EXPECT_EQ(counts.full_bodies, 8U);
}

TEST_P(StressReport, SeparateDirectoriesShareNothing) {
  DrawOptions draw;
  draw.models = {generated_model("m", 100'000)};
  draw.processes = 6;
  draw.separate_directories = true;
  const FreeOutcome outcome = run(draw_plan(draw, 1));
  EXPECT_EQ(counts_of(outcome.facts.run).full_bodies, 6U);
  EXPECT_EQ(outcome.facts.run.censuses.size(), 6U);
}

TEST_P(StressReport, RecoversFrom503ThenGoodThenCorruptThenGood) {
  FreePlan plan = plan_of(1, {generated_model("a", 100'000), generated_model("b", 100'000)});
  plan.faults = {.faults = {turn("status:503"), turn("none"), turn("flip_byte:7"), turn("none")}, .repeats = false};
  const FreeOutcome outcome = run(plan);
  const StageFacts& stage = outcome.facts.run;
  ASSERT_EQ(stage.ledger.size(), 4U);
  EXPECT_EQ(stage.ledger[0].status, 503);
  EXPECT_TRUE(stage.ledger[1].full_body_sent);
  EXPECT_FALSE(stage.ledger[2].full_body_sent);
  EXPECT_TRUE(stage.ledger[3].full_body_sent);
  ASSERT_EQ(stage.processes.size(), 1U);
  ASSERT_TRUE(stage.processes[0].report) << stage.processes[0].problem;
  ASSERT_EQ(stage.processes[0].report->size(), 2U);
  for (const OperationReport& report : *stage.processes[0].report) {
    EXPECT_TRUE(report.succeeded) << report.error_message;
    EXPECT_EQ(report.claimed_attempts, 2U);
  }
}

TEST_P(StressReport, EachTcpFaultIsSurvivedOnceAndNamedWhenItStays) {
  const std::map<std::string, std::vector<std::string>> codes = {
      {"reset_on_accept", {"reset"}},        {"close_on_accept", {"truncated", "reset"}},
      {"headers_then_close", {"truncated"}}, {"headers_then_reset", {"reset"}},
      {"close_in_body:1000", {"truncated"}}, {"reset_in_body:1000", {"reset"}},
  };
  for (const auto& [text, allowed] : codes) {
    SCOPED_TRACE(text);
    FreePlan plan = plan_of(4, {generated_model("m", 100'000)});
    plan.faults = {.faults = {turn(text)}, .repeats = false};
    const Counts once = counts_of(run(plan).facts.run);
    EXPECT_EQ(once.succeeded, 4U);
    EXPECT_EQ(once.connections, 2U);
    EXPECT_EQ(once.full_bodies, 1U);
    plan.faults.repeats = true;
    const FreeOutcome stays = run(plan);
    const Counts always = counts_of(stays.facts.run);
    EXPECT_EQ(always.failed, 4U);
    EXPECT_EQ(count_entries(stays.facts.run), 0U);
    for (const auto& [code, count] : always.codes) {
      EXPECT_NE(std::find(allowed.begin(), allowed.end(), code), allowed.end()) << code;
    }
  }
}

TEST_P(StressReport, RefusedConnectionsAreNamed) {
  FreePlan plan = plan_of(4, {generated_model("m", 1000), generated_model("n", 1000)});
  plan.refused_models = {1};
  const Counts counts = counts_of(run(plan).facts.run);
  EXPECT_EQ(counts.succeeded, 4U);
  EXPECT_EQ(counts.codes, (std::map<std::string, std::uint64_t>{{"refused", 4}}));
}

TEST_P(StressReport, CorruptedBytesAreNeverPublished) {
  FreePlan plan = plan_of(6, {generated_model("m", 100'000)});
  plan.faults = {.faults = {turn("flip_byte:0"), turn("zero_bytes:50000"), turn("swap_halves")}, .repeats = true};
  const FreeOutcome outcome = run(plan);
  const Counts counts = counts_of(outcome.facts.run);
  EXPECT_EQ(counts.codes, (std::map<std::string, std::uint64_t>{{"wrong_checksum", 6}}));
  EXPECT_EQ(counts.full_bodies, 0U);
  EXPECT_EQ(count_entries(outcome.facts.run), 0U);
  ASSERT_TRUE(outcome.facts.epilogue);
  EXPECT_EQ(counts_of(*outcome.facts.epilogue).succeeded, 2U) << "the model, and the epilogue's own";
}

TEST_P(StressReport, ADirectoryStandsStress) {
  std::vector<Model> models;
  for (int i = 0; i < 16; ++i) models.push_back(generated_model("m" + std::to_string(i), 1000 + i));
  const FreeOutcome outcome = run(plan_of(16, models));
  const Counts counts = counts_of(outcome.facts.run);
  EXPECT_EQ(counts.succeeded, 256U);
  EXPECT_EQ(counts.full_bodies, 16U);
  EXPECT_EQ(count_entries(outcome.facts.run), 16U);
}

// The first connection stalls for ever, so whoever made it holds the lock; it is killed when all others wait for it.
TEST_P(StressReport, TheDeathOfALockHolderFreesWhoWaits) {
  constexpr std::size_t kProcesses = 5;
  FreePlan plan = plan_of(kProcesses, {generated_model("m", 100'000)});
  plan.faults = {.faults = {turn("stall_before_headers")}, .repeats = false};
  plan.kills = {{.connection = 0, .waiting = kProcesses - 1}};
  const FreeOutcome outcome = run(plan);
  const StageFacts& stage = outcome.facts.run;
  const auto killed = std::count_if(stage.processes.begin(), stage.processes.end(), [](const ProcessRecord& record) {
    return record.reason == ExitReason::killed_by_plan;
  });
  EXPECT_EQ(killed, 1);
  const Counts counts = counts_of(stage);
  EXPECT_EQ(counts.succeeded, kProcesses - 1);
  EXPECT_EQ(counts.connections, 2U);
  EXPECT_EQ(counts.full_bodies, 1U);
}

TEST_P(StressReport, AllTogether) {
  DrawOptions draw;
  draw.models = {generated_model("a", 1000), generated_model("b", 100'000), generated_model("c", 300'000)};
  draw.processes = 12;
  draw.fault_share = 0.5;
  draw.refused_models = 1;
  draw.kills = 2;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const FreeOutcome outcome = run(draw_plan(draw, seed));
    ASSERT_TRUE(outcome.facts.epilogue);
    EXPECT_EQ(counts_of(*outcome.facts.epilogue).succeeded, 4U) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Start, StressReport, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& start) { return start.param ? "Fork" : "Exec"; });

}  // namespace
}  // namespace stampede
