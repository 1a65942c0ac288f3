// Replays that are tampered with: in the second run, or in the other world. Each says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/plan/plan_generator.h"
#include "harness/plan/plan_json.h"
#include "harness/run/plan_replay.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/tampered_world_for_test.h"
#include "harness/run/trace.h"

namespace stampede {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

std::unique_ptr<PlanWorld> tampered(int run, const Tampering& tampering) {
  return std::make_unique<TamperedWorld>(tamper_with(run, tampering));
}

Tampering losing_control() {
  return {.end = [](StageEnd& end) { end.uncontrolled = "a thread"; }};
}

// With the trace that a strict replay follows.
Plan stored_plan() {
  Plan plan = three_get_one();
  SimRunner runner;
  plan.schedule.switches = {{0, 20, 1}};
  plan.note.trace_hash = hash_text(replay_sim(runner, plan, false).outcome.trace_hash);
  return plan;
}

// Draws no second model, and needs no learning run, so that runs are counted easily.
StoredSeed seed_of_gets() {
  for (std::uint64_t seed = 1;; ++seed) {
    const SimDraw draw = draw_sim(seed);
    const bool is_plain = !needs_learning(pick({.kind = StrategyKind::mix}, draw.strategy_seed).choice) &&
                          draw.plan.start.warm.empty() && draw.plan.process_faults.empty() && draw.plan.disk.empty() &&
                          draw.plan.models.size() == 1 && draw.plan.network.faults.empty();
    const Operation get{OperationKind::get, 0};
    if (is_plain && draw.plan.processes.at(0).operations.at(0) == get && draw.plan.processes.size() > 1) {
      return {seed, kGeneratorVersion, plan_hash(draw.plan)};
    }
  }
}

std::string beginning_of(const NamedTampering& way) {
  return way.changes_trace ? "two runs of it differ: the traces differ"
                           : "two runs of it differ: the traces are the same, and the verdicts are not:";
}

TEST(RepeatedReplay, OfAPlanSaysThatTheSecondRunDiffers) {
  const Plan plan = stored_plan();
  for (const bool is_strict : {false, true}) {
    for (const NamedTampering& way : ways_to_tamper()) {
      SCOPED_TRACE(way.name);
      SimRunner runner(tampered(2, way.tampering));
      const ReplayReport report = replay_plan(runner, "plan", plan, is_strict);
      EXPECT_EQ(report.verdict, ReplayVerdict::diverged);
      EXPECT_THAT(report.detail, StartsWith(beginning_of(way)));
      EXPECT_EQ(report.trace_hash, plan.note.trace_hash) << "of the first run";
      SimRunner later(tampered(3, way.tampering));
      EXPECT_EQ(replay_plan(later, "plan", plan, is_strict).verdict, ReplayVerdict::as_expected) << "there are two";
    }
  }
}

TEST(RepeatedReplay, OfASeedSaysThatTheSecondRunDiffers) {
  const StoredSeed seed = seed_of_gets();
  for (const NamedTampering& way : ways_to_tamper()) {
    SCOPED_TRACE(way.name);
    SimRunner runner(tampered(2, way.tampering));
    const ReplayReport report = replay_seed(runner, seed);
    EXPECT_EQ(report.verdict, ReplayVerdict::diverged);
    EXPECT_THAT(report.detail, StartsWith(beginning_of(way)));
    SimRunner later(tampered(3, way.tampering));
    EXPECT_EQ(replay_seed(later, seed).verdict, ReplayVerdict::as_expected);
  }
}

TEST(RepeatedReplay, SaysThatTheOtherWorldDiffers) {
  const Plan plan = stored_plan();
  const StoredSeed seed = seed_of_gets();
  std::vector<NamedTampering> ways = ways_to_tamper();
  ways.push_back({"a time", false, {.step = [](Step& step) { step.at += std::chrono::nanoseconds(1); }}});
  ways.push_back({"a file", true, {.after = litter}});
  for (const NamedTampering& way : ways) {
    SCOPED_TRACE(way.name);
    SimRunner runner, other(tampered(1, way.tampering));
    const ReplayReport report = replay_plan(runner, "plan", plan, false, &other);
    EXPECT_EQ(report.verdict, ReplayVerdict::diverged);
    EXPECT_THAT(report.detail, StartsWith("the worlds differ:\n"));
    EXPECT_THAT(report.detail, HasSubstr("\n    live  "));
    SimRunner another(tampered(1, way.tampering));
    const ReplayReport of_seed = replay_seed(runner, seed, &another);
    EXPECT_EQ(of_seed.verdict, ReplayVerdict::diverged);
    EXPECT_THAT(of_seed.detail, StartsWith("the worlds differ:\n"));
    // The runner's own world has a third run for the comparison.
    SimRunner third(tampered(3, way.tampering)), good;
    EXPECT_EQ(replay_plan(third, "plan", plan, false, &good).verdict, ReplayVerdict::diverged);
  }
  SimRunner runner, good;
  const ReplayReport same = replay_plan(runner, "plan", plan, true, &good);
  EXPECT_EQ(same.verdict, ReplayVerdict::as_expected) << same.detail;
  EXPECT_EQ(same.speed.schedules, 3U);
  EXPECT_EQ(same.other_speed.schedules, 1U);
  EXPECT_EQ(replay_seed(runner, seed, &good).verdict, ReplayVerdict::as_expected);
}

TEST(RepeatedReplay, SaysThatAnyOfItsRunsWasUncontrolled) {
  const Plan plan = stored_plan();
  const StoredSeed seed = seed_of_gets();
  for (const int run : {1, 2, 3}) {
    SimRunner runner(tampered(run, losing_control())), again(tampered(run, losing_control())), good;
    const ReplayReport report = replay_plan(runner, "plan", plan, false, &good);
    EXPECT_EQ(report.verdict, ReplayVerdict::uncontrolled) << run;
    EXPECT_EQ(report.detail, "a thread");
    EXPECT_EQ(report.speed.schedules, static_cast<std::uint64_t>(run));
    EXPECT_EQ(replay_seed(again, seed, &good).verdict, ReplayVerdict::uncontrolled) << run;
  }
  SimRunner runner, other(tampered(1, losing_control()));
  EXPECT_EQ(replay_plan(runner, "plan", plan, false, &other).verdict, ReplayVerdict::uncontrolled);
}

// What the first run broke stands.
TEST(RepeatedReplay, StaysBrokenWhereALaterRunIsUncontrolled) {
  const auto tamper = [](int run) { return run == 1 ? Tampering{.after = litter} : losing_control(); };
  SimRunner runner(std::make_unique<TamperedWorld>(tamper)), again(std::make_unique<TamperedWorld>(tamper));
  const ReplayReport report = replay_plan(runner, "plan", three_get_one(), false);
  EXPECT_EQ(report.verdict, ReplayVerdict::broken);
  EXPECT_THAT(report.detail, StartsWith("nothing_left_over: "));
  EXPECT_EQ(replay_seed(again, seed_of_gets()).verdict, ReplayVerdict::broken);
  const auto diverging = [](int run) {
    return run == 2 ? ways_to_tamper()[0].tampering : run == 3 ? losing_control() : Tampering{};
  };
  SimRunner third(std::make_unique<TamperedWorld>(diverging)), good;
  EXPECT_EQ(replay_plan(third, "plan", three_get_one(), false, &good).verdict, ReplayVerdict::diverged);
}

// A world that says that its runs may differ is believed, but where the schedule must be followed strictly.
TEST(RepeatedReplay, IsExcusedWhereTheWorldAnnouncesDifferences) {
  const auto tamper = [](int run) {
    Tampering tampering{.end = [](StageEnd& end) { end.why_others_differ = "other numbers"; }};
    if (run == 2) tampering.step = ways_to_tamper()[0].tampering.step;
    return tampering;
  };
  SimRunner lenient(std::make_unique<TamperedWorld>(tamper)), strict(std::make_unique<TamperedWorld>(tamper));
  EXPECT_EQ(replay_plan(lenient, "plan", stored_plan(), false).verdict, ReplayVerdict::as_expected);
  const ReplayReport report = replay_plan(strict, "plan", stored_plan(), true);
  EXPECT_EQ(report.verdict, ReplayVerdict::diverged);
  EXPECT_EQ(report.detail, "two runs of it differ: other numbers");
}

TEST(RepeatedReplay, SaysWhichSwitchTheSecondRunCouldNotTake) {
  SimRunner runner(tampered(2, {.before = [](PlanWorld& world) { world.set_read_only(true); }}));
  Plan plan = stored_plan();
  plan.schedule.switches = {{2, 30, 1}};
  plan.note.trace_hash = hash_text([&] {
    SimRunner first;
    return replay_sim(first, plan, false).outcome.trace_hash;
  }());
  const ReplayReport report = replay_plan(runner, "plan", plan, true);
  EXPECT_EQ(report.verdict, ReplayVerdict::diverged);
  EXPECT_THAT(report.detail, HasSubstr("process 2")) << "the switch that is left over";
}

TEST(RepeatedReplay, ReportsWhatTheFirstRunSays) {
  const Plan plan = stored_plan();
  SimRunner runner, direct;
  const SimOutcome outcome = replay_sim(direct, plan, true).outcome;
  for (const ReplayReport& report : {replay_plan(runner, "a name", plan, true)}) {
    EXPECT_EQ(report.name, "a name");
    EXPECT_EQ(report.steps, outcome.steps);
    EXPECT_EQ(report.processes, 4U) << "three, and the epilogue's";
    EXPECT_EQ(report.processes, outcome.processes);
    EXPECT_EQ(report.judged, outcome.judged);
    EXPECT_EQ(report.trace_hash, hash_text(outcome.trace_hash));
    EXPECT_EQ(report.detail, "");
    EXPECT_FALSE(report.has_moved);
    EXPECT_EQ(report.unused_switches, 0U);
    EXPECT_EQ(report.unmet_process_faults, 0U);
    EXPECT_EQ(report.speed.schedules, 2U);
    EXPECT_EQ(report.other_speed.schedules, 0U);
    EXPECT_THAT(report.violations, SizeIs(0));
    EXPECT_THAT(report.kills, SizeIs(0));
  }
}

// Each expectation beside each thing that can become of it. A world that leaves litter breaks one invariant; one whose
// gets name another model breaks three.
TEST(RepeatedReplay, JudgesByWhatThePlanExpects) {
  const Tampering none{}, one{.after = litter};
  Tampering three = ways_to_tamper()[3].tampering;
  const struct {
    std::string expect;
    Tampering tampering;
    ReplayVerdict verdict;
    std::string detail;
  } cases[] = {
      {"holds", none, ReplayVerdict::as_expected, ""},
      {"holds", one, ReplayVerdict::broken, "nothing_left_over: stray is left over"},
      {"nothing_left_over", one, ReplayVerdict::as_expected, ""},
      {"nothing_left_over", none, ReplayVerdict::mended, "expected to break nothing_left_over, which held"},
      {"one_download", one, ReplayVerdict::mended, "expected to break one_download, which held"},
      {"bytes_are_what_was_asked", three, ReplayVerdict::broken,
       "besides bytes_are_what_was_asked: success_needs_bytes: "},
      {"success_needs_bytes", three, ReplayVerdict::broken, "besides success_needs_bytes: bytes_are_what_was_asked: "},
  };
  for (const auto& each : cases) {
    SimRunner runner(std::make_unique<TamperedWorld>([&](int) { return each.tampering; }));
    Plan plan = three_get_one();
    plan.note.expect = each.expect;
    const ReplayReport report = replay_plan(runner, "plan", plan, false);
    EXPECT_EQ(report.verdict, each.verdict) << each.expect;
    EXPECT_THAT(report.detail, StartsWith(each.detail));
    EXPECT_EQ(report.detail.empty(), each.detail.empty());
  }
}

TEST(RepeatedReplay, NamesEachVerdict) {
  const std::pair<ReplayVerdict, std::string_view> names[] = {{ReplayVerdict::as_expected, "as expected"},
                                                              {ReplayVerdict::broken, "VIOLATED"},
                                                              {ReplayVerdict::mended, "HELD"},
                                                              {ReplayVerdict::diverged, "DIVERGED"},
                                                              {ReplayVerdict::dull, "DULL"},
                                                              {ReplayVerdict::stale, "stale"},
                                                              {ReplayVerdict::uncontrolled, "uncontrolled"}};
  for (const auto& [verdict, name] : names) EXPECT_EQ(name_of(verdict), name);
}

}  // namespace
}  // namespace stampede
