// What is asked of a command is judged by its description: it holds on a good run, and breaks where it is broken.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "harness/judge/judge.h"

namespace stampede {
namespace {

using modelcache::Sha256Digest;

// One model, one directory, two processes that get it by a command: the first downloads it.
class GoodRun {
 public:
  GoodRun() {
    facts.subject.name = "demo";
    facts.subject.command.emplace();
    facts.subject.may_stay = {"locks/*.lock"};
    facts.plan.models = {generated_model("a", 100)};
    facts.entry_names = {"files/a"};
    const PlannedProcess get{.operations = {PlannedOperation{}}};
    facts.run = stage({get, get});
    facts.epilogue = stage({get});
    LedgerEntry request;
    request.requested = true;
    request.model = "a";
    request.target = "/a" + query_of(0);
    request.status = 200;
    request.body_bytes_sent = 100;
    request.full_body_sent = true;
    request.ending = Ending::finished;
    facts.run.ledger = {request};
  }

  RunFacts facts;
  Census& census() { return facts.run.censuses.at(0); }
  FoundName& entry() { return census().names.at(1); }
  OperationReport& report(std::size_t process) { return facts.run.processes.at(process).report->at(0); }
  LedgerEntry& request() { return facts.run.ledger.at(0); }

 private:
  StageFacts stage(std::vector<PlannedProcess> planned) const {
    const Sha256Digest& sha256 = facts.plan.models[0].sha256;
    StageFacts stage;
    ProcessRecord record;
    record.reason = ExitReason::exited;
    record.reaped = true;
    OperationReport report;
    report.succeeded = true;
    report.path = "/c/0/files/a";
    report.read_back = sha256;
    report.command.emplace().end = CommandEnd::exited;
    record.report = {report};
    stage.processes.assign(planned.size(), record);
    stage.planned = std::move(planned);
    Census& census = stage.censuses.emplace_back();
    census.directory = "/c/0";
    census.names = {{.path = "files", .type = NameType::directory, .mode = 0700},
                    {.path = "files/a", .size_bytes = 100, .mode = 0644, .sha256 = sha256},
                    {.path = "locks/x/y.lock", .mode = 0600}};
    return stage;
  }
};

std::set<std::string> violated(const RunFacts& facts) {
  std::set<std::string> ids;
  for (const Violation& violation : judge(facts).violations) ids.insert(violation.invariant + ": " + violation.what);
  return ids;
}

bool is_violated(const RunFacts& facts, std::string_view invariant) {
  const Verdict verdict = judge(facts);
  return std::any_of(verdict.violations.begin(), verdict.violations.end(),
                     [&](const Violation& violation) { return violation.invariant == invariant; });
}

TEST(CommandJudgement, HoldsOnAGoodRun) {
  const GoodRun run;
  EXPECT_EQ(violated(run.facts), std::set<std::string>{});
  for (const Invariant& invariant : all_invariants()) {
    const bool is_judged = judge(run.facts).judged.at(std::string(invariant.id)) > 0;
    if (invariant.id == "honest_errors" || invariant.id == "faults_were_played")
      continue;  // nothing failed, nor should
    EXPECT_EQ(is_judged, !invariant.needs_built_in) << invariant.id;
  }
}

struct Sabotage {
  std::string_view invariant, what;
  std::function<void(GoodRun&)> apply;
};

TEST(CommandJudgement, FindsEverySabotage) {
  const std::vector<Sabotage> sabotages = {
      {"bytes_are_what_was_asked", "other bytes in the file",
       [](GoodRun& run) { run.entry().sha256 = Sha256Digest{}; }},
      {"bytes_are_what_was_asked", "a path below the directory where nothing is",
       [](GoodRun& run) { run.report(1).path = "/c/0/b"; }},
      {"bytes_are_what_was_asked", "other bytes elsewhere",
       [](GoodRun& run) {
         run.report(1).path = "/elsewhere";
         run.report(1).read_back = Sha256Digest{};
       }},
      {"visible_means_complete", "half a model under its name, and nobody was given it",
       [](GoodRun& run) {
         run.entry().sha256 = Sha256Digest{};
         for (const std::size_t process : {0, 1}) run.report(process).succeeded = false;
       }},
      {"visible_means_complete", "a directory under a model's name",
       [](GoodRun& run) {
         run.entry().type = NameType::directory;
         run.entry().sha256.reset();
       }},
      {"visible_means_complete", "a directory that cannot be read",
       [](GoodRun& run) { run.census().problems.emplace_back("/c/0: denied"); }},
      {"published_modes", "mkstemp's mode kept", [](GoodRun& run) { run.entry().mode = 0600; }},
      {"nothing_left_over", "a name that nobody told of",
       [](GoodRun& run) { run.census().names.push_back({.path = "files/a.part"}); }},
      {"nothing_left_over", "the same after the epilogue",
       [](GoodRun& run) { run.facts.epilogue->censuses[0].names.push_back({.path = "locks/z"}); }},
      {"success_needs_bytes", "half the bytes", [](GoodRun& run) { run.request().full_body_sent = false; }},
      {"success_needs_bytes", "parts that are too short together",
       [](GoodRun& run) {
         run.request().full_body_sent = false;
         run.request().status = 206;
         run.request().body_bytes_sent = 99;
       }},
      {"every_process_is_accounted_for", "a command that never ended",
       [](GoodRun& run) { run.report(0).command->end = CommandEnd::timed_out; }},
      {"every_process_is_accounted_for", "a command that wrote megabytes, in the epilogue",
       [](GoodRun& run) { run.facts.epilogue->processes[0].report->at(0).command->end = CommandEnd::talked_too_much; }},
      {"every_process_is_accounted_for", "a command that crashed",
       [](GoodRun& run) { run.report(0).command->end = CommandEnd::signalled; }},
      {"every_process_is_accounted_for", "a command that was never started",
       [](GoodRun& run) { run.report(0).command->end = CommandEnd::not_started; }},
  };
  for (const Sabotage& sabotage : sabotages) {
    GoodRun run;
    sabotage.apply(run);
    EXPECT_TRUE(is_violated(run.facts, sabotage.invariant)) << sabotage.invariant << ": " << sabotage.what;
  }
}

TEST(CommandJudgement, TakesPartsForAWholeWhereTheyAreLongEnough) {
  GoodRun run;
  run.request().full_body_sent = false;
  run.request().status = 206;
  run.request().body_bytes_sent = 40;
  run.facts.run.ledger.push_back(run.request());
  run.facts.run.ledger.back().body_bytes_sent = 60;
  EXPECT_FALSE(is_violated(run.facts, "success_needs_bytes"));
}

TEST(CommandJudgement, TakesACopyOutsideOfTheDirectory) {
  GoodRun run;
  run.report(1).path = "/elsewhere";
  EXPECT_EQ(violated(run.facts), std::set<std::string>{});
}

TEST(CommandJudgement, KeepsWhatIsNotPromisedApart) {
  GoodRun run;
  run.entry().mode = 0600;
  run.facts.subject.not_promised = {{"published_modes", "for the test"}};
  const Verdict verdict = judge(run.facts);
  EXPECT_TRUE(verdict.holds());
  ASSERT_EQ(verdict.not_promised.size(), 1U);
  EXPECT_EQ(verdict.not_promised[0].invariant, "published_modes");
  EXPECT_GT(verdict.judged.at("published_modes"), 0U);
}

}  // namespace
}  // namespace stampede
