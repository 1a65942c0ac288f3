// Each invariant holds on a good run and breaks for each way in which it can be broken.
#include "harness/judge/judge.h"

#include <set>

#include "harness/judge/good_run_for_test.h"

namespace stampede {
namespace {

using modelcache::Sha256Digest;

std::set<std::string> violated(const RunFacts& facts) {
  std::set<std::string> ids;
  for (const Violation& violation : judge(facts).violations) ids.insert(violation.invariant);
  return ids;
}

TEST(Judge, FindsNothingWrongWithAGoodRun) {
  const Verdict verdict = judge(GoodRun().facts);
  for (const Violation& violation : verdict.violations) ADD_FAILURE() << violation.invariant << ": " << violation.what;
  const std::map<std::string, std::uint64_t> expected = {{"bytes_are_what_was_asked", 8},
                                                         {"visible_means_complete", 8},
                                                         {"one_download", 4},
                                                         {"success_needs_bytes", 2},
                                                         {"hits_caused_no_request", 5},
                                                         {"every_request_was_asked_for", 4},
                                                         {"faults_were_played", 0},
                                                         {"no_spurious_failure", 4},
                                                         {"honest_errors", 0},
                                                         {"manifest_is_complete", 14},
                                                         {"nothing_left_over", 19},
                                                         {"published_modes", 16},
                                                         {"recovery_needs_no_hands", 5},
                                                         {"every_process_is_accounted_for", 11}};
  EXPECT_EQ(verdict.judged, expected);
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
