// Sweeps of kills: each point once, all counted, and what the last one breaks is seen.
#include "harness/run/kill_sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/run/sim_benchmark.h"
#include "harness/run/tampered_world_for_test.h"
#include "harness/run/trace.h"

namespace stampede {
namespace {

using testing::SizeIs;

bool never() { return false; }

Plan gets(std::size_t processes) {
  Plan plan = three_get_one();
  plan.processes.resize(processes);
  return plan;
}

Plan lists(std::size_t processes) {
  Plan plan = gets(processes);
  for (PlanProcess& process : plan.processes) process.operations = {{OperationKind::list, 0}};
  return plan;
}

std::vector<std::uint32_t> own_steps_of(const Plan& plan) {
  SimRunner runner;
  return replay_sim(runner, plan, false).outcome.run.own_steps;
}

// (process, step, after) of each kill of a run.
constexpr std::uint32_t kStop = 1'000'000;  // stands for a fault that is no kill
using Kills = std::vector<std::tuple<std::size_t, std::uint32_t, bool>>;
Kills kills_of(std::span<const ProcessFault> faults) {
  Kills kills;
  for (const ProcessFault& fault : faults) {
    const std::uint32_t step = fault.kind == ProcessFaultKind::stop ? kStop : fault.step;
    kills.emplace_back(fault.process, step, fault.kind == ProcessFaultKind::kill_after);
  }
  return kills;
}

// A world that notes the kills of each run, and in which some of the runs leave litter.
std::unique_ptr<PlanWorld> noting(std::vector<Kills>& runs, std::function<bool(const Kills&)> litters) {
  return std::make_unique<TamperedWorld>([&runs, litters = std::move(litters)](int) {
    return Tampering{.after = [&runs, litters](PlanWorld& world, const PlanStage& stage) {
      runs.push_back(kills_of(stage.process_faults));
      if (litters(runs.back())) litter(world, stage);
    }};
  });
}

TEST(KillSweep, RunsEachPointOnceAndCountsIt) {
  Plan plan = gets(1);
  plan.process_faults = {ProcessFault{.kind = ProcessFaultKind::stop, .step = 3, .time = std::chrono::milliseconds(1)}};
  const std::uint32_t steps = own_steps_of(plan).at(0);
  std::vector<Kills> runs;
  const KillSweep sweep = sweep_kills(plan, never, noting(runs, [](const Kills&) { return false; }));
  const Kills stop = {{0, kStop, false}};
  std::vector<Kills> expected = {stop, stop};  // first the run that tells how many points there are
  SimRunner runner;
  std::uint64_t all_steps = 0, processes = 0;
  std::vector<std::uint64_t> judged(watched_invariants().size());
  TraceHash hash;
  for (std::uint32_t step = 0; step < steps; ++step) {
    for (const auto kind : {ProcessFaultKind::kill_before, ProcessFaultKind::kill_after}) {
      expected.push_back({stop[0], {0, step, kind == ProcessFaultKind::kill_after}});
      Plan killed = plan;
      killed.process_faults.push_back(ProcessFault{.kind = kind, .step = step, .time = {}});
      const SimOutcome outcome = replay_sim(runner, killed, false).outcome;
      all_steps += outcome.steps;
      processes += outcome.processes;
      hash.add_number(outcome.trace_hash);
      for (std::size_t i = 0; i < judged.size(); ++i) judged[i] += outcome.judged.at(i);
    }
  }
  EXPECT_EQ(runs, expected);
  EXPECT_GT(steps, 30U);
  EXPECT_EQ(sweep.points, 2U * steps);
  EXPECT_EQ(sweep.runs, 2U * steps);
  EXPECT_EQ(sweep.expected, 2U * steps);
  EXPECT_EQ(sweep.met, 2U * steps);
  EXPECT_EQ(sweep.kills_before, steps);
  EXPECT_EQ(sweep.kills_after, steps);
  EXPECT_EQ(sweep.steps, all_steps);
  EXPECT_EQ(sweep.processes, processes);
  EXPECT_EQ(sweep.trace_hash, hash.value());
  EXPECT_EQ(sweep.violations, 0U);
  EXPECT_THAT(sweep.discoveries, SizeIs(0));
  EXPECT_TRUE(sweep.is_complete());
  ASSERT_EQ(sweep.judged.size(), judged.size());
  for (std::size_t i = 0; i < judged.size(); ++i) {
    EXPECT_EQ(sweep.judged.at(std::string(watched_invariants()[i].id)), judged[i]) << i;
  }
  EXPECT_GT(sweep.judged.at("recovery_needs_no_hands"), 0U);
}

TEST(KillSweep, SeesWhatAnyPointBreaks) {
  Plan plan = lists(2);
  plan.schedule.switches = {{1, 9000, 0}};  // never comes up
  const std::vector<std::uint32_t> steps = own_steps_of(plan);
  ASSERT_THAT(steps, SizeIs(2));
  for (const Kills& wanted : {Kills{{0, 0, false}}, Kills{{1, 0, false}}, Kills{{1, steps[1] - 1, true}}}) {
    std::vector<Kills> runs;
    const KillSweep sweep = sweep_kills(plan, never, noting(runs, [&](const Kills& kills) { return kills == wanted; }));
    EXPECT_EQ(sweep.runs, 2U * (steps[0] + steps[1]));
    EXPECT_EQ(sweep.violations, 1U);
    EXPECT_TRUE(sweep.is_complete());
    ASSERT_THAT(sweep.discoveries, SizeIs(1));
    const SimDiscovery& found = sweep.discoveries[0];
    EXPECT_EQ(kills_of(found.plan.process_faults), wanted);
    EXPECT_THAT(found.plan.schedule.switches, SizeIs(0));
    ASSERT_THAT(found.violations, SizeIs(1));
    EXPECT_EQ(found.violations[0].invariant, "nothing_left_over");
    std::vector<Kills> again;
    SimRunner runner(noting(again, [](const Kills&) { return true; }));
    const SimReplay replay = replay_sim(runner, found.plan, true);
    EXPECT_EQ(replay.divergence, "");
    EXPECT_EQ(hash_text(replay.outcome.trace_hash), found.plan.note.trace_hash);
  }
}

TEST(KillSweep, CountsAllViolationsAndKeepsSome) {
  std::vector<Kills> runs;
  const KillSweep sweep = sweep_kills(lists(2), never, noting(runs, [](const Kills&) { return true; }));
  EXPECT_EQ(sweep.violations, sweep.runs);
  ASSERT_THAT(sweep.discoveries, SizeIs(kSimDiscoveriesMax));
  EXPECT_EQ(kills_of(sweep.discoveries.back().plan.process_faults), (Kills{{0, 9, true}}));
}

TEST(KillSweep, EndsWhereItIsInterrupted) {
  std::size_t asked = 0;
  const KillSweep sweep = sweep_kills(gets(1), [&] { return ++asked == 5; });
  EXPECT_TRUE(sweep.interrupted);
  EXPECT_EQ(sweep.runs, 5U);
  EXPECT_EQ(sweep.met, 5U);
  EXPECT_FALSE(sweep.is_complete());
}

// The third run is that of the first point.
TEST(KillSweep, EndsWhereTheWorldLosesControl) {
  const auto lose = [](StageEnd& end) { end.uncontrolled = "a thread"; };
  for (const int run : {1, 2, 7}) {
    const KillSweep sweep =
        sweep_kills(gets(1), never, std::make_unique<TamperedWorld>(tamper_with(run, {.end = lose})));
    EXPECT_EQ(sweep.uncontrolled, "a thread");
    EXPECT_EQ(sweep.runs, run == 7 ? 4U : 0U);
    EXPECT_FALSE(sweep.is_complete());
    EXPECT_FALSE(sweep.interrupted);
  }
}

TEST(KillSweep, IsIncompleteWhereAKillDidNotComeToPass) {
  const auto survive = [](StageEnd& end) { end.ends[0] = ProcessEnd::ended; };
  const KillSweep sweep =
      sweep_kills(gets(1), never, std::make_unique<TamperedWorld>(tamper_with(9, {.end = survive})));
  EXPECT_EQ(sweep.met, sweep.runs - 1);
  EXPECT_EQ(sweep.runs, sweep.points);
  EXPECT_FALSE(sweep.is_complete());
}

TEST(KillSweep, IsCompleteWhereAllRunsWereMetAndNoneIsMissing) {
  const struct {
    std::uint64_t met, runs, expected;
    bool interrupted;
    std::string uncontrolled;
    bool is_complete;
  } cases[] = {
      {5, 5, 5, false, "", true},  {4, 5, 5, false, "", false}, {5, 5, 6, false, "", false},
      {5, 5, 4, false, "", false}, {5, 5, 5, true, "", false},  {5, 5, 5, false, "why", false},
  };
  for (const auto& each : cases) {
    KillSweep sweep;
    sweep.met = each.met, sweep.runs = each.runs, sweep.expected = each.expected;
    sweep.interrupted = each.interrupted, sweep.uncontrolled = each.uncontrolled;
    EXPECT_EQ(sweep.is_complete(), each.is_complete) << each.met << each.runs << each.expected;
  }
}

// Every first point; with each, every point that the process which is alive comes to from then on. Some of them litter,
// and in these the second to be killed is said to have survived.
TEST(KillSweep, RunsEachPairOnceAndSeesWhatItBreaks) {
  const Plan plan = lists(2);
  const std::vector<std::uint32_t> steps = own_steps_of(plan);
  ASSERT_THAT(steps, SizeIs(2));
  const auto is_late = [&](const Kills& kills) {  // so that there is a directory for litter
    return kills.size() == 2 && std::get<1>(kills[0]) + 1 == steps[std::get<0>(kills[0])];
  };
  std::vector<Kills> runs;
  const auto tamper = [&](int) {
    return Tampering{.after =
                         [&](PlanWorld& world, const PlanStage& stage) {
                           runs.push_back(kills_of(stage.process_faults));
                           if (is_late(runs.back())) litter(world, stage);
                         },
                     .end =
                         [&](StageEnd& end) {
                           if (is_late(runs.back())) end.ends[std::get<0>(runs.back()[1])] = ProcessEnd::ended;
                         }};
  };
  const KillSweep sweep = sweep_kill_pairs(plan, never, std::make_unique<TamperedWorld>(tamper));
  std::set<Kills> singles, pairs;
  for (const Kills& kills : runs) {
    EXPECT_TRUE(kills.empty() || (kills.size() == 1 ? singles : pairs).insert(kills).second);
  }
  std::uint64_t expected = 0;
  SimRunner runner;
  for (const Kills& single : singles) {
    const auto& [process, step, is_after] = single.at(0);
    Plan killed = plan;
    killed.process_faults = {
        {is_after ? ProcessFaultKind::kill_after : ProcessFaultKind::kill_before, process, step, {}}};
    const SimOutcome outcome = replay_sim(runner, killed, false).outcome;
    const std::size_t alive = 1 - process;
    const std::uint32_t from = outcome.steps_at_first_kill.at(alive), until = outcome.run.own_steps.at(alive);
    expected += 2 * (until - from);
    for (std::uint32_t at = from; at < until; ++at) {
      EXPECT_TRUE(pairs.contains({single.at(0), {alive, at, false}}));
      EXPECT_TRUE(pairs.contains({single.at(0), {alive, at, true}}));
    }
  }
  EXPECT_EQ(singles.size(), 2U * (steps[0] + steps[1]));
  EXPECT_EQ(pairs.size(), expected);
  EXPECT_EQ(sweep.points, singles.size());
  EXPECT_EQ(sweep.runs, expected);
  EXPECT_EQ(sweep.expected, expected);
  EXPECT_EQ(sweep.kills_before + sweep.kills_after, 2 * expected);
  const auto late = static_cast<std::uint64_t>(std::count_if(pairs.begin(), pairs.end(), is_late));
  EXPECT_GT(late, 0U);
  EXPECT_EQ(sweep.violations, late);
  EXPECT_EQ(sweep.met, expected - late);
  EXPECT_FALSE(sweep.is_complete());
  std::size_t asked = 0;
  const KillSweep interrupted = sweep_kill_pairs(plan, [&] { return ++asked >= 3; });
  EXPECT_EQ(interrupted.runs, 3U);
  EXPECT_FALSE(interrupted.is_complete());
}

}  // namespace
}  // namespace stampede
