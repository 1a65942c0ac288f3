// The facts of a run as text: every field under its name, and nothing that is not there.
#include "harness/run/facts_text.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

MachineTime ns(int time) { return MachineTime(time); }

// Without line ends and what stands before the first word of a line.
std::string flat(const std::string& text) {
  std::string result;
  bool is_at_begin = true;
  for (const char c : text) {
    if (c == '\n') is_at_begin = true;
    if (c == '\n' || (is_at_begin && c == ' ')) continue;
    is_at_begin = false;
    result += c;
  }
  return result;
}

OperationReport good_get() {
  OperationReport report;
  report.succeeded = true;
  report.path = "/d/entries/a";
  report.claims_hit = true;
  report.claimed_attempts = 3;
  report.went_without_lock = true;
  report.read_back = modelcache::sha256_of("");
  report.notes = {"one", "two \xff"};
  report.began_at = ns(105);
  report.ended_at = ns(109);
  return report;
}

OperationReport failed_get() {
  OperationReport report;
  report.error_code = "reset";
  report.error_message = "receive: reset";
  report.began_at = ns(111);
  report.ended_at = ns(113);
  return report;
}

RunFacts facts_of_a_run() {
  RunFacts facts;
  facts.subject.name = "a_cache";
  facts.umask = 027;
  FreePlan& plan = facts.plan;
  plan.models = {{"a", std::make_shared<Bytes>(0), modelcache::sha256_of("")},
                 {"b", std::make_shared<Bytes>(7), modelcache::Sha256Digest{}}};
  plan.refused_models = {1};
  plan.directories = 2;
  plan.starts_warm = true;
  plan.kills = {{.connection = 5, .waiting = 3}};
  plan.processes = {{.operations = {{.model = 1, .directory = 0}, {.model = 0, .directory = 1}}}, {}};
  plan.faults = {.faults = {parse_turn("drip:9").value(), {}}, .repeats = true};
  ProcessRecord process;
  process.reason = ExitReason::exited;
  process.exit_value = 4;
  process.reaped = true;
  process.report = {good_get(), failed_get()};
  ProcessRecord other;
  other.reason = ExitReason::hang;
  other.problem = "it was never ready";
  other.output = "words";
  facts.run.processes = {process, other};
  facts.run.released_at = ns(100);
  facts.run.leaked_processes = 6;
  LedgerEntry entry;
  entry.connection = 2;
  entry.listener = 1;
  entry.fault = parse_turn("drip:9").value();
  entry.target = "/a?operation=0";
  entry.status = 200;
  entry.body_bytes_sent = 17;
  entry.full_body_sent = true;
  entry.ending = Ending::peer_left;
  entry.accepted_at = std::chrono::nanoseconds(19);
  entry.ended_at = std::chrono::nanoseconds(23);
  facts.run.ledger = {entry};
  facts.run.censuses = {
      {.directory = "/d",
       .names = {{.path = "entries", .type = NameType::directory, .mode = 0755},
                 {.path = "entries/a", .size_bytes = 3, .mode = 0644, .sha256 = modelcache::sha256_of("")}},
       .manifest = "text",
       .problems = {"x"}},
      {.directory = "/e", .names = {}, .manifest = {}, .problems = {}}};
  return facts;
}

const std::string kEmptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const std::string kPlan =
    R"({"plan": 1,"world": "free","subject": "a_cache","seed": 41,)"
    R"("models": [{"name": "a","size_bytes": 0,"sha256": ")" +
    kEmptyDigest + R"(","refused": false},{"name": "b","size_bytes": 7,"sha256": ")" + std::string(64, '0') +
    R"(","refused": true}],"directories": 2,"starts_warm": true,"kills": [{"connection": 5,"waiting": 3}],)"
    R"("processes": [[{"get": "b","directory": 0},{"get": "a","directory": 1}],[]],)"
    R"("faults": ["drip:9","none"],"faults_repeat": true,)";

