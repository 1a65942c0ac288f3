// What a trial notes of a failing run, at each of its steps; whose violation it is; and what a proof counts.
#include "harness/run/shrink_trial.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/run/plan_shorthand_for_test.h"
#include "harness/run/shrink_for_test.h"
#include "harness/run/shrink_proof.h"
#include "harness/run/tampered_world_for_test.h"

namespace stampede {
namespace {

StepViolation violation_of(std::string invariant, std::string object, StageKind stage = StageKind::run) {
  StepViolation violation;
  violation.invariant = std::move(invariant);
  violation.object = std::move(object);
  violation.stage = stage;
  return violation;
}

TEST(ShrinkSignature, IsInvariantObjectAndStage) {
  EXPECT_EQ(signature_of(violation_of("a", "m0", StageKind::epilogue)), (Signature{"a", "m0", StageKind::epilogue}));
  EXPECT_EQ(signature_of(violation_of("a", "process 3")), (Signature{"a", "a process", StageKind::run}));
  EXPECT_EQ(signature_of(violation_of("a", "the process 3")), (Signature{"a", "the process 3", StageKind::run}));
  SimOutcome outcome;
  outcome.violations = {violation_of("b", "m0"), violation_of("a", "m1"), violation_of("a", "m0", StageKind::epilogue),
                        violation_of("a", "m0"), violation_of("a", "m0")};
  for (std::size_t i = 0; i < outcome.violations.size(); ++i) outcome.violations[i].step = i;
  const auto found = find_signature({"a", "m0", StageKind::run})(outcome);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->step, 3U) << "the first one";
  EXPECT_FALSE(find_signature({"c", "m0", StageKind::run})(outcome));
}

// Two processes with an operation or two, a warm model before them, and switches in their midst.
Plan two_with_a_start() {
  Plan plan;
  plan.models = {{"m0", 100}, {"m1", 100}};
  plan.processes.resize(2);
  plan.processes[0].operations = {{OperationKind::get, 0}, {OperationKind::list, 0}};
  plan.processes[1].operations = {{OperationKind::get, 1}, {OperationKind::find, 0}};
  plan.processes[1].idle_steps = 3;
  plan.start.warm = {0};
  plan.schedule.switches = {{0, 4, 1}, {1, 6, 0}, {0, 9, 1}};
  return plan;
}

// The violation is planted at every step of a run in turn.
TEST(ShrinkTrial, NotesWhatHadHappenedByEachStep) {
  SimRunner runner;
  for (const bool is_killed : {false, true}) {
    Plan plan = two_with_a_start();
    if (is_killed) plan.process_faults = {{ProcessFaultKind::kill_after, 1, 20, {}}};
    const SimReplay whole = replay_sim(runner, plan, false, {.keeps_steps = true});
    std::vector<Step> steps;  // of the plan's processes, so far
    std::vector<std::uint32_t> taken(2, 0);
    std::uint64_t number = 0;
    for (const Step& step : whole.outcome.trace) {
      ++number;
      if (step.stage == StageKind::epilogue) break;
      if (step.stage == StageKind::run) {
        steps.push_back(step);
        taken[step.process] = step.own_step + 1;
      }
      if (steps.empty()) continue;
      SCOPED_TRACE(number);
      const Trial trial = trial_with(runner, [&](const SimOutcome&) { return planted("here", number); })(plan);
      ASSERT_TRUE(trial.violation);
      EXPECT_EQ(trial.trace_hash, whole.outcome.trace_hash);
      EXPECT_EQ(trial.steps_taken, taken);
      ASSERT_EQ(trial.steps.size(), steps.size());
      EXPECT_EQ(trial.steps.back().process, step.process);
      EXPECT_EQ(trial.steps.back().own_step, step.own_step);
      EXPECT_EQ(trial.all_switches, whole.outcome.run.switches);
      std::vector<Switch> moves;
      std::uint32_t last = 0, last_step = 0;
      for (const Step& each : steps) {
        if (each.process != last) moves.push_back({last, last_step, each.process});
        last = each.process;
        last_step = each.own_step + 1;
      }
      EXPECT_EQ(shorthand(trial.moves), shorthand(moves));
      std::vector<Switch> switches;
      for (const Switch& each : plan.schedule.switches) {
        if (std::find(moves.begin(), moves.end(), each) != moves.end()) switches.push_back(each);
      }
      EXPECT_EQ(shorthand(trial.switches), shorthand(switches));
      std::vector<std::uint32_t> begun(2, 0);
      for (std::uint32_t p = 0; p < 2; ++p) {
        if (taken[p] == 0) continue;
        begun[p] = 1;
        for (const OperationOutcome& operation : whole.outcome.operations) {
          if (operation.stage == StageKind::run && operation.process == p && operation.index == 0) {
            begun[p] = taken[p] >= operation.end_step ? 2 : 1;  // between two steps it goes on
          }
        }
      }
      EXPECT_EQ(trial.operations_begun, begun);
      EXPECT_EQ(trial.killed, is_killed ? std::vector<std::uint32_t>{1} : std::vector<std::uint32_t>{});
    }
    EXPECT_GT(number, 60U);
  }
}

TEST(ShrinkTrial, SeesTheWholeRunWhereTheViolationHasNoStep) {
  SimRunner runner;
  const Plan plan = two_with_a_start();
  const SimReplay whole = replay_sim(runner, plan, false, {.keeps_steps = true});
  const Trial trial = trial_with(runner, [](const SimOutcome&) { return planted("somewhere", 0); })(plan);
  const auto is_of_run = [](const Step& step) { return step.stage == StageKind::run; };
  EXPECT_EQ(static_cast<std::ptrdiff_t>(trial.steps.size()),
            std::count_if(whole.outcome.trace.begin(), whole.outcome.trace.end(), is_of_run));
  EXPECT_EQ(shorthand(trial.switches), shorthand(plan.schedule.switches));
}

// What a process does to open the cache is no part of its first operation; idle steps neither.
TEST(ShrinkTrial, TellsWhichStepsGoWithAnOperation) {
  SimRunner runner;
  const Plan plan = two_with_a_start();
  const Trial trial = trial_with(runner, [](const SimOutcome&) { return planted("late", 100'000); })(plan);
  const SimReplay whole = replay_sim(runner, plan, false, {.keeps_steps = true});
  ASSERT_EQ(trial.ranges.size(), 2U);
  std::size_t seen = 0;
  for (const OperationOutcome& operation : whole.outcome.operations) {
    if (operation.stage != StageKind::run) continue;
    ASSERT_EQ(trial.ranges[operation.process].size(), 2U);
    const StepRange& range = trial.ranges[operation.process][operation.index];
    EXPECT_EQ(range.end, operation.end_step);
    EXPECT_EQ(range.first_actor, 0U);
    EXPECT_EQ(range.end_actor, 0U);
    ++seen;
    if (operation.index > 0) {
      EXPECT_EQ(range.first, operation.first_step);
      continue;
    }
    std::string last_of_opening, first_of_operation;
    for (const Step& step : trial.steps) {
      if (step.process != operation.process) continue;
      if (step.own_step + 1 == range.first) last_of_opening = std::string(name_of(step.kind)) + " " + step.path;
      if (step.own_step == range.first) first_of_operation = std::string(name_of(step.kind)) + " " + step.path;
    }
    EXPECT_EQ(last_of_opening, "open locks");
    EXPECT_EQ(first_of_operation, "now ");
  }
  EXPECT_EQ(seen, 4U);
}

// Of commands: actors are born for one operation after the other, and opening is no business of the laboratory's.
TEST(ShrinkTrial, TellsWhichActorsGoWithAnOperationOfACommand) {
  std::vector<std::uint32_t> born = {1, 1};
  SimRunner runner(std::make_unique<TamperedWorld>([&](int) {
    return Tampering{.operation = [&](OperationOutcome& outcome) {
      born[outcome.process] += 2 + outcome.process;
      outcome.actors = born[outcome.process];
    }};
  }));
  Plan plan = two_with_a_start();
  plan.subject = "some_command";
  std::vector<OperationOutcome> operations;
  const Trial trial = trial_with(runner, [&](const SimOutcome& outcome) {
    operations = outcome.operations;
    return planted("late", 100'000);
  })(plan);
  const std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> actors = {{{1, 3}, {3, 5}}, {{1, 4}, {4, 7}}};
  ASSERT_EQ(trial.ranges.size(), 2U);
  std::size_t seen = 0;
  for (const OperationOutcome& operation : operations) {
    if (operation.stage != StageKind::run) continue;
    ASSERT_EQ(trial.ranges[operation.process].size(), 2U);
    const StepRange& range = trial.ranges[operation.process][operation.index];
    EXPECT_EQ(std::pair(range.first_actor, range.end_actor), actors[operation.process][operation.index]);
    EXPECT_EQ(range.first, operation.first_step);
    EXPECT_EQ(range.end, operation.end_step);
    ++seen;
  }
  EXPECT_EQ(seen, 4U);
}

TEST(ShrinkTrial, HasNothingButItsReasonWhereControlWasLost) {
  SimRunner runner(std::make_unique<TamperedWorld>(
      [](int) { return Tampering{.end = [](StageEnd& end) { end.uncontrolled = "a thread ran"; }}; }));
  const Trial trial = trial_with(runner, [](const SimOutcome&) { return planted("here", 1); })(two_with_a_start());
  EXPECT_EQ(trial.uncontrolled, "a thread ran");
  EXPECT_FALSE(trial.violation);
  EXPECT_TRUE(trial.steps.empty());
}

Plan two_that_idle() {
  Plan plan;
  plan.processes.resize(2);
  for (PlanProcess& process : plan.processes) {
    process.operations = {{OperationKind::list, 0}};
    process.idle_steps = 2;
  }
  return plan;
}

// What is planted is that there are three moves from process to process.
std::optional<StepViolation> find_three_moves(const SimOutcome& outcome) {
  std::size_t moves = 0;
  std::uint32_t last = 0;
  for (const Step& step : outcome.trace) {
    if (step.stage != StageKind::run) continue;
    moves += step.process != last ? 1 : 0;
    last = step.process;
  }
  return moves > 2 ? std::optional(planted("moved three times", 0)) : std::nullopt;
}

TEST(ShrinkProof, CountsTheSchedulesThatItRuns) {
  SimRunner runner;
  Plan plan = two_that_idle();
  EXPECT_EQ(prove_fewest_switches(runner, plan, find_three_moves).schedules, 0U);
  plan.schedule.switches = {{0, 4, 1}, {1, 4, 0}};
  ASSERT_TRUE(trial_with(runner, find_three_moves)(plan).violation);
  const Proof proof = prove_fewest_switches(runner, plan, find_three_moves);
  EXPECT_EQ(proof.verdict, Proof::Verdict::proven);
  EXPECT_FALSE(proof.plan);
  EXPECT_EQ(proof.why, "");
  EXPECT_GT(proof.schedules, 4U);
  const Proof enough = prove_fewest_switches(runner, plan, find_three_moves, {.schedules_max = proof.schedules});
  EXPECT_EQ(enough.verdict, Proof::Verdict::proven);
  EXPECT_EQ(enough.schedules, proof.schedules);
  const Proof fewer = prove_fewest_switches(runner, plan, find_three_moves, {.schedules_max = proof.schedules - 1});
  EXPECT_EQ(fewer.verdict, Proof::Verdict::bound);
  EXPECT_EQ(fewer.schedules, proof.schedules - 1);
  int asked = 0;
  const Proof stopped =
      prove_fewest_switches(runner, plan, find_three_moves, {.is_interrupted = [&] { return ++asked > 3; }});
  EXPECT_EQ(stopped.verdict, Proof::Verdict::interrupted);
  EXPECT_EQ(stopped.schedules, 3U);
  // Of a command every step may be shared.
  plan.subject = "some_command";
  const Proof all = prove_fewest_switches(runner, plan, find_three_moves);
  EXPECT_EQ(all.verdict, Proof::Verdict::proven);
  EXPECT_GT(all.schedules, proof.schedules);
}

TEST(ShrinkProof, CannotBeMadeWhereAWorldLosesControlOrDoesNotRepeatItself) {
  Plan plan = two_that_idle();
  plan.schedule.switches = {{0, 4, 1}, {1, 4, 0}};
  SimRunner losing(std::make_unique<TamperedWorld>([](int run) {
    return Tampering{.end = [run](StageEnd& end) { end.uncontrolled = run == 3 ? "a thread ran" : ""; }};
  }));
  const Proof lost = prove_fewest_switches(losing, plan, find_three_moves);
  EXPECT_EQ(lost.verdict, Proof::Verdict::cannot);
  EXPECT_EQ(lost.why, "a thread ran");
  EXPECT_EQ(lost.schedules, 2U) << "the first run is a trial";
  SimRunner changing(
      std::make_unique<TamperedWorld>([](int run) { return Tampering{.processes_max = run < 4 ? SIZE_MAX : 1U}; }));
  const Proof changed = prove_fewest_switches(changing, plan, find_three_moves);
  EXPECT_EQ(changed.verdict, Proof::Verdict::cannot);
  EXPECT_NE(changed.why.find("got the end of the run"), std::string::npos) << changed.why;
  EXPECT_EQ(changed.schedules, 3U);
}

}  // namespace
}  // namespace stampede
