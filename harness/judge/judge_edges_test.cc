// Edges of the free world's judge: figures that are absent, and things that have the same number elsewhere.
#include <functional>

#include "harness/judge/good_run_for_test.h"
#include "harness/judge/invariants.h"

namespace stampede {
namespace {

using modelcache::Sha256Digest;
using Lines = std::vector<std::string>;

TEST(JudgeEdges, DescriptorsThatNobodyCountedAreNotJudged) {
  const std::function<void(GoodRun&)> absences[] = {[](GoodRun& run) { run.facts.descriptors_before.reset(); },
                                                    [](GoodRun& run) { run.facts.descriptors_after.reset(); },
                                                    [](GoodRun& run) {
                                                      run.facts.descriptors_before.reset();
                                                      run.facts.run.processes[1].descriptors_before = 5;
                                                    },
                                                    [](GoodRun& run) {
                                                      run.facts.descriptors_after.reset();
                                                      run.facts.run.processes[1].descriptors_after = 5;
                                                    }};
  for (const auto& absent : absences) {
    GoodRun run;
    absent(run);
    const Finding finding = nothing_left_over(run.facts);
    EXPECT_EQ(finding.judged, 18U);
    EXPECT_EQ(finding.violations, Lines{});
  }
  GoodRun run;
  run.facts.run.processes[1].descriptors_before = run.facts.run.processes[1].descriptors_after = 5;
  EXPECT_EQ(nothing_left_over(run.facts).judged, 20U);
}

TEST(JudgeEdges, DescriptorsOfEachProcessAreJudged) {
  GoodRun run;
  run.facts.run.processes[0].descriptors_before = 9;
  run.facts.run.processes[0].descriptors_after = 8;
  run.facts.epilogue->leaked_processes = 2;
  EXPECT_EQ(nothing_left_over(run.facts).violations,
            (Lines{"process 0 had 9 descriptors open before its operations and 8 after them",
                   "2 processes that workers had started were still alive"}));
}

TEST(JudgeEdges, NamesAreNotJudgedWhereSomebodyDied) {
  GoodRun run;
  run.facts.run.processes[1].reason = ExitReason::signalled;
  EXPECT_EQ(nothing_left_over(run.facts).judged, 11U);
  EXPECT_EQ(manifest_is_complete(run.facts).judged, 7U);
  EXPECT_EQ(one_download(run.facts).judged, 0U);
}

TEST(JudgeEdges, RefusedModelsAreThoseAndNoOthers) {
  for (const std::size_t refused : {0U, 1U}) {
    GoodRun run;
    run.facts.plan.refused_models = {refused};
    OperationReport& report = run.report(1, 1);
    report.succeeded = false;
    report.error_code = "reset";
    report.error_message = "why";
    const bool is_it = refused == 1;
    EXPECT_EQ(honest_errors(run.facts).violations,
              is_it ? Lines{"process 1, get 1 of b failed with 'why'; its faults can cause refused"} : Lines{});
    EXPECT_EQ(no_spurious_failure(run.facts).violations,
              is_it ? Lines{} : Lines{"process 1, get 1 of b met no fault on 0 requests and failed: why"});
    EXPECT_EQ(no_spurious_failure(run.facts).judged, 2U);
    EXPECT_EQ(one_download(run.facts).judged, 3U);
  }
}

// A connection that broke before it said what for may have been any get's of its process, and nobody else's.
TEST(JudgeEdges, BrokenConnectionsExplainFailuresOfTheirProcess) {
  for (const std::uint32_t listener : {0U, 1U}) {
    GoodRun run;
    OperationReport& report = run.report(1, 0);
    report.succeeded = false;
    report.error_code = "io";
    report.error_message = "why";
    LedgerEntry broken;
    broken.listener = listener;
    broken.fault = NetworkFault{.kind = FaultKind::reset_on_accept};
    run.facts.run.ledger.push_back(broken);
    const bool is_own = listener == 1;
    EXPECT_EQ(honest_errors(run.facts).violations,
              is_own ? Lines{"process 1, get 0 of a failed with 'why'; its faults can cause reset"} : Lines{});
    EXPECT_EQ(no_spurious_failure(run.facts).violations,
              is_own ? Lines{} : Lines{"process 1, get 0 of a met no fault on 0 requests and failed: why"});
    EXPECT_EQ(no_spurious_failure(run.facts).judged, 2U);  // of who met none
    EXPECT_EQ(hits_caused_no_request(run.facts).judged, 3U);
  }
}

TEST(JudgeEdges, WhoDownloadedOnceMayHaveConnectedForThat) {
  for (const std::size_t downloaded : {0U, 1U}) {
    GoodRun run;
    LedgerEntry broken;
    broken.listener = 1;
    run.facts.run.ledger.push_back(broken);
    run.report(1, downloaded).claims_hit = false;
    run.request(downloaded).listener = 1;
    run.report(0, downloaded).claims_hit = true;
    EXPECT_EQ(hits_caused_no_request(run.facts).violations, Lines{}) << downloaded;
    EXPECT_EQ(hits_caused_no_request(run.facts).judged, 4U) << "nobody had hits only";
  }
}

TEST(JudgeEdges, RequestsAreThoseOfPlannedOperations) {
  const std::pair<std::uint32_t, std::size_t> rows[] = {{0, 2}, {2, 0}, {0, 7}};
  for (const auto& [listener, operation] : rows) {
    GoodRun run;
    LedgerEntry& request = run.request(1);
    request.listener = listener;
    request.target = "/b" + query_of(operation);
    EXPECT_EQ(every_request_was_asked_for(run.facts).violations,
              Lines{"connection 1 of process " + std::to_string(listener) + " asked for " + request.target +
                    ", which nobody told it to"});
    EXPECT_EQ(every_request_was_asked_for(run.facts).judged, 4U);
  }
}

TEST(JudgeEdges, ACleanProcessThatFailsGotNoOtherBytes) {
  GoodRun run;
  OperationReport& report = run.facts.epilogue->processes.at(0).report->at(1);
  report.succeeded = false;
  report.error_message = "why";
  report.read_back.reset();
  run.facts.epilogue->planned[0].operations[1].directory = 3;
  EXPECT_EQ(recovery_needs_no_hands(run.facts).violations,
            Lines{"after the run, a clean process 0, get 1 of b from directory 3 failed: why"});
  EXPECT_EQ(recovery_needs_no_hands(run.facts).judged, 4U);
  run.facts.reads_back = false;
  report.succeeded = true;
  EXPECT_EQ(recovery_needs_no_hands(run.facts).violations, Lines{});
  EXPECT_EQ(recovery_needs_no_hands(run.facts).judged, 3U);
  EXPECT_EQ(bytes_are_what_was_asked(run.facts).judged, 4U);
  ProcessRecord& record = run.facts.epilogue->processes.at(0);
  record.exit_value = 1;
  record.problem = "problem";
  record.output = "output";
  EXPECT_EQ(recovery_needs_no_hands(run.facts).violations,
            Lines{"the clean process after the run did not end well: problem output"});
  run.facts.epilogue.reset();
  EXPECT_EQ(recovery_needs_no_hands(run.facts).judged, 0U);
}

TEST(JudgeEdges, ProcessesAreToldOfWithWhatTheyWrote) {
  const struct {
    ExitReason reason;
    int value;
    bool is_reaped, reports;
    Lines lines;
  } rows[] = {
      {ExitReason::exited, 0, true, true, {}},
      {ExitReason::exited, 3, true, true, {"process 1: exited 3 problem output"}},
      {ExitReason::signalled,
       9,
       true,
       false,
       {"process 1: signalled 9 problem output", "process 1: no report: problem"}},
      {ExitReason::hang, 9, true, true, {"process 1: hang problem output"}},
      {ExitReason::not_started, 2, false, true, {"process 1: not_started 2 problem output"}},
      {ExitReason::exited, 0, false, true, {"process 1: was not reaped"}},
      {ExitReason::killed_by_plan, 9, true, false, {}},
      {ExitReason::killed_by_plan, 9, false, false, {"process 1: was killed and not reaped"}},
      {ExitReason::interrupted, 9, true, true, {"process 1: interrupted 9 problem output"}},
  };
  for (const auto& row : rows) {
    GoodRun run;
    ProcessRecord& record = run.facts.run.processes.at(1);
    record.reason = row.reason;
    record.exit_value = row.value;
    record.reaped = row.is_reaped;
    record.problem = "problem";
    record.output = "output";
    if (!row.reports) record.report.reset();
    const Finding finding = every_process_is_accounted_for(run.facts);
    EXPECT_EQ(finding.violations, row.lines) << name_of(row.reason);
    EXPECT_EQ(finding.judged, row.reason == ExitReason::killed_by_plan ? 9U : 11U) << name_of(row.reason);
  }
  GoodRun run;
  run.facts.run.processes.at(1).report->pop_back();
  EXPECT_EQ(every_process_is_accounted_for(run.facts).violations, Lines{"process 1: reports 1 of 2 operations"});
  run.facts.run.processes.pop_back();
  EXPECT_EQ(every_process_is_accounted_for(run.facts).violations, Lines{"2 processes were planned, 1 are known"});
}

TEST(JudgeEdges, OnlyTheseNeedTheBuiltInCache) {
  Lines ids;
  for (const Invariant& invariant : all_invariants()) {
    if (invariant.needs_built_in) ids.emplace_back(invariant.id);
  }
  EXPECT_EQ(ids, (Lines{"hits_caused_no_request", "honest_errors", "manifest_is_complete"}));
}

// Of a command that keeps the second model in the first directory.
TEST(JudgeEdges, CommandsPublishInTheirDirectory) {
  GoodRun run;
  run.facts.subject.command.emplace();
  run.facts.umask = 027;
  const Lines told = {"/d/" + run.entry(0) + " has mode 0644, expected 0640",
                      "/d/" + run.entry(1) + " has mode 0644, expected 0640"};
  EXPECT_EQ(published_modes(run.facts).violations, (Lines{told[0], told[1], told[0], told[1]}));
  EXPECT_EQ(published_modes(run.facts).judged, 4U) << "each once a stage";
  run.found(run.entry(0)).type = NameType::symlink;
  run.report(0, 1).succeeded = run.report(1, 1).succeeded = false;
  EXPECT_EQ(published_modes(run.facts).judged, 2U);
}

TEST(JudgeEdges, ACommandThatFailedNamesNothing) {
  for (const bool succeeded : {true, false}) {
    GoodRun run;
    run.facts.subject.command.emplace();
    run.facts.subject.may_stay = {"[lmt]*"};
    run.facts.epilogue.reset();
    run.report(0, 0).path = "/d/other";
    run.report(0, 0).succeeded = succeeded;
    run.facts.run.censuses[0].names.push_back({.path = "other"});
    EXPECT_EQ(nothing_left_over(run.facts).violations, succeeded ? Lines{} : Lines{"/d/other is left over"});
  }
}

}  // namespace
}  // namespace stampede
