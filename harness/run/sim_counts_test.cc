// Totals are the sums of what hand-made runs say, each counter by itself.
#include "harness/run/sim_counts.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/plan/fault_turn.h"

namespace stampede {
namespace {

// Every counter has a number of its own, `times` as often.
SimOutcome outcome_of(std::uint64_t times) {
  SimOutcome outcome;
  outcome.steps = 101 * times;
  outcome.processes = 103 * times;
  outcome.run.preemptions = 107 * times;
  outcome.run.steps = 9999 * times;  // is in `steps`
  outcome.trace_hash = times;
  for (std::size_t i = 0; i < watched_invariants().size(); ++i) outcome.judged.push_back((200 + i) * times);
  for (std::size_t kind = 0; kind < kOperationKinds; ++kind) {
    for (std::size_t i = 0; i < (kind + 1) * times; ++i) {
      OperationOutcome& operation = outcome.operations.emplace_back();
      operation.operation.kind = static_cast<OperationKind>(kind);
    }
  }
  for (const StageKind stage : {StageKind::warm_up, StageKind::epilogue})
    outcome.operations.emplace_back().stage = stage;
  // The first two and the last one are not of the plan's processes.
  outcome.ledger.resize(2);
  for (std::size_t i = 0; i < 3 * times; ++i) outcome.ledger.emplace_back();
  for (std::size_t i = 0; i < 5 * times; ++i) outcome.ledger.emplace_back().fault = *parse_turn("drip:10+flip_byte:7");
  outcome.run_ledger_begin = 2;
  outcome.run_ledger_end = outcome.ledger.size();
  outcome.ledger.emplace_back();
  outcome.refusals_met = 11 * times;
  for (std::size_t i = 0; i < kStepKinds; ++i) outcome.disk_faults_met[i] = (300 + i) * times;
  outcome.errnos_met[ENOSPC] = 401 * times;
  outcome.errnos_met[EIO] = 409 * times;
  outcome.short_transfers_met = 419 * times;
  outcome.idle_locks_met = 421 * times;
  for (std::size_t i = 0; i < kProcessFaultKinds; ++i) outcome.process_faults_met[i] = (500 + i) * times;
  for (std::size_t i = 0; i < kDamageKinds; ++i) outcome.damage_met[i] = (600 + i) * times;
  return outcome;
}

std::map<std::string, std::uint64_t> drawn_of(std::uint64_t times) {
  std::map<std::string, std::uint64_t> drawn = {
      {"get", 1 * times},
      {"get_by_url", 2 * times},
      {"find", 3 * times},
      {"list", 4 * times},
      {"verify", 5 * times},
      {"repair", 6 * times},
      {"remove", 7 * times},
      {"recover", 8 * times},
      {"good response", 3 * times},
      {"drip", 5 * times},
      {"flip_byte", 5 * times},
      {"refused", 11 * times},
      {"fault ENOSPC", 401 * times},
      {"fault EIO", 409 * times},
      {"fault short_transfer", 419 * times},
      {"fault does_nothing", 421 * times},
      {"kill_before", 500 * times},
      {"kill_after", 501 * times},
      {"stop", 502 * times},
      {"clock_step", 503 * times},
      {"damage: flip_byte", 600 * times},
      {"damage: cut", 601 * times},
      {"damage: emptied", 602 * times},
      {"damage: unlisted", 603 * times},
      {"damage: manifest_garbage", 604 * times},
      {"damage: dead_temporary", 605 * times},
  };
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    const auto kind = static_cast<StepKind>(i);
    if (!errnos_of(kind).empty()) drawn["fault at " + std::string(name_of(kind))] = (300 + i) * times;
  }
  return drawn;
}

TEST(SimCounts, AreTheSumsOfWhatRunsSay) {
  Plan plain, special;
  special.start.warm = {0};
  special.start.read_only = true;
  Plan timed;
  timed.schedule.time_runs_first = true;
  SimCounts one, other;
  count_run(plain, outcome_of(1), one);
  count_run(special, outcome_of(2), one);
  count_run(timed, outcome_of(4), other);
  count_run(timed, outcome_of(8), other);
  SimTotals totals;
  TraceHash hash;
  put_together(std::move(one), hash, totals);
  put_together(std::move(other), hash, totals);
  EXPECT_EQ(totals.schedules, 4U);
  EXPECT_EQ(totals.steps, 15U * 101);
  EXPECT_EQ(totals.processes, 15U * 103);
  EXPECT_EQ(totals.preemptions, 15U * 107);
  ASSERT_EQ(totals.judged.size(), watched_invariants().size());
  for (std::size_t i = 0; i < watched_invariants().size(); ++i) {
    const std::string id(watched_invariants()[i].id);
    EXPECT_EQ(totals.judged[id], 15 * (200 + i)) << id;
  }
  std::map<std::string, std::uint64_t> expected = drawn_of(15), got;
  expected["start: read_only"] = expected["start: warm"] = 1;
  expected["time_runs_first"] = 2;
  for (const auto& [name, count] : totals.drawn) {
    if (count != 0) got[name] = count;
  }
  EXPECT_EQ(got, expected);
  // What was not drawn is said too, of kinds that can be.
  EXPECT_EQ(totals.drawn.at("reset_in_body"), 0U);
  EXPECT_FALSE(totals.drawn.contains("fault at now"));
  EXPECT_FALSE(totals.drawn.contains("fault ENOENT"));
}

TEST(SimCounts, AreOfTheWholeOrderOfRuns) {
  const auto hash_of = [](const std::vector<std::vector<std::uint64_t>>& blocks) {
    SimTotals totals;
    TraceHash hash;
    for (const auto& block : blocks) {
      SimCounts counts;
      for (const std::uint64_t run : block) count_run({}, outcome_of(run), counts);
      put_together(std::move(counts), hash, totals);
    }
    return totals.trace_hash;
  };
  EXPECT_EQ(hash_of({{1, 2}, {3}}), hash_of({{1, 2}, {3}}));
  EXPECT_NE(hash_of({{1, 2}, {3}}), hash_of({{2, 1}, {3}}));
  EXPECT_NE(hash_of({{1, 2}, {3}}), hash_of({{3}, {1, 2}}));
  EXPECT_NE(hash_of({{1, 2}, {3}}), hash_of({{1, 2}}));
  EXPECT_NE(hash_of({{1, 2}}), 0U);
}

TEST(SimCounts, AddUpBlocks) {
  SimTotals totals;
  TraceHash hash;
  for (std::uint64_t block = 0; block < 3; ++block) {
    SimCounts counts;
    counts.plans = 2, counts.repetitions = 3, counts.violations = 5, counts.divergences = 7;
    if (block > 0) counts.uncontrolled = 11, counts.why_uncontrolled = "why " + std::to_string(block);
    counts.strategies = {{"pos", {.runs = 13, .hits = 17}}, {"pct:" + std::to_string(block), {.runs = 19, .hits = 23}}};
    for (std::uint64_t i = 0; i < 9; ++i) counts.discoveries.emplace_back().seed = 10 * block + i;
    put_together(std::move(counts), hash, totals);
  }
  EXPECT_EQ(totals.plans, 6U);
  EXPECT_EQ(totals.repetitions, 9U);
  EXPECT_EQ(totals.violations, 15U);
  EXPECT_EQ(totals.divergences, 21U);
  EXPECT_EQ(totals.uncontrolled, 22U);
  EXPECT_EQ(totals.why_uncontrolled, "why 1");
  ASSERT_EQ(totals.strategies.size(), 4U);
  EXPECT_EQ(totals.strategies["pos"].runs, 39U);
  EXPECT_EQ(totals.strategies["pos"].hits, 51U);
  EXPECT_EQ(totals.strategies["pct:2"].runs, 19U);
  EXPECT_EQ(totals.strategies["pct:2"].hits, 23U);
  ASSERT_EQ(totals.discoveries.size(), 20U);
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_EQ(totals.discoveries[i].seed, 10 * (i / 9) + i % 9);
}

}  // namespace
}  // namespace stampede
