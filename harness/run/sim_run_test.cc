// Runs of the simulated world: the cache's own code, judged at every step, the same way each time.
#include "harness/run/sim_run.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/run/sim_benchmark.h"
#include "harness/run/sim_exploration.h"
#include "harness/strategy/default_schedule.h"
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

std::uint64_t judged(const SimOutcome& outcome, std::string_view id) {
  for (std::size_t i = 0; i < watched_invariants().size(); ++i) {
    if (watched_invariants()[i].id == id) return outcome.judged.at(i);
  }
  ADD_FAILURE() << "no invariant " << id;
  return 0;
}

void expect_no_violation(const SimOutcome& outcome) {
  for (const StepViolation& violation : outcome.violations) {
    ADD_FAILURE() << violation.invariant << " at step " << violation.step << ": " << violation.what;
  }
}

const OperationOutcome* operation_of(const SimOutcome& outcome, std::uint32_t process) {
  for (const OperationOutcome& operation : outcome.operations) {
    if (operation.stage == StageKind::run && operation.process == process) return &operation;
  }
  return nullptr;
}

TEST(SimRun, LetsThreeProcessesShareOneDownload) {
  SimRunner runner;
  DefaultSchedule schedule;
  const SimOutcome& outcome = runner.run(three_get_one(), schedule);
  expect_no_violation(outcome);
  std::uint64_t run_steps = 0;
  for (const std::uint32_t steps : outcome.run.own_steps) run_steps += steps;
  EXPECT_GE(run_steps, 100U);
  EXPECT_EQ(outcome.run.steps, run_steps);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const OperationOutcome* const get = operation_of(outcome, i);
    ASSERT_NE(get, nullptr);
    EXPECT_TRUE(get->succeeded()) << get->message;
    EXPECT_EQ(get->claims_hit, i != 0);
  }
  const auto full = std::count_if(outcome.ledger.begin(), outcome.ledger.end(),
                                  [](const LedgerEntry& entry) { return entry.full_body_sent; });
  EXPECT_EQ(full, 2) << "one of the run, and the epilogue's own model";
  for (const char* const id : {"bytes_are_what_was_asked", "visible_means_complete", "one_download"}) {
    EXPECT_GT(judged(outcome, id), 0U) << id;
  }
}

// Empty models all have the same bytes. The entry is both models', and the second get makes no request.
TEST(SimRun, LetsModelsWithTheSameBytesShareAnEntry) {
  Plan plan;
  plan.models = {{"m0", 0}, {"m1", 0}};
  plan.processes = {PlanProcess{.operations = {{OperationKind::get, 0}, {OperationKind::get, 1}}}};
  SimRunner runner;
  DefaultSchedule schedule;
  const SimOutcome& outcome = runner.run(plan, schedule);
  expect_no_violation(outcome);
  EXPECT_EQ(outcome.run_ledger_end - outcome.run_ledger_begin, 1U);
}

TEST(SimRun, GivesEachWalkATraceOfItsOwnAndTheSameOneTwice) {
  SimRunner runner, another;
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    RandomWalk first(seed), second(seed);
    hashes.push_back(runner.run(three_get_one(), first).trace_hash);
    EXPECT_EQ(another.run(three_get_one(), second).trace_hash, hashes.back()) << seed;
  }
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::unique(hashes.begin(), hashes.end()), hashes.end());
}

TEST(SimRun, FollowsTheSwitchesOfAWalk) {
  SimRunner runner;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Plan plan = three_get_one();
    RandomWalk walk(seed);
    const SimOutcome& outcome = runner.run(plan, walk);
    const std::uint64_t hash = outcome.trace_hash;
    plan.schedule.switches = outcome.run.switches;
    EXPECT_FALSE(plan.schedule.switches.empty());
    const SimReplay replay = replay_sim(runner, plan, true);
    EXPECT_EQ(replay.divergence, "");
    EXPECT_EQ(replay.outcome.trace_hash, hash);
    EXPECT_EQ(replay.outcome.run.switches, plan.schedule.switches);
  }
}

