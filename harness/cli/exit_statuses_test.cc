// What every command comes to, as a status, and what it may say of it.
#include "harness/cli/exit_statuses.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "harness/cli/bench_report.h"
#include "harness/cli/exploration_report.h"
#include "harness/cli/mutants_report.h"
#include "harness/cli/report_for_test.h"
#include "harness/cli/shrink_report.h"
#include "harness/cli/sim_report.h"
#include "harness/judge/judge.h"

namespace stampede {
namespace {

// Every watched invariant, or every one of the free world, judged once.
template <class Invariants>
Judged once_each(const Invariants& invariants) {
  Judged judged;
  for (const auto& each : invariants) judged[std::string(each.id)] = 1;
  return judged;
}
Judged all_watched() { return once_each(watched_invariants()); }
Judged all_free() { return once_each(all_invariants()); }
Judged without(Judged judged, const std::string& invariant) {
  judged.at(invariant) = 0;
  return judged;
}

TEST(ExitStatus, HasTheNumbersThatTheManualTells) {
  EXPECT_EQ(kAllHeld, 0);
  EXPECT_EQ(kViolated, 1);
  EXPECT_EQ(kUsage, 2);
  EXPECT_EQ(kCannotHere, 3);
  EXPECT_EQ(kInterrupted, 130);
  EXPECT_EQ(exit_status(true, true, kAllHeld), 1) << "what was found before the interrupt counts";
  EXPECT_EQ(exit_status(true, false, kCannotHere), 1);
  EXPECT_EQ(exit_status(false, true, kCannotHere), 130);
  EXPECT_EQ(exit_status(false, false, kCannotHere), 3);
}

TEST(ExitStatus, OfTwoEndsIsTheSameInAnyOrder) {
  for (const auto& [one, other, both] : std::initializer_list<std::array<int, 3>>{
           {0, 0, 0},
           {0, 1, 1},
           {0, 2, 2},
           {0, 3, 3},
           {0, 130, 130},
           {1, 1, 1},
           {1, 2, 1},
           {1, 3, 1},
           {1, 130, 1},
           {2, 2, 2},
           {2, 3, 3},
           {2, 130, 130},
           {3, 130, 130},
           {130, 130, 130},
       }) {
    EXPECT_EQ(combined(one, other), both) << one << " and " << other;
    EXPECT_EQ(combined(other, one), both) << other << " and " << one;
  }
}

TEST(HeldText, SaysThatAllHeldOnlyOfWhatWasJudged) {
  EXPECT_EQ(held_text({{"a", 3}, {"b", 4}}, {}, "5 runs", 0.25),
            "all held: 0 violations in 5 runs; judged 7 times in 0.2 s\n");
  EXPECT_EQ(held_text({{"a", 3}, {"b", 0}}, {"b"}, "5 runs", 1.5),
            "held as far as judged: 0 violations in 5 runs; judged 3 times in 1.5 s; judged 0 times: b\n");
  EXPECT_EQ(held_text({{"a", 3}}, {"b", "c"}, "5 runs", 1.5, "nothing unexpected"),
            "held as far as judged: nothing unexpected in 5 runs; judged 3 times in 1.5 s; judged 0 times: b, c\n");
  for (const Judged& none : {Judged{}, Judged{{"a", 0}}}) {
    EXPECT_EQ(held_text(none, {"a"}, "5 runs", 1.5), "nothing was judged: no invariant was applied in 5 runs\n");
    EXPECT_EQ(held_text(none, {}, "5 runs", 1.5), "nothing was judged: no invariant was applied in 5 runs\n");
  }
}

TEST(JudgedStatus, IsThreeOnlyWhereJudgingWasRequired) {
  EXPECT_EQ(judged_status({{"a", 1}}, {}, false), 0);
  EXPECT_EQ(judged_status({{"a", 1}}, {}, true), 0);
  EXPECT_EQ(judged_status({{"a", 1}}, {"b"}, false), 0);
  EXPECT_EQ(judged_status({{"a", 1}}, {"b"}, true), 3);
  EXPECT_EQ(judged_status({{"a", 0}}, {}, false), 2) << "nothing was judged, so nothing held";
  EXPECT_EQ(judged_status({}, {}, true), 3);
}

TEST(NeverJudged, NamesWhatIsAllowedAndHasNoCount) {
  InvariantSet allowed;
  EXPECT_TRUE(never_judged(allowed, {}).empty());
  allowed.set(0).set(2).set(watched_invariants().size() - 1);
  const std::string first(watched_invariants()[0].id), third(watched_invariants()[2].id),
      last(watched_invariants().back().id);
  EXPECT_EQ(never_judged(allowed, {}), (std::vector{first, third, last}));
  EXPECT_EQ(never_judged(allowed, {{first, 0}, {third, 1}}), (std::vector{first, last}));
  EXPECT_TRUE(never_judged(allowed, all_watched()).empty());
}

template <class Totals>
struct StatusRow {
  const char* what;
  int status;           // as it is
  int required_status;  // with --require-judged
  Totals totals;
};
// `options` come before the totals.
template <class Totals, std::size_t kCount, class... Options>
void expect_statuses(const StatusRow<Totals> (&rows)[kCount], const Options&... options) {
  for (const auto& row : rows) {
    EXPECT_EQ(status_of(options..., row.totals, false), row.status) << row.what;
    EXPECT_EQ(status_of(options..., row.totals, true), row.required_status) << row.what;
  }
}

SimTotals sim(std::uint64_t schedules, std::uint64_t violations = 0, std::uint64_t divergences = 0,
              std::uint64_t uncontrolled = 0, bool interrupted = false, Judged judged = all_watched()) {
  SimTotals totals;
  totals.schedules = schedules;
  totals.violations = violations;
  totals.divergences = divergences;
  totals.uncontrolled = uncontrolled;
  totals.interrupted = interrupted;
  totals.judged = std::move(judged);
  totals.allowed = everything();
  return totals;
}

TEST(ExitStatus, OfAnExplorationOfAControlledWorld) {
  const StatusRow<SimTotals> rows[] = {
      {"all held", 0, 0, sim(5)},
      {"no run", 2, 2, sim(0, 0, 0, 0, false, {})},
      {"nothing was judged", 2, 3, sim(5, 0, 0, 0, false, {})},
      {"one invariant never was", 0, 3, sim(5, 0, 0, 0, false, without(all_watched(), "one_download"))},
      {"every run was uncontrolled", 3, 3, sim(0, 0, 0, 2)},
      {"some runs were uncontrolled", 0, 0, sim(5, 0, 0, 2)},
      {"a violation", 1, 1, sim(5, 1)},
      {"a violation, and nothing was judged", 1, 1, sim(5, 1, 0, 0, false, {})},
      {"divergences alone", 1, 1, sim(5, 0, 1)},
      {"an interrupt alone", 130, 130, sim(5, 0, 0, 0, true)},
      {"an interrupt before the first run", 130, 130, sim(0, 0, 0, 0, true)},
      {"an interrupt after a violation", 1, 1, sim(5, 1, 0, 0, true)},
      {"an interrupt after a divergence", 1, 1, sim(5, 0, 1, 0, true)},
  };
  expect_statuses(rows);
}

KillSweep swept(std::uint64_t runs, std::uint64_t expected, std::uint64_t met, std::uint64_t violations = 0,
                bool interrupted = false, const std::string& uncontrolled = "", Judged judged = all_watched()) {
  KillSweep sweep;
  sweep.runs = runs;
  sweep.expected = expected;
  sweep.met = met;
  sweep.violations = violations;
  sweep.interrupted = interrupted;
  sweep.uncontrolled = uncontrolled;
  sweep.judged = std::move(judged);
  sweep.allowed = everything();
  return sweep;
}

TEST(ExitStatus, OfASweep) {
  const StatusRow<KillSweep> rows[] = {
      {"complete", 0, 0, swept(5, 5, 5)},
      {"a point was left out", 1, 1, swept(5, 6, 5)},
      {"a kill did not come to pass", 1, 1, swept(5, 5, 4)},
      {"a violation", 1, 1, swept(5, 5, 5, 1)},
      {"a violation, then an interrupt", 1, 1, swept(5, 6, 5, 1, true)},
      {"a violation, then lost", 1, 1, swept(5, 6, 5, 1, false, "lost")},
      {"an interrupt", 130, 130, swept(5, 6, 5, 0, true)},
      {"lost", 3, 3, swept(5, 6, 5, 0, false, "lost")},
      {"nothing was judged", 2, 3, swept(5, 5, 5, 0, false, "", {})},
      {"no point", 2, 3, swept(0, 0, 0, 0, false, "", {})},
      {"one invariant never was", 0, 3, swept(5, 5, 5, 0, false, "", without(all_watched(), "one_download"))},
  };
  expect_statuses(rows);
}

Replayed replayed(std::vector<ReplayVerdict> verdicts, bool interrupted = false, Judged judged = all_watched()) {
  Replayed all;
  for (const ReplayVerdict verdict : verdicts) {
    ReplayReport report;
    report.verdict = verdict;
    all.add(std::move(report));
  }
  all.interrupted = interrupted;
  all.judged = std::move(judged);
  all.allowed = everything();
  return all;
}

TEST(ExitStatus, OfAReplay) {
  using enum ReplayVerdict;
  const StatusRow<Replayed> rows[] = {
      {"as expected", 0, 0, replayed({as_expected, as_expected})},
      {"violated, the last one alone", 1, 1, replayed({as_expected, broken})},
      {"held against expectation", 1, 1, replayed({mended, as_expected})},
      {"diverged", 1, 1, replayed({as_expected, diverged, stale})},
      {"dull", 1, 1, replayed({dull})},
      {"stale beside another", 0, 0, replayed({as_expected, stale})},
      {"stale alone, which is no failure", 0, 3, replayed({stale}, false, {})},
      {"all uncontrolled", 3, 3, replayed({uncontrolled, uncontrolled}, false, {})},
      {"all uncontrolled that were run", 3, 3, replayed({uncontrolled, stale}, false, {})},
      {"one uncontrolled", 0, 0, replayed({as_expected, uncontrolled})},
      {"one uncontrolled, one violated", 1, 1, replayed({broken, uncontrolled})},
      {"an interrupt", 130, 130, replayed({as_expected}, true)},
      {"an interrupt before the first", 130, 130, replayed({}, true, {})},
      {"an interrupt after a violation", 1, 1, replayed({broken}, true)},
      {"an interrupt after a dull plan", 1, 1, replayed({as_expected, dull}, true)},
      {"nothing was judged", 2, 3, replayed({as_expected}, false, {})},
      {"one invariant never was", 0, 3, replayed({as_expected}, false, without(all_watched(), "one_download"))},
      {"one not run, which has a status of its own", 0, 0, replayed({as_expected, not_run})},
      {"none run", 0, 3, replayed({not_run, stale}, false, {})},
      {"one not run, the other uncontrolled", 3, 3, replayed({not_run, uncontrolled}, false, {})},
      {"one not run, the other violated", 1, 1, replayed({not_run, broken})},
  };
  expect_statuses(rows);
}

ExplorationTotals free_runs(std::uint64_t runs, std::size_t discoveries, bool interrupted = false,
                            Judged judged = all_free(), const std::string& failure = "") {
  ExplorationTotals totals;
  totals.failure = failure;
  totals.runs = runs;
  totals.discoveries.resize(discoveries);
  totals.interrupted = interrupted;
  totals.judged = std::move(judged);
  return totals;
}

TEST(ExitStatus, OfAnExplorationOfTheFreeWorld) {
  const StatusRow<ExplorationTotals> rows[] = {
      {"all held", 0, 0, free_runs(5, 0)},
      {"no run", 2, 2, free_runs(0, 0, false, {})},
      {"nothing was judged", 2, 3, free_runs(5, 0, false, {})},
      {"one invariant never was", 0, 3, free_runs(5, 0, false, without(all_free(), "one_download"))},
      {"no get failed, so no error was judged", 0, 0, free_runs(5, 0, false, without(all_free(), "honest_errors"))},
      {"a violation", 1, 1, free_runs(5, 1)},
      {"an interrupt", 130, 130, free_runs(5, 0, true)},
      {"an interrupt of the first run", 130, 130, free_runs(0, 0, true, {})},
      {"an interrupt after a violation", 1, 1, free_runs(5, 1, true)},
      {"a later run could not begin", 3, 3, free_runs(5, 0, false, all_free(), "no space")},
      {"the first one could not", 3, 3, free_runs(0, 0, false, {}, "no space")},
      {"one could not after a violation", 1, 1, free_runs(5, 1, false, all_free(), "no space")},
  };
  expect_statuses(rows, ExplorationOptions{});
}

BenchRows bench(std::uint64_t free_runs, std::uint64_t sim_runs, std::uint64_t live_runs) {
  BenchRows rows;
  rows.free.total.runs = free_runs;
  rows.free.rows.resize(2);
  rows.sim.resize(2);
  rows.sim[1].runs = sim_runs;
  rows.live.resize(2);
  rows.live[1].runs = live_runs;
  rows.live[1].schedules = 10;
  return rows;
}

TEST(ExitStatus, OfABenchmark) {
  const struct {
    const char* what;
    int status;
    BenchRows rows;
    std::function<void(BenchRows&)> change;
  } cases[] = {
      {"all worlds", 0, bench(1, 1, 1), [](BenchRows&) {}},
      {"the free world", 0, bench(1, 0, 0), [](BenchRows&) {}},
      {"the simulated world", 0, bench(0, 1, 0), [](BenchRows&) {}},
      {"the live world", 0, bench(0, 0, 1), [](BenchRows&) {}},
      {"nothing was judged", 3, bench(0, 0, 0), [](BenchRows&) {}},
      {"every run was uncontrolled", 3, bench(0, 0, 2), [](BenchRows& rows) { rows.live[1].uncontrolled = 20; }},
      {"one was not", 0, bench(0, 0, 2), [](BenchRows& rows) { rows.live[1].uncontrolled = 19; }},
      {"of decisions, all", 3, bench(0, 0, 2),
       [](BenchRows& rows) {
         rows.live[1].uncontrolled = 19;
         rows.live[1].schedules = 0;
       }},
      {"of decisions, not all", 0, bench(0, 0, 2),
       [](BenchRows& rows) {
         rows.live[1].uncontrolled = 1;
         rows.live[1].schedules = 0;
       }},
      {"in the last row of the free world", 1, bench(1, 1, 1),
       [](BenchRows& rows) { rows.free.rows[1].violations.resize(1); }},
      {"in the last row of the simulated world", 1, bench(1, 1, 1),
       [](BenchRows& rows) { rows.sim[1].violations = 1; }},
      {"in the last row of the live world", 1, bench(1, 1, 1), [](BenchRows& rows) { rows.live[1].violations = 1; }},
      {"an interrupt after it", 1, bench(1, 1, 1),
       [](BenchRows& rows) {
         rows.live[1].violations = 1;
         rows.free.interrupted = true;
       }},
      {"no live world here", 3, bench(1, 1, 0), [](BenchRows& rows) { rows.hindrance = 3; }},
      {"it could not be saved", 2, bench(1, 1, 1), [](BenchRows& rows) { rows.hindrance = 2; }},
      {"it could not be saved after a violation", 1, bench(1, 1, 1),
       [](BenchRows& rows) {
         rows.sim[1].violations = 1;
         rows.hindrance = 2;
       }},
      {"it could not be saved after an interrupt", 130, bench(1, 1, 1),
       [](BenchRows& rows) {
         rows.free.interrupted = true;
         rows.hindrance = 2;
       }},
      {"an interrupt", 130, bench(1, 0, 0), [](BenchRows& rows) { rows.free.interrupted = true; }},
      {"an interrupt of the first run", 130, bench(0, 0, 0), [](BenchRows& rows) { rows.free.interrupted = true; }},
  };
  for (const auto& each : cases) {
    BenchRows rows = each.rows;
    each.change(rows);
    EXPECT_EQ(status_of(rows), each.status) << each.what;
  }
}

MutantSearch searched(bool is_over, bool is_killed, std::uint64_t schedules = 5, std::uint64_t uncontrolled = 0,
                      const std::string& good_breaks = "") {
  MutantSearch search;
  search.is_over = is_over;
  search.is_killed = is_killed;
  search.schedules = schedules;
  search.uncontrolled = uncontrolled;
  search.good_breaks = good_breaks;
  return search;
}

TEST(ExitStatus, OfASearchForMutants) {
  const MutantSearch found = searched(true, true), survived = searched(true, false), cut_off = searched(false, false),
                     lost = searched(true, false, 5, 5), good_broke = searched(true, true, 5, 0, "one_download: x");
  const struct {
    const char* what;
    int status;
    bool interrupted;
    std::vector<MutantSearch> searches;
  } rows[] = {
      {"all found", 0, false, {found, found}},
      {"the last one survived", 1, false, {found, survived}},
      {"the good cache broke too", 1, false, {good_broke, found}},
      {"an interrupt", 130, true, {found, cut_off}},
      {"an interrupt after a survivor", 1, true, {survived, cut_off}},
      {"an interrupt before anything", 130, true, {cut_off, cut_off}},
      {"all uncontrolled", 3, false, {lost, lost}},
      {"one uncontrolled, so it survived", 1, false, {found, lost}},
      {"one run of a survivor was not", 1, false, {searched(true, false, 5, 4)}},
      {"no search", 3, false, {}},
  };
  for (const auto& row : rows) {
    MutantsReport report;
    report.searches = row.searches;
    report.interrupted = row.interrupted;
    EXPECT_EQ(status_of(report), row.status) << row.what;
  }
}

TEST(ExitStatus, OfAShrunkPlan) {
  SmallestPlan smallest;
  EXPECT_EQ(status_of(smallest, true), 2) << "it holds";
  smallest.shrunk.uncontrolled = 1;
  EXPECT_EQ(status_of(smallest, true), 3) << "uncontrolled";
  smallest.shrunk.violation.emplace();
  smallest.is_repeatable = true;
  EXPECT_EQ(status_of(smallest, true), 0);
  EXPECT_EQ(status_of(smallest, false), 2) << "could not be written";
  smallest.is_repeatable = false;
  for (const bool is_saved : {true, false}) EXPECT_EQ(status_of(smallest, is_saved), 1) << is_saved;
}

}  // namespace
}  // namespace stampede
