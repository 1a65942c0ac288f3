// Every schedule and every pair of kills of small plans. Slow where sanitizers look at each step, and of no use to
// them.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "harness/run/kill_sweep.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/sim_exploration.h"
#include "harness/run/sim_exploration_for_test.h"
#include "harness/run/trace.h"
#include "harness/strategy/bounded_exhaustive.h"
#include "harness/strategy/shared_step.h"

namespace stampede {
namespace {

// What each process saw: its steps on files, locks and connections with their results, whatever others did between.
std::set<std::string> behaviours(const Plan& plan, const BoundedExhaustive::Options& bounds, std::uint64_t& schedules) {
  SimRunner runner;
  BoundedExhaustive strategy(bounds);
  std::set<std::string> seen;
  do {
    const SimOutcome& outcome = runner.run(plan, strategy, {.keeps_steps = true});
    std::vector<TraceHash> own(plan.processes.size());
    for (const Step& step : outcome.trace) {
      if (step.stage != StageKind::run || (!is_shared(step) && step.kind != StepKind::read)) continue;
      TraceHash& hash = own[step.process];
      hash.add_number(static_cast<std::uint64_t>(step.kind));
      for (const char c : step.path) hash.add_number(static_cast<unsigned char>(c));
      hash.add_number(static_cast<std::uint64_t>(step.error));
      hash.add_number(step.result);
      hash.add_number(step.names.size());
      hash.add_number(step.stat ? step.stat->links * 1000 + step.stat->size_bytes : 0);
    }
    std::string text;
    for (const TraceHash& hash : own) text += hash_text(hash.value()) + " ";
    for (const StepViolation& violation : outcome.violations) text += violation.invariant + " ";
    seen.insert(text);
  } while (strategy.next());
  EXPECT_EQ(strategy.divergence(), "");
  schedules = strategy.schedules();
  return seen;
}

// The certificate of a reduced search is that of the whole one: on the real cache, whatever a process can see within
// the bound, it sees.
TEST(SimExploration, LosesNoBehaviourOfTheCacheWhereItIsReduced) {
  Plan two = three_get_one();
  two.processes.resize(2);
  Plan mixed = two;
  mixed.start.warm = {0};
  mixed.processes[1].operations = {{OperationKind::remove, 0}, {OperationKind::list, 0}};
  const std::pair<Plan, std::uint32_t> cases[] = {{two, 2}, {mixed, 1}, {three_get_one(), 1}};
  for (const auto& [plan, preemptions] : cases) {
    std::uint64_t all = 0, few = 0;
    const auto expected = behaviours(plan, {.preemptions_max = preemptions}, all);
    const auto got =
        behaviours(plan, {.preemptions_max = preemptions, .only_shared_steps = true, .sleep_sets = true}, few);
    EXPECT_EQ(got, expected) << print_line(plan) << ", " << preemptions << " preemptions";
    EXPECT_GE(expected.size(), 10U);
    EXPECT_LT(few, all) << print_line(plan);
  }
}

TEST(KillSweep, SeesEveryPairOfTwoProcesses) {
  Plan plan = three_get_one();
  plan.processes.resize(2);
  const KillSweep sweep = sweep_kill_pairs(plan, [] { return false; });
  expect_no_discovery(sweep.discoveries);
  EXPECT_TRUE(sweep.is_complete());
  EXPECT_GT(sweep.runs, sweep.points);
  EXPECT_EQ(sweep.met, sweep.runs);
  EXPECT_EQ(sweep.expected, sweep.runs);
  EXPECT_EQ(sweep.kills_before + sweep.kills_after, 2 * sweep.runs);
}

}  // namespace
}  // namespace stampede