TEST(SimRun, SaysWhereAStrictReplayParts) {
  SimRunner runner;
  Plan plan = three_get_one();
  plan.schedule.switches = {Switch{0, 100'000, 1}};
  EXPECT_NE(replay_sim(runner, plan, true).divergence.find("process 0"), std::string::npos);
  const SimReplay lenient = replay_sim(runner, plan, false);
  EXPECT_EQ(lenient.divergence, "");
  EXPECT_EQ(lenient.unused_switches, 1U);
}

TEST(SimRun, KeepsEachStepWhenAsked) {
  SimRunner runner;
  DefaultSchedule schedule;
  EXPECT_TRUE(runner.run(three_get_one(), schedule).trace.empty());
  const SimOutcome& outcome = runner.run(three_get_one(), schedule, SimRunOptions{.keeps_steps = true});
  EXPECT_EQ(outcome.trace.size(), outcome.steps);
}

TEST(SimRun, LetsAnotherProcessDownloadWhenTheFirstIsKilled) {
  SimRunner runner;
  DefaultSchedule schedule;
  Plan plan = three_get_one();
  plan.process_faults = {ProcessFault{.kind = ProcessFaultKind::kill_before, .process = 0, .step = 40}};
  const SimOutcome& outcome = runner.run(plan, schedule);
  expect_no_violation(outcome);
  EXPECT_EQ(outcome.run.ends, (std::vector<ProcessEnd>{ProcessEnd::killed, ProcessEnd::ended, ProcessEnd::ended}));
  ASSERT_EQ(outcome.run.own_steps.size(), 3U);
  EXPECT_EQ(outcome.run.own_steps[0], 40U);
  EXPECT_EQ(outcome.steps_at_first_kill, (std::vector<std::uint32_t>{40, 0, 0}));
  EXPECT_EQ(outcome.process_faults_met[static_cast<std::size_t>(ProcessFaultKind::kill_before)], 1U);
  EXPECT_EQ(operation_of(outcome, 0), nullptr) << "what a dead process returns says nothing";
  ASSERT_NE(operation_of(outcome, 1), nullptr);
  EXPECT_TRUE(operation_of(outcome, 1)->succeeded());
  EXPECT_FALSE(operation_of(outcome, 1)->claims_hit);
}

TEST(SimRun, TakesIdleStepsBeforeTheFirstOperation) {
  SimRunner runner;
  DefaultSchedule schedule;
  Plan plan = three_get_one();
  plan.processes[1].operations.push_back({OperationKind::get, 0});
  const std::vector<std::uint32_t> usual = runner.run(plan, schedule).run.own_steps;
  ASSERT_EQ(usual.size(), 3U);
  plan.processes[1].idle_steps = 60;
  const SimOutcome& outcome = runner.run(plan, schedule, {.keeps_steps = true});
  expect_no_violation(outcome);
  EXPECT_EQ(outcome.run.own_steps, (std::vector<std::uint32_t>{usual[0], usual[1] + 60, usual[2]}));
  std::uint32_t idle = 0;
  for (const Step& step : outcome.trace) {
    if (step.stage != StageKind::run || step.process != 1 || step.own_step >= 60) continue;
    EXPECT_EQ(step.kind, StepKind::now);
    ++idle;
  }
  EXPECT_EQ(idle, 60U);
  ASSERT_NE(operation_of(outcome, 1), nullptr);
  EXPECT_EQ(operation_of(outcome, 1)->first_step, 60U);
}

TEST(SimRun, LimitsTheDescriptorsOfAProcess) {
  SimRunner runner;
  DefaultSchedule schedule;
  Plan plan = three_get_one();
  plan.processes[0].descriptors_max = 2;
  const SimOutcome outcome = runner.run(plan, schedule);
  ASSERT_NE(operation_of(outcome, 0), nullptr);
  EXPECT_EQ(operation_of(outcome, 0)->error, modelcache::ErrorCode::exhausted);
  ASSERT_NE(operation_of(outcome, 1), nullptr);
  EXPECT_TRUE(operation_of(outcome, 1)->succeeded());
}

TEST(SimRun, ReportsAFaultAndSurvivesIt) {
  SimRunner runner;
  DefaultSchedule schedule;
  Plan plan = three_get_one();
  plan.disk = {DiskFault{.step = StepKind::write, .process = 0, .path = "tmp/", .error = ENOSPC}};
  const SimOutcome& outcome = runner.run(plan, schedule);
  expect_no_violation(outcome);
  EXPECT_EQ(outcome.disk_faults_met[static_cast<std::size_t>(StepKind::write)], 1U);
  ASSERT_NE(operation_of(outcome, 0), nullptr);
  EXPECT_EQ(operation_of(outcome, 0)->error, modelcache::ErrorCode::no_space);
  EXPECT_EQ(outcome.errnos_met[ENOSPC], 1U);
  ASSERT_NE(operation_of(outcome, 1), nullptr);
  EXPECT_TRUE(operation_of(outcome, 1)->succeeded());
}

TEST(SimRun, HealsEachKindOfDamage) {
  SimRunner runner;
  DefaultSchedule schedule;
  for (std::size_t kind = 0; kind < kDamageKinds; ++kind) {
    Plan plan = three_get_one();
    plan.start.warm = {0};
    plan.start.damage = {Damage{static_cast<DamageKind>(kind), 0}};
    const SimOutcome& outcome = runner.run(plan, schedule);
    SCOPED_TRACE(name_of(static_cast<DamageKind>(kind)));
    expect_no_violation(outcome);
    ASSERT_NE(operation_of(outcome, 0), nullptr);
    EXPECT_TRUE(operation_of(outcome, 0)->succeeded());
    const bool harms_entry = kind <= static_cast<std::size_t>(DamageKind::emptied);
    EXPECT_EQ(operation_of(outcome, 0)->claims_hit, !harms_entry) << "the damage must be there to be healed";
  }
}

TEST(SimRun, ServesHitsFromAReadOnlyDisk) {
  SimRunner runner;
  DefaultSchedule schedule;
  Plan plan = three_get_one();
  plan.models.push_back({"m1", 10});
  plan.start = StartState{.warm = {0}, .damage = {}, .read_only = true};
  plan.processes[1].operations = {Operation{OperationKind::get, 1}};
  const SimOutcome& outcome = runner.run(plan, schedule);
  expect_no_violation(outcome);
  ASSERT_NE(operation_of(outcome, 0), nullptr);
  EXPECT_TRUE(operation_of(outcome, 0)->succeeded());
  EXPECT_TRUE(operation_of(outcome, 0)->claims_hit);
  ASSERT_NE(operation_of(outcome, 1), nullptr);
  EXPECT_EQ(operation_of(outcome, 1)->error, modelcache::ErrorCode::read_only);
}

TEST(SimRun, PerformsEveryKindOfOperation) {
  SimRunner runner;
  DefaultSchedule schedule;
  Plan plan = three_get_one();
  plan.processes.resize(1);
  plan.processes[0].operations.clear();
  for (std::size_t kind = 0; kind < kOperationKinds; ++kind) {
    plan.processes[0].operations.push_back(Operation{static_cast<OperationKind>(kind), 0});
  }
  const SimOutcome& outcome = runner.run(plan, schedule);
  expect_no_violation(outcome);
  std::size_t done = 0;
  for (const OperationOutcome& operation : outcome.operations) {
    if (operation.stage != StageKind::run) continue;
    EXPECT_TRUE(operation.succeeded()) << name_of(operation.operation.kind) << ": " << operation.message;
    EXPECT_GT(operation.end_step, operation.first_step) << name_of(operation.operation.kind);
    ++done;
  }
  EXPECT_EQ(done, kOperationKinds);
}

}  // namespace
}  // namespace stampede
