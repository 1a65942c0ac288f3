// Each way of breaking an invariant of the free world is told in exactly these words, and nothing else is.
#include <functional>
#include <set>

#include "harness/judge/good_run_for_test.h"

namespace stampede {
namespace {

using modelcache::Sha256Digest;

struct Sabotage {
  const char* invariant;
  const char* what;
  std::function<void(GoodRun&)> apply;
  std::vector<std::string> lines;  // all violations; {0} and {1} for the models' digests, {-} for one of zeros
};

const std::vector<Sabotage>& sabotages_of_files_and_requests() {
  static const std::vector<Sabotage> all = {
      {"bytes_are_what_was_asked",
       "other bytes in the file",
       [](GoodRun& run) { run.found(run.entry(0)).sha256 = Sha256Digest{}; },
       {"bytes_are_what_was_asked: process 0, get 0 of a: asked for {0}, /d/entries/sha256-{0} is {-}",
        "bytes_are_what_was_asked: process 1, get 0 of a: asked for {0}, /d/entries/sha256-{0} is {-}",
        "visible_means_complete: /d/entries/sha256-{0} holds 100 bytes with SHA-256 {-}",
        "manifest_is_complete: /d/entries/sha256-{0} is not what the manifest says"}},
      {"bytes_are_what_was_asked",
       "other bytes when read at once",
       [](GoodRun& run) { run.report(1, 1).read_back = Sha256Digest{}; },
       {"bytes_are_what_was_asked: process 1, get 1 of b: asked for {1}, read at once {-}"}},
      {"bytes_are_what_was_asked",
       "nothing could be read at once",
       [](GoodRun& run) { run.report(1, 1).read_back.reset(); },
       {"bytes_are_what_was_asked: process 1, get 1 of b: asked for {1}, read at once nothing"}},
      {"bytes_are_what_was_asked",
       "a path to another entry",
       [](GoodRun& run) { run.report(0, 0).path = run.report(0, 1).path; },
       {"bytes_are_what_was_asked: process 0, get 0 of a: asked for {0}, /d/entries/sha256-{1} is {1}"}},
      {"bytes_are_what_was_asked",
       "a path outside the directory",
       [](GoodRun& run) { run.report(0, 0).path = "/elsewhere/" + run.entry(0); },
       {"bytes_are_what_was_asked: process 0, get 0 of a: asked for {0}, /elsewhere/entries/sha256-{0} is no file of "
        "the directory"}},
      {"visible_means_complete",
       "bytes that do not match the key",
       [](GoodRun& run) { run.found(run.entry(1)).sha256 = Sha256Digest{}; },
       {"bytes_are_what_was_asked: process 0, get 1 of b: asked for {1}, /d/entries/sha256-{1} is {-}",
        "bytes_are_what_was_asked: process 1, get 1 of b: asked for {1}, /d/entries/sha256-{1} is {-}",
        "visible_means_complete: /d/entries/sha256-{1} holds 2000 bytes with SHA-256 {-}",
        "manifest_is_complete: /d/entries/sha256-{1} is not what the manifest says"}},
      {"visible_means_complete",
       "a directory among the entries",
       [](GoodRun& run) { run.found(run.entry(1)).type = NameType::directory; },
       {"visible_means_complete: /d/entries/sha256-{1} is no readable entry",
        "published_modes: /d/entries/sha256-{1} has mode 0644, expected 0755"}},
      {"visible_means_complete",
       "a name that is no key",
       [](GoodRun& run) {
         run.facts.run.censuses[0].names.push_back({.path = "entries/x", .mode = 0644, .sha256 = Sha256Digest{}});
       },
       {"visible_means_complete: /d/entries/x is no readable entry",
        "visible_means_complete: /d/entries/x is none of the served models",
        "manifest_is_complete: /d/entries/x is not listed", "nothing_left_over: /d/entries/x is no entry"}},
      {"visible_means_complete",
       "an entry by URL with bytes that nobody served",
       [](GoodRun& run) {
         run.facts.run.censuses[0].names.push_back(
             {.path = "entries/" + modelcache::key_of_url("http://h/a"), .mode = 0644, .sha256 = Sha256Digest{}});
       },
       {"visible_means_complete: /d/entries/url-c43fa283946b81455781ee66e2429e922951961b9f11ec301adaef81f333835e is "
        "none of the served models",
        "manifest_is_complete: /d/entries/url-c43fa283946b81455781ee66e2429e922951961b9f11ec301adaef81f333835e is not "
        "listed"}},
      {"visible_means_complete",
       "a bad entry after the epilogue",
       [](GoodRun& run) { run.facts.epilogue->censuses[0].names[1].sha256 = Sha256Digest{}; },
       {"visible_means_complete: /d/entries/sha256-{0} holds 100 bytes with SHA-256 {-}",
        "manifest_is_complete: /d/entries/sha256-{0} is not what the manifest says"}},
      {"one_download",
       "two good downloads of one model",
       [](GoodRun& run) {
         LedgerEntry again = run.request(0);
         again.listener = 1;
         run.facts.run.ledger.push_back(again);
         run.report(1, 0).claims_hit = false;
       },
       {"one_download: a in directory 0: 2 requests were answered well",
        "one_download: a in directory 0: without faults, 2 full bodies sent"}},
      {"one_download",
       "two good downloads of one model after a fault",
       [](GoodRun& run) {
         run.fail_first(FaultKind::close_in_body, "truncated");
         LedgerEntry again = run.request(0);
         again.listener = 0;
         run.facts.run.ledger.push_back(again);
       },
       {"one_download: a in directory 0: 2 requests were answered well"}},
      {"one_download",
       "no full body without faults",
       [](GoodRun& run) { run.request(0).full_body_sent = false; },
       {"one_download: a in directory 0: without faults, 0 full bodies sent",
        "success_needs_bytes: process 0, get 0 of a succeeded, and none of 1 requests of its directory was answered "
        "with the full body"}},
      {"one_download",
       "a download into a warm directory",
       [](GoodRun& run) { run.facts.warm_up = run.facts.run; },
       {"one_download: a in directory 0: 1 requests were answered well",
        "one_download: a in directory 0: without faults, 1 full bodies sent",
        "one_download: b in directory 0: 1 requests were answered well",
        "one_download: b in directory 0: without faults, 1 full bodies sent"}},
      {"success_needs_bytes",
       "a success without a full body",
       [](GoodRun& run) { run.request(1).full_body_sent = false; },
       {"one_download: b in directory 0: without faults, 0 full bodies sent",
        "success_needs_bytes: process 0, get 1 of b succeeded, and none of 1 requests of its directory was answered "
        "with the full body"}},
      {"success_needs_bytes",
       "a success without any request",
       [](GoodRun& run) {
         run.facts.run.ledger.erase(run.facts.run.ledger.begin());
         run.report(0, 0).claims_hit = true;
       },
       {"one_download: a in directory 0: without faults, 0 full bodies sent",
        "success_needs_bytes: process 0, get 0 of a succeeded, and none of 0 requests of its directory was answered "
        "with the full body"}},
      {"hits_caused_no_request",
       "a hit counted blindly",
       [](GoodRun& run) { run.report(0, 0).claims_hit = true; },
       {"hits_caused_no_request: process 0, get 0 of a says it was a hit and caused 1 requests"}},
      {"hits_caused_no_request",
       "a download that made no request",
       [](GoodRun& run) { run.report(1, 0).claims_hit = false; },
       {"hits_caused_no_request: process 1, get 0 of a says it was no hit and caused 0 requests"}},
      {"hits_caused_no_request",
       "hits only, and a connection",
       [](GoodRun& run) {
         LedgerEntry broken;
         broken.listener = 1;
         broken.fault = NetworkFault{.kind = FaultKind::close_on_accept};
         broken.ending = Ending::finished;
         run.facts.run.ledger.push_back(broken);
       },
       {"hits_caused_no_request: process 1 says it had hits only and made 1 connections"}},
      {"every_request_was_asked_for",
       "a request for another model",
       [](GoodRun& run) { run.request(0).model = "b"; },
       {"every_request_was_asked_for: connection 0 of process 0 asked for /a?operation=0, which nobody told it to"}},
      {"every_request_was_asked_for",
       "a request without an operation",
       [](GoodRun& run) { run.request(0).target = "/a"; },
       {"one_download: a in directory 0: without faults, 0 full bodies sent",
        "success_needs_bytes: process 0, get 0 of a succeeded, and none of 0 requests of its directory was answered "
        "with the full body",
        "hits_caused_no_request: process 0, get 0 of a says it was no hit and caused 0 requests",
        "every_request_was_asked_for: connection 0 of process 0 asked for /a, which nobody told it to"}},
      {"every_request_was_asked_for",
       "a connection without an end",
       [](GoodRun& run) { run.request(0).ending = Ending::open; },
       {"every_request_was_asked_for: connection 0 of process 0 has not ended"}},
  };
  return all;
}

const std::vector<Sabotage>& sabotages_of_ends() {
  static const std::vector<Sabotage> all = {
      {"faults_were_played",
       "a server that ignores its faults",
       [](GoodRun& run) { run.request(0).fault = NetworkFault{.kind = FaultKind::status}; },
       {"faults_were_played: connection 0 was to meet status:503 and was sent the whole model"}},
      {"no_spurious_failure",
       "a failure without a fault",
       [](GoodRun& run) { run.fail_first(FaultKind::none, "truncated"); },
       {"one_download: a in directory 0: 2 requests were answered well",
        "no_spurious_failure: process 0, get 0 of a met no fault on 1 requests and failed: injected"}},
      {"no_spurious_failure",
       "a failure because of someone else's fault",
       [](GoodRun& run) {
         run.fail_first(FaultKind::close_in_body, "truncated");
         run.facts.run.ledger.back().listener = 1;
       },
       {"no_spurious_failure: process 0, get 0 of a met no fault on 0 requests and failed: injected"}},
      {"honest_errors",
       "a truncation called tampering",
       [](GoodRun& run) { run.fail_first(FaultKind::close_in_body, "wrong_checksum"); },
       {"honest_errors: process 0, get 0 of a failed with 'injected'; its faults can cause truncated"}},
      {"honest_errors",
       "a tampering called truncation",
       [](GoodRun& run) { run.fail_first(FaultKind::flip_byte, "truncated"); },
       {"honest_errors: process 0, get 0 of a failed with 'injected'; its faults can cause wrong_checksum"}},
      {"honest_errors",
       "a refused model called reset",
       [](GoodRun& run) {
         run.fail_first(FaultKind::none, "reset");
         run.facts.plan.refused_models = {0};
       },
       {"one_download: a in directory 0: 2 requests were answered well",
        "honest_errors: process 0, get 0 of a failed with 'injected'; its faults can cause refused"}},
      {"manifest_is_complete",
       "a torn manifest",
       [](GoodRun& run) { run.facts.run.censuses[0].manifest->resize(20); },
       {"manifest_is_complete: /d: the manifest does not parse: no JSON at byte 21"}},
      {"manifest_is_complete",
       "an entry that is not listed",
       [](GoodRun& run) { run.facts.run.censuses[0].manifest = modelcache::Manifest{}.print(); },
       {"manifest_is_complete: /d/entries/sha256-{0} is not listed",
        "manifest_is_complete: /d/entries/sha256-{1} is not listed"}},
      {"manifest_is_complete",
       "entries and no manifest",
       [](GoodRun& run) { run.facts.run.censuses[0].manifest.reset(); },
       {"manifest_is_complete: /d has 2 entries and no manifest"}},
      {"manifest_is_complete",
       "a listing without a file",
       [](GoodRun& run) {
         std::erase_if(run.facts.run.censuses[0].names, [&](const auto& name) { return name.path == run.entry(0); });
       },
       {"bytes_are_what_was_asked: process 0, get 0 of a: asked for {0}, /d/entries/sha256-{0} is no file of the "
        "directory",
        "bytes_are_what_was_asked: process 1, get 0 of a: asked for {0}, /d/entries/sha256-{0} is no file of the "
        "directory",
        "manifest_is_complete: /d: listed and not there: entries/sha256-{0}"}},
      {"manifest_is_complete",
       "another size than listed",
       [](GoodRun& run) { ++run.found(run.entry(0)).size_bytes; },
       {"manifest_is_complete: /d/entries/sha256-{0} is not what the manifest says"}},
      {"nothing_left_over",
       "a temporary",
       [](GoodRun& run) { run.facts.run.censuses[0].names.push_back({.path = "tmp/x.tmp", .mode = 0644}); },
       {"nothing_left_over: /d/tmp/x.tmp is left over"}},
      {"nothing_left_over",
       "an unknown name",
       [](GoodRun& run) { run.facts.run.censuses[0].names.push_back({.path = "core", .mode = 0644}); },
       {"nothing_left_over: /d/core is no name of a cache"}},
      {"nothing_left_over",
       "a manifest that was set aside",
       [](GoodRun& run) { run.facts.run.censuses[0].names.push_back({.path = "manifest.json.bad", .mode = 0644}); },
       {"nothing_left_over: /d/manifest.json.bad is a manifest that was set aside"}},
      {"nothing_left_over",
       "a manifest that was set aside beside something else",
       [](GoodRun& run) { run.facts.run.censuses[0].names.push_back({.path = "manifest.json.bad.1", .mode = 0644}); },
       {"nothing_left_over: /d/manifest.json.bad.1 is a manifest that was set aside"}},
      {"nothing_left_over",
       "a lock of nothing",
       [](GoodRun& run) { run.facts.run.censuses[0].names.push_back({.path = "locks/x", .mode = 0644}); },
       {"nothing_left_over: /d/locks/x is no lock"}},
      {"nothing_left_over",
       "a child that lives on",
       [](GoodRun& run) { run.facts.run.leaked_processes = 1; },
       {"nothing_left_over: 1 processes that workers had started were still alive"}},
      {"nothing_left_over",
       "a descriptor of a worker",
       [](GoodRun& run) {
         run.facts.run.processes[1].descriptors_before = 5;
         run.facts.run.processes[1].descriptors_after = 6;
       },
       {"nothing_left_over: process 1 had 5 descriptors open before its operations and 6 after them"}},
      {"nothing_left_over",
       "a descriptor of the harness",
       [](GoodRun& run) { ++*run.facts.descriptors_after; },
       {"nothing_left_over: the harness had 7 descriptors open before the run and 8 after it"}},
      {"published_modes",
       "mkstemp's mode kept",
       [](GoodRun& run) { run.found(run.entry(0)).mode = 0600; },
       {"published_modes: /d/entries/sha256-{0} has mode 0600, expected 0644"}},
      {"published_modes",
       "a directory that nobody else can enter",
       [](GoodRun& run) { run.found("locks").mode = 0700; },
       {"published_modes: /d/locks has mode 0700, expected 0755"}},
      {"recovery_needs_no_hands",
       "the clean process failed",
       [](GoodRun& run) { run.facts.epilogue->processes[0].report->at(1).succeeded = false; },
       {"recovery_needs_no_hands: after the run, a clean process 0, get 1 of b from directory 0 failed: "}},
      {"recovery_needs_no_hands",
       "the clean process got other bytes",
       [](GoodRun& run) { run.facts.epilogue->processes[0].report->at(1).read_back = Sha256Digest{}; },
       {"recovery_needs_no_hands: after the run, a clean process 0, get 1 of b got other bytes"}},
      {"recovery_needs_no_hands",
       "the clean process died",
       [](GoodRun& run) { run.facts.epilogue->processes[0].exit_value = 1; },
       {"recovery_needs_no_hands: the clean process after the run did not end well:  ",
        "every_process_is_accounted_for: process 0: exited 1  "}},
      {"every_process_is_accounted_for",
       "a process that did not start",
       [](GoodRun& run) { run.facts.run.processes[1].reason = ExitReason::not_started; },
       {"every_process_is_accounted_for: process 1: not_started 0  "}},
      {"every_process_is_accounted_for",
       "a process that died",
       [](GoodRun& run) { run.facts.run.processes[1].reason = ExitReason::signalled; },
       {"every_process_is_accounted_for: process 1: signalled 0  "}},
      {"every_process_is_accounted_for",
       "a process that hung",
       [](GoodRun& run) { run.facts.run.processes[1].reason = ExitReason::hang; },
       {"every_process_is_accounted_for: process 1: hang  "}},
      {"every_process_is_accounted_for",
       "an exit status that is not 0",
       [](GoodRun& run) { run.facts.run.processes[1].exit_value = 3; },
       {"every_process_is_accounted_for: process 1: exited 3  "}},
      {"every_process_is_accounted_for",
       "a process that was not reaped",
       [](GoodRun& run) { run.facts.run.processes[1].reaped = false; },
       {"every_process_is_accounted_for: process 1: was not reaped"}},
      {"every_process_is_accounted_for",
       "a process that was killed by plan and not reaped",
       [](GoodRun& run) {
         run.facts.run.processes[1].reason = ExitReason::killed_by_plan;
         run.facts.run.processes[1].reaped = false;
       },
       {"every_process_is_accounted_for: process 1: was killed and not reaped"}},
      {"every_process_is_accounted_for",
       "a process without a report",
       [](GoodRun& run) { run.facts.run.processes[1].report.reset(); },
       {"every_process_is_accounted_for: process 1: no report: "}},
      {"every_process_is_accounted_for",
       "half a report",
       [](GoodRun& run) { run.facts.run.processes[1].report->pop_back(); },
       {"every_process_is_accounted_for: process 1: reports 1 of 2 operations"}},
      {"every_process_is_accounted_for",
       "a process that nobody remembers",
       [](GoodRun& run) { run.facts.run.processes.pop_back(); },
       {"every_process_is_accounted_for: 2 processes were planned, 1 are known"}},
  };
  return all;
}

std::vector<Sabotage> sabotages() {
  std::vector<Sabotage> all = sabotages_of_files_and_requests();
  all.insert(all.end(), sabotages_of_ends().begin(), sabotages_of_ends().end());
  return all;
}

std::string filled(std::string text, const GoodRun& run) {
  const std::pair<std::string_view, std::string> words[] = {{"{0}", run.facts.plan.models.at(0).sha256.hex()},
                                                            {"{1}", run.facts.plan.models.at(1).sha256.hex()},
                                                            {"{-}", Sha256Digest{}.hex()}};
  for (const auto& [word, hex] : words) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word)) {
      text.replace(at, word.size(), hex);
    }
  }
  return text;
}

TEST(Judge, TellsEverySabotage) {
  for (const Sabotage& sabotage : sabotages()) {
    GoodRun run;
    std::vector<std::string> expected;
    for (const std::string& line : sabotage.lines) expected.push_back(filled(line, run));
    sabotage.apply(run);
    EXPECT_EQ(lines_of(judge(run.facts).violations), expected) << sabotage.invariant << ": " << sabotage.what;
  }
}

TEST(Judge, HasASabotageForEveryInvariant) {
  std::set<std::string_view> sabotaged;
  for (const Sabotage& sabotage : sabotages()) {
    const std::string id = std::string(sabotage.invariant) + ": ";
    for (const std::string& line : sabotage.lines) {
      if (line.starts_with(id)) sabotaged.insert(sabotage.invariant);
    }
  }
  for (const Invariant& invariant : all_invariants()) EXPECT_TRUE(sabotaged.contains(invariant.id)) << invariant.id;
}

}  // namespace
}  // namespace stampede
