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
  const std::map<std::string, std::uint64_t> expected = {{"bytes_are_what_was_asked", 4},
                                                         {"visible_means_complete", 2},
                                                         {"one_download", 2},
                                                         {"success_needs_bytes", 1},
                                                         {"hits_caused_no_request", 0},  // asks for what it says
                                                         {"every_request_was_asked_for", 2},
                                                         {"faults_were_played", 0},
                                                         {"no_spurious_failure", 2},
                                                         {"honest_errors", 0},
                                                         {"manifest_is_complete", 0},
                                                         {"nothing_left_over", 6},
                                                         {"published_modes", 2},
                                                         {"recovery_needs_no_hands", 3},
                                                         {"every_process_is_accounted_for", 14}};
  EXPECT_EQ(judge(run.facts).judged, expected);
}

struct Sabotage {
  std::string_view invariant, what;
  std::function<void(GoodRun&)> apply;
  std::set<std::string> lines;  // all violations; {0} for the model's digest, {-} for one of zeros
};

std::string filled(std::string text, const GoodRun& run) {
  const std::pair<std::string_view, std::string> words[] = {{"{0}", run.facts.plan.models.at(0).sha256.hex()},
                                                            {"{-}", Sha256Digest{}.hex()}};
  for (const auto& [word, hex] : words) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word)) {
      text.replace(at, word.size(), hex);
    }
  }
  return text;
}

TEST(CommandJudgement, FindsEverySabotage) {
  const std::vector<Sabotage> sabotages = {
      {"bytes_are_what_was_asked",
       "other bytes in the file",
       [](GoodRun& run) { run.entry().sha256 = Sha256Digest{}; },
       {"bytes_are_what_was_asked: process 0, get 0 of a: asked for {0}, /c/0/files/a is {-}",
        "bytes_are_what_was_asked: process 1, get 0 of a: asked for {0}, /c/0/files/a is {-}",
        "visible_means_complete: /c/0/files/a is not all of a: 100 bytes with SHA-256 {-}"}},
      {"bytes_are_what_was_asked",
       "a path below the directory where nothing is",
       [](GoodRun& run) { run.report(1).path = "/c/0/b"; },
       {"bytes_are_what_was_asked: process 1, get 0 of a: asked for {0}, /c/0/b is no file of the directory"}},
      {"bytes_are_what_was_asked",
       "other bytes elsewhere",
       [](GoodRun& run) {
         run.report(1).path = "/elsewhere";
         run.report(1).read_back = Sha256Digest{};
       },
       {"bytes_are_what_was_asked: process 1, get 0 of a: asked for {0}, read at once {-}"}},
      {"visible_means_complete",
       "half a model under its name, and nobody was given it",
       [](GoodRun& run) {
         run.entry().sha256 = Sha256Digest{};
         for (const std::size_t process : {0, 1}) run.report(process).succeeded = false;
       },
       {"no_spurious_failure: process 0, get 0 of a met no fault on 1 requests and failed: ",
        "no_spurious_failure: process 1, get 0 of a met no fault on 0 requests and failed: ",
        "visible_means_complete: /c/0/files/a is not all of a: 100 bytes with SHA-256 {-}"}},
      {"visible_means_complete",
       "a directory under a model's name",
       [](GoodRun& run) {
         run.entry().type = NameType::directory;
         run.entry().sha256.reset();
       },
       {"bytes_are_what_was_asked: process 0, get 0 of a: asked for {0}, /c/0/files/a is unreadable",
        "bytes_are_what_was_asked: process 1, get 0 of a: asked for {0}, /c/0/files/a is unreadable",
        "visible_means_complete: /c/0/files/a is not all of a: 100 bytes, unreadable"}},
      {"visible_means_complete",
       "a directory that cannot be read",
       [](GoodRun& run) { run.census().problems.emplace_back("/c/0: denied"); },
       {"visible_means_complete: /c/0: denied"}},
      {"published_modes",
       "mkstemp's mode kept",
       [](GoodRun& run) { run.entry().mode = 0600; },
       {"published_modes: /c/0/files/a has mode 0600, expected 0644"}},
      {"nothing_left_over",
       "a name that nobody told of",
       [](GoodRun& run) { run.census().names.push_back({.path = "files/a.part"}); },
       {"nothing_left_over: /c/0/files/a.part is left over"}},
      {"nothing_left_over",
       "the same after the epilogue",
       [](GoodRun& run) { run.facts.epilogue->censuses[0].names.push_back({.path = "locks/z"}); },
       {"nothing_left_over: /c/0/locks/z is left over"}},
      {"success_needs_bytes",
       "half the bytes",
       [](GoodRun& run) { run.request().full_body_sent = false; },
       {"one_download: a in directory 0: without faults, 0 full bodies sent",
        "success_needs_bytes: process 0, get 0 of a succeeded, and none of 1 requests of its directory was answered "
        "with the full body"}},
      {"success_needs_bytes",
       "parts that are too short together",
       [](GoodRun& run) {
         run.request().full_body_sent = false;
         run.request().status = 206;
         run.request().body_bytes_sent = 99;
       },
       {"one_download: a in directory 0: without faults, 0 full bodies sent",
        "success_needs_bytes: process 0, get 0 of a succeeded, and none of 1 requests of its directory was answered "
        "with the full body"}},
      {"every_process_is_accounted_for",
       "a command that never ended",
       [](GoodRun& run) {
         run.report(0).command->end = CommandEnd::timed_out;
         run.report(0).error_message = "why";
       },
       {"every_process_is_accounted_for: process 0, get 0 of a: why"}},
      {"every_process_is_accounted_for",
       "a command that wrote megabytes, in the epilogue",
       [](GoodRun& run) {
         run.facts.epilogue->processes[0].report->at(0).command->end = CommandEnd::talked_too_much;
         run.facts.epilogue->processes[0].report->at(0).error_message = "why";
       },
       {"every_process_is_accounted_for: process 0, get 0 of a: why"}},
      {"every_process_is_accounted_for",
       "a command that crashed",
       [](GoodRun& run) {
         run.report(0).command->end = CommandEnd::signalled;
         run.report(0).error_message = "why";
       },
       {"every_process_is_accounted_for: process 0, get 0 of a: why"}},
      {"every_process_is_accounted_for",
       "a command that was never started",
       [](GoodRun& run) {
         run.report(0).command->end = CommandEnd::not_started;
         run.report(0).error_message = "why";
       },
       {"every_process_is_accounted_for: process 0, get 0 of a: why"}},
  };
  for (const Sabotage& sabotage : sabotages) {
    GoodRun run;
    std::set<std::string> expected;
    for (const std::string& line : sabotage.lines) expected.insert(filled(line, run));
    sabotage.apply(run);
    EXPECT_EQ(violated(run.facts), expected) << sabotage.invariant << ": " << sabotage.what;
    const bool is_told = std::any_of(expected.begin(), expected.end(),
                                     [&](const std::string& line) { return line.starts_with(sabotage.invariant); });
    EXPECT_TRUE(is_told) << sabotage.invariant << ": " << sabotage.what;
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
