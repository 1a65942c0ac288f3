// Real processes, a real server and real files: what the free world reports is what happened.
#include "harness/run/free_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "harness/free/directory_for_test.h"
#include "harness/free/posix_descriptor.h"
#include "harness/free/worker_text.h"
#include "harness/run/exploration.h"
#include "harness/run/plan_draw.h"

namespace stampede {
namespace {

FreeOptions options_in(const TestDirectory& directory, std::string program = STAMPEDE_PROGRAM) {
  FreeOptions options;
  options.program = std::move(program);
  options.scratch_parent = directory.path();
  return options;
}

DrawOptions four_processes() {
  DrawOptions draw;
  draw.models = {generated_model("a", 100), generated_model("b", 300'000)};
  draw.processes = 4;
  return draw;
}

std::set<std::string> violated(const Verdict& verdict) {
  std::set<std::string> ids;
  for (const Violation& violation : verdict.violations) ids.insert(violation.invariant);
  return ids;
}

void expect_holds(const Verdict& verdict) {
  for (const Violation& violation : verdict.violations) ADD_FAILURE() << violation.invariant << ": " << violation.what;
}

std::size_t count_full_bodies(const Ledger& ledger) {
  return static_cast<std::size_t>(
      std::count_if(ledger.begin(), ledger.end(), [](const LedgerEntry& entry) { return entry.full_body_sent; }));
}

CrewMember member_with(std::string report) {
  CrewMember member;
  member.record.reason = ExitReason::exited;
  member.record.exit_value = 3;
  member.record.started_at = MachineTime(100);
  member.record.output = "words";
  member.report = std::move(report);
  return member;
}

TEST(FreeRecord, HasWhatTheWorkerReported) {
  OperationReport get;
  get.succeeded = true;
  get.path = "/p";
  const ProcessRecord record =
      record_of(member_with(print({.operations = {get},
                                   .measures = {.times = {{"get", {MachineTime(7)}}}, .counts = {{"bytes", 3}}},
                                   .ready_at = MachineTime(130),
                                   .descriptors_before = 5,
                                   .descriptors_after = 6,
                                   .peak_memory_bytes = 4096})));
  EXPECT_EQ(record.reason, ExitReason::exited);
  EXPECT_EQ(record.exit_value, 3);
  EXPECT_EQ(record.output, "words");
  EXPECT_EQ(record.problem, "");
  ASSERT_TRUE(record.report);
  ASSERT_EQ(record.report->size(), 1U);
  EXPECT_EQ(record.report->front().path, "/p");
  EXPECT_EQ(record.ready_at, MachineTime(130));
  EXPECT_EQ(record.measures.times,
            (std::map<std::string, Samples>{{"get", {MachineTime(7)}}, {"start", {MachineTime(30)}}}));
  EXPECT_EQ(record.measures.counts, (std::map<std::string, std::uint64_t>{{"bytes", 3}}));
  EXPECT_EQ(record.descriptors_before, 5U);
  EXPECT_EQ(record.descriptors_after, 6U);
  EXPECT_EQ(record.peak_memory_bytes, 4096U);
}

TEST(FreeRecord, HasNoReportWhereThereIsAProblem) {
  const ProcessRecord garbled = record_of(member_with("no JSON"));
  EXPECT_FALSE(garbled.report);
  EXPECT_TRUE(garbled.problem.starts_with("parse worker report: ")) << garbled.problem;
  EXPECT_TRUE(garbled.measures.times.empty());
  EXPECT_EQ(garbled.peak_memory_bytes, std::nullopt);
  CrewMember late = member_with(print(WorkerReport{}));
  late.record.problem = "its report is longer than 9 bytes";
  const ProcessRecord record = record_of(std::move(late));
  EXPECT_FALSE(record.report) << "a report with a problem does not count";
  EXPECT_EQ(record.problem, "its report is longer than 9 bytes");
}

TEST(FreeKills, AreDueWhenTheRequestHasComeAndEnoughWait) {
  Ledger ledger(3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    ledger[i].listener = 10 + i;
    ledger[i].requested = i != 1;
  }
  const auto connections = [](const std::vector<PlannedKill>& kills) {
    std::vector<std::uint64_t> list;
    for (const PlannedKill& kill : kills) list.push_back(kill.connection);
    return list;
  };
  std::vector<PlannedKill> kills = {{.connection = 0, .waiting = 2},
                                    {.connection = 1, .waiting = 0},
                                    {.connection = 2, .waiting = 3},
                                    {.connection = 3, .waiting = 0}};
  EXPECT_TRUE(take_victims(kills, ledger, 1).empty());
  EXPECT_EQ(kills.size(), 4U);
  EXPECT_EQ(take_victims(kills, ledger, 2), std::vector<std::size_t>{10});
  EXPECT_EQ(connections(kills), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(take_victims(kills, ledger, 4), std::vector<std::size_t>{12});
  EXPECT_EQ(connections(kills), (std::vector<std::uint64_t>{1, 3})) << "one asks for nothing, one is not there";
  EXPECT_TRUE(take_victims(kills, {}, 4).empty());
}

TEST(FreeRun, SharesOneDownloadAmongFourProcesses) {
  const TestDirectory directory;
  const auto outcome = run_free(draw_plan(four_processes(), 1), options_in(directory));
  ASSERT_TRUE(outcome) << outcome.error().message();
  expect_holds(outcome->verdict);
  const StageFacts& run = outcome->facts.run;
  EXPECT_EQ(count_full_bodies(run.ledger), 2U);
  for (const ProcessRecord& record : run.processes) {
    ASSERT_TRUE(record.report) << record.problem;
    ASSERT_EQ(record.report->size(), 2U);
    EXPECT_LT(run.began_at, record.started_at);
    EXPECT_LT(record.ready_at, run.released_at);
    for (const OperationReport& report : *record.report) {
      EXPECT_TRUE(report.succeeded) << report.error_message;
      EXPECT_GE(report.began_at, run.released_at) << "it began before the barrier opened";
      EXPECT_LE(report.ended_at, run.ended_at);
    }
  }
  for (const auto& [invariant, times] : outcome->verdict.judged) {
    if (invariant == "honest_errors" || invariant == "faults_were_played") continue;  // nothing failed, nor should
    EXPECT_GT(times, 0U) << invariant;
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path())) << "the run's files are still there";
}

TEST(FreeRun, GivesEachDirectoryItsOwnDownload) {
  const TestDirectory directory;
  DrawOptions draw = four_processes();
  draw.separate_directories = true;
  const auto outcome = run_free(draw_plan(draw, 1), options_in(directory));
  ASSERT_TRUE(outcome) << outcome.error().message();
  expect_holds(outcome->verdict);
  EXPECT_EQ(count_full_bodies(outcome->facts.run.ledger), 8U);
}

TEST(FreeRun, ExplainsFailuresByFaults) {
  const TestDirectory directory;
  DrawOptions draw = four_processes();
  draw.fault_share = 1;
  draw.refused_models = 1;
  std::uint64_t failures = 0;
  std::uint64_t judged = 0;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const auto outcome = run_free(draw_plan(draw, seed), options_in(directory));
    ASSERT_TRUE(outcome) << outcome.error().message();
    expect_holds(outcome->verdict);
    judged += outcome->verdict.judged.at("honest_errors");
    for (const ProcessRecord& record : outcome->facts.run.processes) {
      ASSERT_TRUE(record.report) << record.problem;
      for (const OperationReport& report : *record.report) failures += report.succeeded ? 0 : 1;
    }
  }
  EXPECT_GE(failures, 12U) << "a refused model cannot be got";
  EXPECT_EQ(judged, failures);
}

TEST(FreeRun, TakesNoWorkerThatCannotStartForASuccess) {
  const TestDirectory directory;
  const auto outcome = run_free(draw_plan(four_processes(), 1), options_in(directory, "/nonexistent/program"));
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_TRUE(violated(outcome->verdict).contains("every_process_is_accounted_for"));
  for (const ProcessRecord& record : outcome->facts.run.processes) {
    EXPECT_EQ(record.reason, ExitReason::not_started);
    EXPECT_FALSE(record.report);
  }
  EXPECT_TRUE(std::filesystem::exists(outcome->kept_directory));
}

TEST(FreeRun, ReportsAWorkerThatHangs) {
  const TestDirectory directory;
  FreeOptions options = options_in(directory, directory.script("printf R >&4; exec tail -f /dev/null"));
  options.worker_timeout = std::chrono::milliseconds(200);
  const auto outcome = run_free(draw_plan(four_processes(), 1), options);
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_TRUE(violated(outcome->verdict).contains("every_process_is_accounted_for"));
  for (const ProcessRecord& record : outcome->facts.run.processes) EXPECT_EQ(record.reason, ExitReason::hang);
}

TEST(FreeRun, BelievesNoWorkerThatClaimsSuccess) {
  // Says that it got both models, at once, and without a request.
  const TestDirectory directory;
  const std::string claim =
      R"({"succeeded":true,"began_at":0,"ended_at":0,"path":"x","claims_hit":true,"claimed_attempts":0})";
  const auto outcome = run_free(
      draw_plan(four_processes(), 1),
      options_in(directory, directory.script("printf R >&4; cat <&3; printf '%s' '{\"operations\":[" + claim + "," +
                                             claim + "],\"times\":{},\"counts\":{},\"ready_at\":0}' >&4")));
  ASSERT_TRUE(outcome) << outcome.error().message();
  const std::set<std::string> ids = violated(outcome->verdict);
  EXPECT_TRUE(ids.contains("bytes_are_what_was_asked"));
  EXPECT_TRUE(ids.contains("success_needs_bytes"));
  EXPECT_TRUE(ids.contains("one_download"));
}

// A ledger that forgets is noticed, since files and reports tell of bytes that it does not.
TEST(FreeRun, NoticesALedgerThatWasTouched) {
  const TestDirectory directory;
  const auto outcome = run_free(draw_plan(four_processes(), 1), options_in(directory));
  ASSERT_TRUE(outcome) << outcome.error().message();
  expect_holds(outcome->verdict);

  RunFacts forgets_requests = outcome->facts;
  forgets_requests.run.ledger.clear();
  EXPECT_TRUE(violated(judge(forgets_requests)).contains("hits_caused_no_request"));
  EXPECT_TRUE(violated(judge(forgets_requests)).contains("success_needs_bytes"));

  RunFacts forgets_bytes = outcome->facts;
  for (LedgerEntry& entry : forgets_bytes.run.ledger) entry.full_body_sent = false;
  EXPECT_TRUE(violated(judge(forgets_bytes)).contains("success_needs_bytes"));

  RunFacts invents = outcome->facts;
  invents.run.ledger.push_back(invents.run.ledger.front());
  EXPECT_TRUE(violated(judge(invents)).contains("one_download"));
}

class ExplorationTest : public ::testing::Test {
 protected:
  ExplorationTest() {
    options_.draw = four_processes();
    options_.free = options_in(directory_);
  }

  ExplorationTotals explore() {
    const auto totals = explore_free(options_, [this](const ExplorationTotals& so_far) {
      runs_seen_.push_back(so_far.runs);
      EXPECT_GT(so_far.seconds, 0);
    });
    EXPECT_TRUE(totals) << totals.error().message();
    return totals ? *totals : ExplorationTotals{};
  }

  TestDirectory directory_;
  ExplorationOptions options_;
  std::vector<std::uint64_t> runs_seen_;
};

TEST_F(ExplorationTest, CountsWhatHappened) {
  options_.runs = 2;
  const ExplorationTotals totals = explore();
  EXPECT_EQ(totals.violation_count(), 0U);
  EXPECT_EQ(totals.runs, 2U);
  EXPECT_EQ(runs_seen_, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(totals.processes, 8U);
  EXPECT_EQ(totals.successes, 16U);
  EXPECT_EQ(totals.failures, 0U);
  EXPECT_EQ(totals.full_bodies, 4U);
  EXPECT_EQ(totals.body_bytes_sent, 600'200U);
  EXPECT_EQ(totals.hits, 12U);
  EXPECT_EQ(totals.cpu_times.size(), 8U);
  EXPECT_EQ(totals.exits, (std::map<std::string, std::uint64_t>{{"exited", 8}}));
  EXPECT_EQ(totals.faults, (std::map<std::string, std::uint64_t>{{"none", totals.connections}}));
  EXPECT_FALSE(totals.interrupted);
  EXPECT_GT(totals.seconds, 0);
  EXPECT_EQ(totals.judged.size(), all_invariants().size());
  for (const Invariant& invariant : all_invariants()) EXPECT_TRUE(totals.judged.contains(std::string(invariant.id)));
}

TEST_F(ExplorationTest, SavesEachRunThatViolatesUnderItsSeed) {
  options_.free.program = "/nonexistent/program";
  options_.seed = 41;
  options_.runs = 2;
  for (const bool is_apart : {true, false}) {
    options_.out = is_apart ? directory_.path() + "/out" : "";
    const ExplorationTotals totals = explore();
    EXPECT_EQ(totals.processes, 0U);
    EXPECT_EQ(totals.successes, 0U);
    EXPECT_EQ(totals.exits, (std::map<std::string, std::uint64_t>{{"not_started", 8}}));
    ASSERT_EQ(totals.discoveries.size(), 2U);
    for (std::uint64_t i = 0; i < 2; ++i) {
      const Discovery& discovery = totals.discoveries[i];
      const std::string name = "/free-" + std::to_string(41 + i) + ".json";
      EXPECT_EQ(discovery.seed, 41 + i);
      EXPECT_FALSE(discovery.violations.empty());
      EXPECT_TRUE(std::filesystem::is_directory(discovery.directory));
      EXPECT_EQ(discovery.plan_file, (is_apart ? options_.out : discovery.directory) + name);
      std::ostringstream text;
      text << std::ifstream(discovery.plan_file).rdbuf();
      EXPECT_NE(text.str().find("\"seed\": " + std::to_string(41 + i) + ","), std::string::npos) << text.str();
      EXPECT_NE(text.str().find("\"invariant\": \"" + discovery.violations[0].invariant), std::string::npos);
    }
  }
}

TEST_F(ExplorationTest, SaysThatAPlanCouldNotBeWritten) {
  options_.free.program = "/nonexistent/program";
  options_.runs = 1;
  options_.out = directory_.file("file", "no directory");
  const ExplorationTotals totals = explore();
  ASSERT_EQ(totals.discoveries.size(), 1U);
  EXPECT_EQ(totals.discoveries[0].plan_file, "");
}

TEST_F(ExplorationTest, BeginsNoRunAfterItsTime) {
  options_.seconds = 0;
  options_.runs = std::nullopt;
  const ExplorationTotals none = explore();
  EXPECT_EQ(none.runs, 0U);
  EXPECT_TRUE(runs_seen_.empty());
  options_.seconds = 1e-9;
  EXPECT_EQ(explore().runs, 0U);
  options_.seconds = 3600;
  options_.runs = 1;
  EXPECT_EQ(explore().runs, 1U);
}

TEST_F(ExplorationTest, CountsNoRunThatWasInterrupted) {
  const PosixPipe pipe = make_pipe();
  options_.free.interrupt_descriptor = pipe.read.get();
  options_.free.program = directory_.script("exec tail -f /dev/null");
  std::ofstream("/proc/self/fd/" + std::to_string(pipe.write.get())) << "I";
  const ExplorationTotals totals = explore();
  EXPECT_TRUE(totals.interrupted);
  EXPECT_EQ(totals.runs, 0U);
  EXPECT_EQ(totals.processes, 0U);
  EXPECT_TRUE(totals.discoveries.empty());
}

TEST_F(ExplorationTest, FailsWhereNoRunCanBegin) {
  options_.free.scratch_parent = "/nonexistent/parent";
  const auto totals = explore_free(options_, [](const ExplorationTotals&) {});
  ASSERT_FALSE(totals);
  EXPECT_EQ(totals.error().code, modelcache::ErrorCode::io);
}

}  // namespace
}  // namespace stampede
