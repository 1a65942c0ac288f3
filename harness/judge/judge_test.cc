// Each invariant holds on a good run and breaks for each way in which it can be broken.
#include "harness/judge/judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "cache/key.h"
#include "cache/manifest.h"

namespace stampede {
namespace {

using modelcache::Sha256Digest;

// Two models, one directory, two processes that get both: the first downloads, the second hits.
class GoodRun {
 public:
  GoodRun() {
    facts.plan.models = {generated_model("a", 100), generated_model("b", 2000)};
    const PlannedProcess both{.operations = {PlannedOperation{.model = 0}, PlannedOperation{.model = 1}}};
    facts.plan.processes = {both, both};
    facts.run = stage({both, both});
    for (std::size_t model = 0; model < 2; ++model) {
      add_get(facts.run, 0, model, false);
      add_get(facts.run, 1, model, true);
    }
    facts.epilogue = stage({both});
    for (std::size_t model = 0; model < 2; ++model) add_get(*facts.epilogue, 0, model, true);
    facts.descriptors_before = facts.descriptors_after = 7;
  }

  RunFacts facts;

  OperationReport& report(std::size_t process, std::size_t operation) {
    return facts.run.processes.at(process).report->at(operation);
  }
  FoundName& found(std::string_view path) { return found_in(facts.run.censuses.at(0), path); }
  std::string entry(std::size_t model) const { return "entries/" + key_of(facts.plan.models.at(model).sha256); }
  LedgerEntry& request(std::size_t model) { return facts.run.ledger.at(model); }

  // Process 0 fails to get model 0 because of `fault`, and process 1 after it gets it.
  void fail_first(FaultKind kind, const std::string& code) {
    LedgerEntry failed = request(0);
    failed.fault = NetworkFault{.kind = kind};
    failed.full_body_sent = false;
    OperationReport failure;
    failure.error_code = code;
    failure.error_message = "injected";
    facts.run.processes[0].report->at(0) = failure;
    request(0).listener = 1;
    facts.run.processes[1].report->at(0).claims_hit = false;
    facts.run.ledger.push_back(failed);
  }

 private:
  static FoundName& found_in(Census& census, std::string_view path) {
    return *std::find_if(census.names.begin(), census.names.end(), [&](const auto& name) { return name.path == path; });
  }

  StageFacts stage(std::vector<PlannedProcess> planned) const {
    StageFacts result;
    result.planned = std::move(planned);
    for (std::size_t i = 0; i < result.planned.size(); ++i) {
      ProcessRecord record;
      record.reason = ExitReason::exited;
      record.reaped = true;
      record.report.emplace();
      result.processes.push_back(record);
    }
    Census census{.directory = "/d", .names = {}, .manifest = {}, .problems = {}};
    modelcache::Manifest manifest;
    census.names.push_back({.path = "entries", .type = NameType::directory, .mode = 0755});
    for (const Model& model : facts.plan.models) {
      const std::string key = modelcache::key_of(model.sha256);
      census.names.push_back(
          {.path = "entries/" + key, .size_bytes = model.bytes->size(), .mode = 0644, .sha256 = model.sha256});
      census.names.push_back({.path = "locks/" + modelcache::lock_name(key), .mode = 0644});
      modelcache::ManifestRecord record;
      record.sha256 = model.sha256;
      record.stamp.size_bytes = model.bytes->size();
      manifest.entries[key] = record;
    }
    census.names.push_back({.path = "locks", .type = NameType::directory, .mode = 0755});
    census.names.push_back({.path = "manifest.json", .mode = 0644});
    census.names.push_back({.path = "tmp", .type = NameType::directory, .mode = 0755});
    census.manifest = manifest.print();
    result.censuses = {census};
    return result;
  }

