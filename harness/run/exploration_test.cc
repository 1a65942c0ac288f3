// Totals of the free world are sums over runs, each counter of what it names.
#include "harness/run/exploration.h"

#include <gtest/gtest.h>

#include "harness/run/row_facts_for_test.h"

namespace stampede {
namespace {

using std::chrono::nanoseconds;

// Every counter comes to another number.
FreeOutcome eventful() {
  ProcessRecord downloads = reported({got(6, true), failed_at(7)});
  downloads.cpu_time = nanoseconds(11);
  downloads.peak_memory_bytes = 500;
  ProcessRecord hits = reported({got(6), got(7)});
  hits.cpu_time = nanoseconds(13);
  hits.peak_memory_bytes = 900;
  ProcessRecord hits_too = reported({got(6), failed_at(7)});
  hits_too.peak_memory_bytes = 700;
  ProcessRecord lost = ended(ExitReason::exited, 2);
  lost.reaped = false;
  Ledger ledger = {asked(0, 0, 1'000'000), asked(0, 1, 23), asked(2, 1, 0)};
  ledger[0].full_body_sent = true;
  ledger[1].fault = parse_turn("drip:1000+flip_byte:7").value();
  ledger[2].fault = parse_turn("flip_byte:7").value();
  FreeOutcome outcome = outcome_of({downloads, hits, hits_too, ended(ExitReason::killed_by_plan, 9),
                                    ended(ExitReason::not_started), lost, ended(ExitReason::hang, 9)},
                                   ledger, 2);
  outcome.facts.plan.refused_models = {1};
  outcome.verdict.judged = {{"one_download", 5}, {"honest_errors", 2}};
  return outcome;
}

using Counts = std::map<std::string, std::uint64_t>;

TEST(FreeTotals, AreCountedFromFacts) {
  ExplorationTotals totals;
  totals.add(eventful(), 7);
  EXPECT_EQ(totals.runs, 1U);
  EXPECT_EQ(totals.processes, 5U) << "seven less the one that did not start and the one that nobody reaped";
  EXPECT_EQ(totals.successes, 4U);
  EXPECT_EQ(totals.failures, 2U);
  EXPECT_EQ(totals.hits, 3U);
  EXPECT_EQ(totals.explained, 2U);
  EXPECT_EQ(totals.connections, 3U);
  EXPECT_EQ(totals.full_bodies, 1U);
  EXPECT_EQ(totals.body_bytes_sent, 1'000'023U);
  EXPECT_EQ(totals.cpu_times, (Samples{nanoseconds(11), nanoseconds(13)}));
  EXPECT_EQ(totals.peak_memory_bytes, 900U);
  EXPECT_EQ(totals.exits, (Counts{{"exited", 4}, {"killed_by_plan", 1}, {"not_started", 1}, {"hang", 1}}));
  EXPECT_EQ(totals.faults, (Counts{{"none", 1}, {"drip", 1}, {"flip_byte", 2}, {"kill", 1}, {"refused", 7}}));
  EXPECT_EQ(totals.operations, (Counts{{"get", 6}}));
  EXPECT_EQ(totals.judged, (Counts{{"one_download", 5}, {"honest_errors", 2}}));
  EXPECT_TRUE(totals.not_promised.empty());
  EXPECT_FALSE(totals.interrupted);
}

TEST(FreeTotals, AddRunsUp) {
  ExplorationTotals totals;
  FreeOutcome smaller = outcome_of({reported({got(6)})}, {asked(0, 0, 5)});
  smaller.facts.run.processes[0].peak_memory_bytes = 3;
  smaller.verdict.judged = {{"one_download", 3}};
  totals.add(eventful(), 7);
  totals.add(smaller, 8);
  EXPECT_EQ(totals.runs, 2U);
  EXPECT_EQ(totals.processes, 6U);
  EXPECT_EQ(totals.successes, 5U);
  EXPECT_EQ(totals.failures, 2U);
  EXPECT_EQ(totals.hits, 3U);
  EXPECT_EQ(totals.explained, 2U);
  EXPECT_EQ(totals.connections, 4U);
  EXPECT_EQ(totals.body_bytes_sent, 1'000'028U);
  EXPECT_EQ(totals.peak_memory_bytes, 900U);
  EXPECT_EQ(totals.judged, (Counts{{"one_download", 8}, {"honest_errors", 2}}));
  EXPECT_EQ(totals.faults.at("none"), 2U);
  EXPECT_EQ(totals.operations, (Counts{{"get", 7}}));
}

TEST(FreeTotals, ExplainEachFailureToWhichNobodyObjects) {
  const std::pair<std::vector<std::string>, std::uint64_t> cases[] = {
      {{}, 2},
      {{"one_download"}, 2},
      {{"no_spurious_failure"}, 1},
      {{"honest_errors"}, 1},
      {{"honest_errors", "no_spurious_failure"}, 0},
      {{"honest_errors", "honest_errors", "no_spurious_failure"}, 0},  // never below nothing
  };
  for (const auto& [invariants, explained] : cases) {
    for (const bool is_promised : {true, false}) {
      FreeOutcome outcome = eventful();
      auto& list = is_promised ? outcome.verdict.violations : outcome.verdict.not_promised;
      for (const std::string& invariant : invariants) list.push_back({invariant, "x"});
      ExplorationTotals totals;
      totals.add(outcome, 7);
      EXPECT_EQ(totals.explained, explained) << ::testing::PrintToString(invariants) << is_promised;
      EXPECT_EQ(totals.failures, 2U);
    }
  }
}

TEST(FreeTotals, SumUpWhatIsNotPromised) {
  FreeOutcome twice = eventful();
  twice.verdict.not_promised = {{"one_download", "first"}, {"nothing_left_over", "left"}, {"one_download", "second"}};
  FreeOutcome once = eventful();
  once.verdict.not_promised = {{"one_download", "third"}};
  ExplorationTotals totals;
  totals.add(eventful(), 7);
  totals.add(twice, 8);
  totals.add(once, 9);
  ASSERT_EQ(totals.not_promised.size(), 2U);
  const BrokenBeyondPromise& downloads = totals.not_promised.at("one_download");
  EXPECT_EQ(downloads.times, 3U);
  EXPECT_EQ(downloads.runs, 2U);
  EXPECT_EQ(downloads.seed, 8U);
  EXPECT_EQ(downloads.what, "first");
  const BrokenBeyondPromise& left = totals.not_promised.at("nothing_left_over");
  EXPECT_EQ(left.times, 1U);
  EXPECT_EQ(left.runs, 1U);
  EXPECT_EQ(left.what, "left");
}

TEST(FreeTotals, CountViolationsOfAllDiscoveries) {
  ExplorationTotals totals;
  EXPECT_EQ(totals.violation_count(), 0U);
  totals.discoveries.resize(2);
  totals.discoveries[0].violations = {{"a", ""}, {"b", ""}};
  totals.discoveries[1].violations = {{"a", ""}, {"b", ""}, {"c", ""}};
  EXPECT_EQ(totals.violation_count(), 5U);
}

}  // namespace
}  // namespace stampede
