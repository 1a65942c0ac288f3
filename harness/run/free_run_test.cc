// Real processes, a real server and real files: what the free world reports is what happened.
#include "harness/run/free_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "harness/free/census.h"
#include "harness/free/directory_for_test.h"
#include "harness/free/posix_descriptor.h"
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

std::size_t gets_of_first(const StageFacts& stage) {
  return stage.processes.empty() || !stage.processes[0].report ? 0 : stage.processes[0].report->size();
}

TEST(FreeRun, SurroundsARunByAWarmUpAndAnEpilogue) {
  const TestDirectory directory;
  FreePlan plan;
  plan.models = {generated_model("for-the-epilogue", 10), generated_model("b", 20)};
  plan.directories = 3;
  plan.starts_warm = true;
  plan.processes = {{.operations = {{.model = 1, .directory = 2}}}};
  FreeOptions options = options_in(directory);
  options.reads_back = false;
  options.counts_descriptors = false;
  const auto outcome = run_free(plan, options);
  ASSERT_TRUE(outcome) << outcome.error().message();
  expect_holds(outcome->verdict);
  const RunFacts& facts = outcome->facts;
  EXPECT_EQ(facts.umask, read_umask());
  EXPECT_GT(facts.run.began_at, MachineTime{});
  EXPECT_LT(facts.run.began_at, facts.run.released_at) << "processes take time to start";
  EXPECT_LT(facts.run.released_at, facts.run.ended_at);
  EXPECT_FALSE(facts.reads_back || facts.interrupted);
  EXPECT_EQ(facts.subject.name, "modelcache");
  ASSERT_TRUE(facts.descriptors_before && facts.descriptors_after);
  EXPECT_EQ(facts.descriptors_before, facts.descriptors_after);
  ASSERT_EQ(facts.plan.models.size(), 3U);
  EXPECT_EQ(facts.plan.models[2].name, "for-the-epilogue+") << "a name that nobody else has";
  EXPECT_EQ(facts.plan.models[2].bytes->size(), 100U);
  ASSERT_TRUE(facts.warm_up && facts.epilogue);
  EXPECT_EQ(gets_of_first(*facts.warm_up), 6U) << "each model in each directory, but for the last one";
  EXPECT_EQ(gets_of_first(facts.run), 1U);
  EXPECT_EQ(gets_of_first(*facts.epilogue), 9U);
  EXPECT_EQ(count_full_bodies(facts.warm_up->ledger), 6U);
  EXPECT_TRUE(facts.run.ledger.empty()) << "it is warm, and a stage has a ledger of its own";
  EXPECT_EQ(count_full_bodies(facts.epilogue->ledger), 3U);
  for (const StageFacts* stage : {&*facts.warm_up, &facts.run, &*facts.epilogue}) {
    ASSERT_EQ(stage->planned.size(), 1U);
    ASSERT_EQ(stage->censuses.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(stage->censuses[i].directory.ends_with("/" + std::to_string(i))) << stage->censuses[i].directory;
    }
    EXPECT_EQ(stage->leaked_processes, 0U);
    ASSERT_EQ(stage->processes.size(), 1U);
    EXPECT_FALSE(stage->processes[0].descriptors_before) << "nobody asked";
    for (const OperationReport& report : stage->processes[0].report.value_or(std::vector<OperationReport>{})) {
      EXPECT_TRUE(report.succeeded) << report.error_message;
      EXPECT_FALSE(report.read_back) << "nobody asked";
    }
  }
  ASSERT_EQ(gets_of_first(facts.run), 1U);
  EXPECT_TRUE(facts.run.processes[0].report->front().path.starts_with(facts.run.censuses[2].directory + "/"));
}

TEST(FreeRun, CountsDescriptorsOfTheHarnessAndOfItsWorkers) {
  const TestDirectory directory;
  FreePlan plan;
  plan.models = {generated_model("a", 10)};
  plan.processes = {{.operations = {{.model = 0}}}};
  const auto outcome = run_free(plan, options_in(directory));
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_FALSE(outcome->facts.warm_up);
  EXPECT_EQ(outcome->facts.descriptors_before, count_open_descriptors());
  ASSERT_EQ(outcome->facts.run.processes.size(), 1U);
  EXPECT_TRUE(outcome->facts.run.processes[0].descriptors_before);
  EXPECT_TRUE(outcome->facts.run.processes[0].descriptors_after);
  EXPECT_EQ(outcome->kept_directory, "");
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
    const ExplorationTotals totals = explore_free(options_, [this](const ExplorationTotals& so_far) {
      runs_seen_.push_back(so_far.runs);
      EXPECT_GT(so_far.seconds, 0);
    });
    EXPECT_EQ(totals.failure, "");
    return totals;
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
  const std::string file = directory_.file("file", "no directory"), full = directory_.path() + "/full";
  std::filesystem::create_directory(full);
  std::filesystem::create_symlink("/dev/full", full + "/free-0.json");
  for (const std::string& out : {file, full}) {
    options_.out = out;
    const ExplorationTotals totals = explore();
    ASSERT_EQ(totals.discoveries.size(), 1U);
    EXPECT_EQ(totals.discoveries[0].plan_file, "") << out;
  }
}

TEST_F(ExplorationTest, BeginsNoRunAfterItsTime) {
  options_.seconds = 0;
  options_.runs = std::nullopt;
  const ExplorationTotals none = explore();
  EXPECT_EQ(none.runs, 0U);
  EXPECT_TRUE(runs_seen_.empty());
  EXPECT_GT(none.seconds, 0) << "of everything";
  EXPECT_EQ(none.judged.size(), all_invariants().size());
  for (const auto& [invariant, times] : none.judged) EXPECT_EQ(times, 0U) << invariant;
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

// Its directory goes with the second run, which violates as the first did.
TEST_F(ExplorationTest, KeepsWhatWasFoundBeforeARunThatCannotBegin) {
  const std::string parent = directory_.path() + "/parent";
  options_.free.program = "/nonexistent/program";
  options_.free.scratch_parent = parent;
  for (const std::uint64_t runs : {0, 2}) {
    if (runs > 0) std::filesystem::create_directory(parent);
    const ExplorationTotals totals = explore_free(options_, [&](const ExplorationTotals& so_far) {
      if (so_far.runs == runs) std::filesystem::remove_all(parent);
    });
    EXPECT_NE(totals.failure.find(parent), std::string::npos) << totals.failure;
    EXPECT_EQ(totals.runs, runs);
    EXPECT_EQ(totals.discoveries.size(), runs);
    EXPECT_EQ(totals.seconds > 0, true);
  }
}

}  // namespace
}  // namespace stampede