  void add_get(StageFacts& stage, std::size_t process, std::size_t model, bool is_hit) const {
    const Model& asked = facts.plan.models[model];
    OperationReport report;
    report.succeeded = true;
    report.path = "/d/" + entry(model);
    report.claims_hit = is_hit;
    report.claimed_attempts = is_hit ? 0 : 1;
    report.read_back = asked.sha256;
    stage.processes[process].report->push_back(report);
    if (is_hit) return;
    LedgerEntry request;
    request.connection = stage.ledger.size();
    request.listener = static_cast<std::uint32_t>(process);
    request.requested = true;
    request.target = "/" + asked.name + query_of(model);
    request.model = asked.name;
    request.status = 200;
    request.body_bytes_sent = asked.bytes->size();
    request.full_body_sent = true;
    request.ending = Ending::finished;
    stage.ledger.push_back(request);
  }
};

std::set<std::string> violated(const RunFacts& facts) {
  std::set<std::string> ids;
  for (const Violation& violation : judge(facts).violations) ids.insert(violation.invariant);
  return ids;
}

TEST(Judge, FindsNothingWrongWithAGoodRun) {
  const Verdict verdict = judge(GoodRun().facts);
  for (const Violation& violation : verdict.violations) ADD_FAILURE() << violation.invariant << ": " << violation.what;
  EXPECT_EQ(verdict.judged.size(), all_invariants().size());
  for (const auto& [id, times] : verdict.judged) {
    if (id == "honest_errors" || id == "faults_were_played") continue;  // nothing failed, nor should
    EXPECT_GT(times, 0U) << id << " was not judged";
  }
}

TEST(Judge, DoesNotJudgeAnInterruptedRun) {
  GoodRun run;
  run.facts.interrupted = true;
  run.report(0, 0).read_back = Sha256Digest{};
  for (const auto& [id, times] : judge(run.facts).judged) EXPECT_EQ(times, 0U) << id;
  EXPECT_TRUE(judge(run.facts).holds());
}

TEST(Judge, AcceptsAFailureThatItsFaultExplains) {
  GoodRun run;
  run.fail_first(FaultKind::close_in_body, "truncated");
  const Verdict verdict = judge(run.facts);
  for (const Violation& violation : verdict.violations) ADD_FAILURE() << violation.invariant << ": " << violation.what;
  EXPECT_EQ(verdict.judged.at("honest_errors"), 1U);
}

// Process 0 fails to get model 0 because of `turn`, with `code`.
Verdict verdict_on(const char* turn, const char* code) {
  GoodRun run;
  run.fail_first(FaultKind::none, code);
  run.facts.run.ledger.back().fault = parse_turn(turn).value();
  return judge(run.facts);
}

TEST(Judge, KnowsWhatPartsOfATurnCauseTogether) {
  const std::vector<std::pair<const char*, const char*>> honest = {
      {"drip:10+flip_byte:3", "wrong_checksum"},
      {"length_missing+close_in_body:5", "wrong_checksum"},
      {"length_missing+close_in_body:5", "truncated"},
      {"length_too_long+bytes_after_body", "wrong_checksum"},
      {"chunked_no_last+bytes_after_body", "bad_response"},
      {"redirect_loop", "too_many_redirects"},
      {"stall_in_body:3", "timed_out"},
      {"interim:9", "bad_response"},
      {"status:503+length_twice", "bad_response"},
  };
  for (const auto& [turn, code] : honest) EXPECT_TRUE(verdict_on(turn, code).holds()) << turn << " " << code;
  const std::vector<std::pair<const char*, const char*>> dishonest = {
      {"drip:10+flip_byte:3", "truncated"},
      {"close_in_body:5", "wrong_checksum"},
      {"bare_lf", "wrong_checksum"},
      {"redirect_loop", "bad_response"},
      {"stall_in_body:3", "truncated"},
      {"chunked_trailers+swap_halves", "bad_response"},
      {"length_too_long+drip:9", "wrong_checksum"},
  };
  for (const auto& [turn, code] : dishonest) {
    const Verdict verdict = verdict_on(turn, code);
    ASSERT_EQ(verdict.violations.size(), 1U) << turn << " " << code;
    EXPECT_EQ(verdict.violations[0].invariant, "honest_errors") << turn << " " << code;
  }
}

TEST(Judge, TakesNoFailureFromWhatHttpAllows) {
  for (const char* turn : {"drip:1", "stall_in_body:3:for=20ms", "interim:3", "chunked_trailers", "bytes_after_body",
                           "redirect_relative", "redirect_other_host", "range_ignored", "range_multipart"}) {
    const Verdict verdict = verdict_on(turn, "bad_response");
    const bool is_found =
        std::any_of(verdict.violations.begin(), verdict.violations.end(),
                    [](const Violation& violation) { return violation.invariant == "no_spurious_failure"; });
    EXPECT_TRUE(is_found) << turn;
  }
}

TEST(Judge, CountsARedirectAndWhatItLeadsToAsOneDownload) {
  GoodRun run;
  LedgerEntry redirect = run.request(0);
  redirect.fault = parse_turn("redirect_relative").value();
  redirect.full_body_sent = false;
  run.facts.run.ledger.push_back(redirect);
  run.request(0).target += "&redirected=well";
  const Verdict verdict = judge(run.facts);
  for (const Violation& violation : verdict.violations) ADD_FAILURE() << violation.invariant << ": " << violation.what;
}

TEST(Judge, AllowsASecondDownloadAfterAnOddHeaderSection) {
  GoodRun run;
  LedgerEntry odd = run.request(0);
  odd.fault = parse_turn("folded_header").value();
  run.facts.run.ledger.push_back(odd);
  EXPECT_TRUE(judge(run.facts).holds());
  run.facts.run.ledger.back().fault = parse_turn("drip:5").value();
  EXPECT_FALSE(judge(run.facts).holds());
}

struct Sabotage {
  const char* invariant;
  const char* what;
  std::function<void(GoodRun&)> apply;
};

const std::vector<Sabotage>& sabotages() {
  static const std::vector<Sabotage> all = {
      {"bytes_are_what_was_asked", "other bytes in the file",
       [](GoodRun& run) { run.found(run.entry(0)).sha256 = Sha256Digest{}; }},
      {"bytes_are_what_was_asked", "other bytes when read at once",
       [](GoodRun& run) { run.report(1, 1).read_back = Sha256Digest{}; }},
      {"bytes_are_what_was_asked", "nothing could be read at once",
       [](GoodRun& run) { run.report(1, 1).read_back.reset(); }},
      {"bytes_are_what_was_asked", "a path to another entry",
       [](GoodRun& run) { run.report(0, 0).path = run.report(0, 1).path; }},
      {"bytes_are_what_was_asked", "a path outside the directory",
       [](GoodRun& run) { run.report(0, 0).path = "/elsewhere/" + run.entry(0); }},
      {"visible_means_complete", "bytes that do not match the key",
       [](GoodRun& run) { run.found(run.entry(1)).sha256 = Sha256Digest{}; }},
      {"visible_means_complete", "a directory among the entries",
       [](GoodRun& run) { run.found(run.entry(1)).type = NameType::directory; }},
      {"visible_means_complete", "a name that is no key",
       [](GoodRun& run) {
         run.facts.run.censuses[0].names.push_back({.path = "entries/x", .mode = 0644, .sha256 = Sha256Digest{}});
       }},
      {"visible_means_complete", "an entry by URL with bytes that nobody served",
       [](GoodRun& run) {
         run.facts.run.censuses[0].names.push_back(
             {.path = "entries/" + modelcache::key_of_url("http://h/a"), .mode = 0644, .sha256 = Sha256Digest{}});
       }},
      {"visible_means_complete", "a bad entry after the epilogue",
       [](GoodRun& run) { run.facts.epilogue->censuses[0].names[1].sha256 = Sha256Digest{}; }},
      {"one_download", "two good downloads of one model",
       [](GoodRun& run) {
         LedgerEntry again = run.request(0);
         again.listener = 1;
         run.facts.run.ledger.push_back(again);
         run.report(1, 0).claims_hit = false;
       }},
      {"one_download", "two good downloads of one model after a fault",
       [](GoodRun& run) {
         run.fail_first(FaultKind::close_in_body, "truncated");
         LedgerEntry again = run.request(0);
         again.listener = 0;
         run.facts.run.ledger.push_back(again);
       }},
      {"one_download", "no full body without faults", [](GoodRun& run) { run.request(0).full_body_sent = false; }},
      {"one_download", "a download into a warm directory", [](GoodRun& run) { run.facts.warm_up = run.facts.run; }},
      {"success_needs_bytes", "a success without a full body",
       [](GoodRun& run) { run.request(1).full_body_sent = false; }},
      {"success_needs_bytes", "a success without any request",
       [](GoodRun& run) {
         run.facts.run.ledger.erase(run.facts.run.ledger.begin());
         run.report(0, 0).claims_hit = true;
       }},
      {"hits_caused_no_request", "a hit counted blindly", [](GoodRun& run) { run.report(0, 0).claims_hit = true; }},
      {"hits_caused_no_request", "a download that made no request",
       [](GoodRun& run) { run.report(1, 0).claims_hit = false; }},
      {"hits_caused_no_request", "hits only, and a connection",
       [](GoodRun& run) {
         LedgerEntry broken;
         broken.listener = 1;
         broken.fault = NetworkFault{.kind = FaultKind::close_on_accept};
         broken.ending = Ending::finished;
         run.facts.run.ledger.push_back(broken);
       }},
      {"every_request_was_asked_for", "a request for another model", [](GoodRun& run) { run.request(0).model = "b"; }},
      {"every_request_was_asked_for", "a request without an operation",
       [](GoodRun& run) { run.request(0).target = "/a"; }},
      {"every_request_was_asked_for", "a connection without an end",
       [](GoodRun& run) { run.request(0).ending = Ending::open; }},
      {"faults_were_played", "a server that ignores its faults",
       [](GoodRun& run) { run.request(0).fault = NetworkFault{.kind = FaultKind::status}; }},
      {"no_spurious_failure", "a failure without a fault",
       [](GoodRun& run) { run.fail_first(FaultKind::none, "truncated"); }},
      {"no_spurious_failure", "a failure because of someone else's fault",
       [](GoodRun& run) {
         run.fail_first(FaultKind::close_in_body, "truncated");
         run.facts.run.ledger.back().listener = 1;
       }},
      {"honest_errors", "a truncation called tampering",
       [](GoodRun& run) { run.fail_first(FaultKind::close_in_body, "wrong_checksum"); }},
      {"honest_errors", "a tampering called truncation",
       [](GoodRun& run) { run.fail_first(FaultKind::flip_byte, "truncated"); }},
      {"honest_errors", "a refused model called reset",
       [](GoodRun& run) {
         run.fail_first(FaultKind::none, "reset");
         run.facts.plan.refused_models = {0};
       }},
      {"manifest_is_complete", "a torn manifest", [](GoodRun& run) { run.facts.run.censuses[0].manifest->resize(20); }},
      {"manifest_is_complete", "an entry that is not listed",
       [](GoodRun& run) { run.facts.run.censuses[0].manifest = modelcache::Manifest{}.print(); }},
      {"manifest_is_complete", "entries and no manifest",
       [](GoodRun& run) { run.facts.run.censuses[0].manifest.reset(); }},
      {"manifest_is_complete", "a listing without a file",
       [](GoodRun& run) {
         std::erase_if(run.facts.run.censuses[0].names, [&](const auto& name) { return name.path == run.entry(0); });
       }},
      {"manifest_is_complete", "another size than listed", [](GoodRun& run) { ++run.found(run.entry(0)).size_bytes; }},
      {"nothing_left_over", "a temporary",
       [](GoodRun& run) { run.facts.run.censuses[0].names.push_back({.path = "tmp/x.tmp", .mode = 0644}); }},
      {"nothing_left_over", "an unknown name",
       [](GoodRun& run) { run.facts.run.censuses[0].names.push_back({.path = "core", .mode = 0644}); }},
      {"nothing_left_over", "a manifest that was set aside",
       [](GoodRun& run) { run.facts.run.censuses[0].names.push_back({.path = "manifest.json.bad", .mode = 0644}); }},
      {"nothing_left_over", "a manifest that was set aside beside something else",
       [](GoodRun& run) { run.facts.run.censuses[0].names.push_back({.path = "manifest.json.bad.1", .mode = 0644}); }},
      {"nothing_left_over", "a lock of nothing",
       [](GoodRun& run) { run.facts.run.censuses[0].names.push_back({.path = "locks/x", .mode = 0644}); }},
      {"nothing_left_over", "a child that lives on", [](GoodRun& run) { run.facts.run.leaked_processes = 1; }},
      {"nothing_left_over", "a descriptor of a worker",
       [](GoodRun& run) {
         run.facts.run.processes[1].descriptors_before = 5;
         run.facts.run.processes[1].descriptors_after = 6;
       }},
      {"nothing_left_over", "a descriptor of the harness", [](GoodRun& run) { ++*run.facts.descriptors_after; }},
      {"published_modes", "mkstemp's mode kept", [](GoodRun& run) { run.found(run.entry(0)).mode = 0600; }},
      {"published_modes", "a directory that nobody else can enter",
       [](GoodRun& run) { run.found("locks").mode = 0700; }},
      {"recovery_needs_no_hands", "the clean process failed",
       [](GoodRun& run) { run.facts.epilogue->processes[0].report->at(1).succeeded = false; }},
      {"recovery_needs_no_hands", "the clean process got other bytes",
       [](GoodRun& run) { run.facts.epilogue->processes[0].report->at(1).read_back = Sha256Digest{}; }},
      {"recovery_needs_no_hands", "the clean process died",
       [](GoodRun& run) { run.facts.epilogue->processes[0].exit_value = 1; }},
      {"every_process_is_accounted_for", "a process that did not start",
       [](GoodRun& run) { run.facts.run.processes[1].reason = ExitReason::not_started; }},
      {"every_process_is_accounted_for", "a process that died",
       [](GoodRun& run) { run.facts.run.processes[1].reason = ExitReason::signalled; }},
      {"every_process_is_accounted_for", "a process that hung",
       [](GoodRun& run) { run.facts.run.processes[1].reason = ExitReason::hang; }},
      {"every_process_is_accounted_for", "an exit status that is not 0",
       [](GoodRun& run) { run.facts.run.processes[1].exit_value = 3; }},
      {"every_process_is_accounted_for", "a process that was not reaped",
       [](GoodRun& run) { run.facts.run.processes[1].reaped = false; }},
      {"every_process_is_accounted_for", "a process that was killed by plan and not reaped",
       [](GoodRun& run) {
         run.facts.run.processes[1].reason = ExitReason::killed_by_plan;
         run.facts.run.processes[1].reaped = false;
       }},
      {"every_process_is_accounted_for", "a process without a report",
       [](GoodRun& run) { run.facts.run.processes[1].report.reset(); }},
      {"every_process_is_accounted_for", "half a report",
       [](GoodRun& run) { run.facts.run.processes[1].report->pop_back(); }},
      {"every_process_is_accounted_for", "a process that nobody remembers",
       [](GoodRun& run) { run.facts.run.processes.pop_back(); }},
  };
  return all;
}

TEST(Judge, FindsEverySabotage) {
  for (const Sabotage& sabotage : sabotages()) {
    GoodRun run;
    sabotage.apply(run);
    EXPECT_TRUE(violated(run.facts).contains(sabotage.invariant)) << sabotage.invariant << ": " << sabotage.what;
  }
}

TEST(Judge, HasASabotageForEveryInvariant) {
  std::set<std::string_view> sabotaged;
  for (const Sabotage& sabotage : sabotages()) sabotaged.insert(sabotage.invariant);
  for (const Invariant& invariant : all_invariants()) EXPECT_TRUE(sabotaged.contains(invariant.id)) << invariant.id;
}

TEST(Judge, DoesNotAskForOneDownloadWhereAProcessDied) {
  GoodRun run;
  LedgerEntry again = run.request(0);
  again.listener = 1;
  run.facts.run.ledger.push_back(again);
  run.report(1, 0).claims_hit = false;
  run.facts.run.processes[0].reason = ExitReason::signalled;
  EXPECT_FALSE(violated(run.facts).contains("one_download"));
}

TEST(Judge, DoesNotAskForOneDownloadWhereAProcessWentWithoutTheLock) {
  GoodRun run;
  LedgerEntry again = run.request(0);
  again.listener = 1;
  run.facts.run.ledger.push_back(again);
  run.report(1, 0).claims_hit = false;
  EXPECT_TRUE(violated(run.facts).contains("one_download"));
  run.report(1, 0).went_without_lock = true;
  EXPECT_FALSE(violated(run.facts).contains("one_download"));
}

TEST(Judge, ExpectsNoDownloadWhereTheDirectoryWasWarm) {
  GoodRun run;
  run.facts.warm_up = run.facts.run;
  run.facts.run.ledger.clear();
  for (std::size_t model = 0; model < 2; ++model) run.report(0, model).claims_hit = true;
  EXPECT_EQ(violated(run.facts), std::set<std::string>{});
  run.facts.warm_up->ledger.clear();
  EXPECT_TRUE(violated(run.facts).contains("success_needs_bytes"));
}

TEST(Judge, TakesTheUmaskIntoAccount) {
  GoodRun run;
  run.facts.umask = 002;
  EXPECT_EQ(violated(run.facts), std::set<std::string>{"published_modes"});
}

}  // namespace
}  // namespace stampede