const std::string kVerdict = R"("violations": [{"invariant": "one_download","what": "twice"}],)"
                             R"("not_promised": [{"invariant": "honest_errors","what": "lies"}],)"
                             R"("judged": {"honest_errors": 2,"one_download": 5},"umask": 23,)";

const std::string kRun =
    R"("run": {"processes": [{"end": "exited","exit_value": 4,"reaped": true,"report": [)"
    R"({"succeeded": true,"began_ns": 5,"ended_ns": 9,"path": "/d/entries/a","read_back": ")" +
    kEmptyDigest +
    R"(","claims_hit": true,"claimed_attempts": 3,"went_without_lock": true,"notes": ["one","two )"
    "\xef\xbf\xbd"
    R"("]},)"
    R"({"succeeded": false,"began_ns": 11,"ended_ns": 13,"error_code": "reset","error": "receive: reset"}]},)"
    R"({"end": "hang","exit_value": 0,"reaped": false,"problem": "it was never ready","output": "words"}],)"
    R"("ledger": [{"connection": 2,"process": 1,"fault": "drip:9","target": "/a?operation=0","status": 200,)"
    R"("body_bytes_sent": 17,"full_body_sent": true,"ending": "peer_left","accepted_ns": 19,"ended_ns": 23}],)"
    R"("directories": [{"directory": "/d","names": [{"path": "entries","size_bytes": 0,"mode": 493},)"
    R"({"path": "entries/a","size_bytes": 3,"mode": 420,"sha256": ")" +
    kEmptyDigest +
    R"("}],"manifest": "text","problems": ["x"]},{"directory": "/e","names": [],"manifest": "","problems": []}],)"
    R"("leaked_processes": 6},)";

Verdict verdict_of_a_run() {
  Verdict verdict;
  verdict.judged = {{"one_download", 5}, {"honest_errors", 2}};
  verdict.violations = {{"one_download", "twice"}};
  verdict.not_promised = {{"honest_errors", "lies"}};
  return verdict;
}

TEST(FactsText, HasEveryFieldUnderItsName) {
  const std::string text = print(facts_of_a_run(), verdict_of_a_run(), 41);
  EXPECT_EQ(flat(text), kPlan + kVerdict + kRun + R"("epilogue": null})");
  EXPECT_TRUE(text.starts_with("{\n \"plan\": 1,\n")) << "for people, too";
  EXPECT_TRUE(text.ends_with("\n}\n"));
}

TEST(FactsText, HasTheEpilogueWhereThereWasOne) {
  RunFacts facts = facts_of_a_run();
  facts.epilogue.emplace();
  facts.epilogue->released_at = ns(1000);
  facts.epilogue->leaked_processes = 8;
  OperationReport report;
  report.succeeded = true;
  report.path = "/p";
  report.claimed_attempts = 9;
  report.began_at = ns(1001);
  report.ended_at = ns(1007);
  report.command = CommandRecord{.end = CommandEnd::exited, .value = 2, .output_bytes = 31, .last_output = "last"};
  OperationReport failure = report;
  failure.succeeded = false;
  failure.error_message = "ended with status 3";
  facts.epilogue->processes.resize(1);
  facts.epilogue->processes[0].report = {report, failure};
  const std::string command = R"("command": {"end": "exited","value": 2,"output_bytes": 31,"last_output": "last"},)";
  EXPECT_EQ(flat(print(facts, verdict_of_a_run(), 41)),
            kPlan + kVerdict + kRun +
                R"("epilogue": {"processes": [{"end": "not_started","exit_value": 0,"reaped": false,"report": [)"
                R"({"succeeded": true,"began_ns": 1,"ended_ns": 7,)" +
                command + R"("path": "/p"},{"succeeded": false,"began_ns": 1,"ended_ns": 7,)" + command +
                R"("error_code": "","error": "ended with status 3"}]}],"ledger": [],"directories": [],)"
                R"("leaked_processes": 8}})");
}

}  // namespace
}  // namespace stampede
