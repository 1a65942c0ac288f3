// A run puts warm-up, plan and epilogue together, and counts what came up: exactly, in worlds that are made up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cache/key.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/sim_exploration.h"
#include "harness/run/tampered_world_for_test.h"
#include "harness/strategy/default_schedule.h"

namespace stampede {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::SizeIs;

SimOutcome run_in(std::function<Tampering(int run)> tamper, const Plan& plan = three_get_one()) {
  SimRunner runner(std::make_unique<TamperedWorld>(std::move(tamper)));
  DefaultSchedule schedule;
  return runner.run(plan, schedule);
}

// A world in which nothing is run, and the plan's processes do what `acts` says.
SimOutcome made_up(const std::function<void(Observer&, const DiskView&)>& acts, StageEnd end = {}) {
  const std::unique_ptr<PlanWorld> disk = make_sim_plan_world();
  return run_in([&](int) {
    return Tampering{.instead = [&](const PlanStage& stage, Observer& observer) {
      if (stage.stage != StageKind::run) return StageEnd{};
      acts(observer, disk->disk());
      return end;
    }};
  });
}

Step step_of(StepKind kind, StepFault fault, int error) {
  Step step;
  step.kind = kind;
  step.fault = fault;
  step.error = error;
  return step;
}

TEST(RunStages, CountsFaultsByWhatTheyAre) {
  const SimOutcome outcome = made_up([](Observer& observer, const DiskView& disk) {
    const auto tell = [&](int times, StepKind kind, StepFault fault, int error) {
      for (int i = 0; i < times; ++i) observer.on_step(step_of(kind, fault, error), disk);
    };
    tell(2, StepKind::now, StepFault::none, 0);
    tell(3, StepKind::now, StepFault::error, EIO);
    tell(5, StepKind::now, StepFault::short_transfer, 0);
    tell(7, StepKind::random, StepFault::does_nothing, 0);
    tell(11, StepKind::random, StepFault::error, 159);
    tell(13, StepKind::self, StepFault::error, 160);  // no errno of Linux
    tell(17, StepKind::self, StepFault::error, -1);
    tell(19, StepKind::connect, StepFault::none, ECONNREFUSED);
    tell(23, StepKind::connect, StepFault::error, ECONNREFUSED);
    tell(29, StepKind::connect, StepFault::none, ETIMEDOUT);
    tell(31, StepKind::now, StepFault::none, ECONNREFUSED);
  });
  EXPECT_EQ(outcome.steps, 2U + 3 + 5 + 7 + 11 + 13 + 17 + 19 + 23 + 29 + 31);
  std::array<std::uint64_t, kStepKinds> disk{};
  disk[static_cast<std::size_t>(StepKind::now)] = 8;
  disk[static_cast<std::size_t>(StepKind::random)] = 18;
  disk[static_cast<std::size_t>(StepKind::self)] = 30;
  disk[static_cast<std::size_t>(StepKind::connect)] = 23;
  EXPECT_EQ(outcome.disk_faults_met, disk);
  std::array<std::uint64_t, kErrnosCounted> errnos{};
  errnos[EIO] = 3;
  errnos[159] = 11;
  errnos[ECONNREFUSED] = 23;
  EXPECT_EQ(outcome.errnos_met, errnos);
  EXPECT_EQ(outcome.short_transfers_met, 5U);
  EXPECT_EQ(outcome.idle_locks_met, 7U);
  EXPECT_EQ(outcome.refusals_met, 19U) << "what a fault refused is counted as that fault";
}

TEST(RunStages, SayHowFarEachProcessWasAtTheFirstKill) {
  const auto steps = [](const std::vector<int>& acts) {  // a process's step, or its end: 10 + p ended, 20 + p killed
    return made_up([&](Observer& observer, const DiskView& disk) {
      std::vector<std::uint32_t> own(3);
      for (const int act : acts) {
        const auto process = static_cast<std::uint32_t>(act % 10);
        if (act >= 10) {
          observer.on_process_end(process, act >= 20 ? ProcessEnd::killed : ProcessEnd::ended, disk);
          continue;
        }
        Step step = step_of(StepKind::now, StepFault::none, 0);
        step.process = process;
        step.own_step = own[process]++;
        observer.on_step(step, disk);
      }
    });
  };
  EXPECT_THAT(steps({0, 0, 1, 10, 1, 2}).steps_at_first_kill, SizeIs(0));
  EXPECT_THAT(steps({0, 0, 1, 10, 1, 21, 2, 22}).steps_at_first_kill, ElementsAre(2, 2, 0));
  // How they end is in the hash: who, how, and in which order.
  const std::uint64_t ended = steps({0, 1, 10, 11}).trace_hash;
  EXPECT_EQ(steps({0, 1, 10, 11}).trace_hash, ended);
  EXPECT_NE(steps({0, 1, 20, 11}).trace_hash, ended);
  EXPECT_NE(steps({0, 1, 11, 10}).trace_hash, ended);
  EXPECT_NE(steps({0, 1, 10, 12}).trace_hash, ended);
  EXPECT_NE(steps({0, 1, 10}).trace_hash, ended);
}

TEST(RunStages, HashADeadlockOfEachStage) {
  const auto hash_of = [](StageKind deadlocked) {
    Plan plan = three_get_one();
    plan.start.warm = {0};
    return run_in(
               [deadlocked](int) {
                 return Tampering{.instead = [deadlocked](const PlanStage& stage, Observer&) {
                   StageEnd end;
                   end.is_deadlock = stage.stage == deadlocked;
                   return end;
                 }};
               },
               plan)
        .trace_hash;
  };
  const std::uint64_t warm_up = hash_of(StageKind::warm_up), run = hash_of(StageKind::run),
                      epilogue = hash_of(StageKind::epilogue);
  EXPECT_NE(warm_up, run);
  EXPECT_NE(run, epilogue);
  EXPECT_NE(warm_up, epilogue);
}

TEST(RunStages, HashWhatTheServerWasAsked) {
  const auto run = [](int connections) {
    return run_in([connections](int) {
      return Tampering{.peers =
                           [connections](Peers& peers) {
                             for (int i = 1; i <= connections; ++i) {
                               (void)peers.connect(static_cast<ConnectionNumber>(i), 0, {"127.0.0.1", 8080}, {});
                             }
                           },
                       .instead = [](const PlanStage&, Observer&) { return StageEnd{}; }};
    });
  };
  const SimOutcome none = run(0), one = run(1);
  EXPECT_THAT(none.ledger, SizeIs(0));
  EXPECT_THAT(one.ledger, SizeIs(1));
  EXPECT_EQ(one.steps, 0U);
  EXPECT_NE(one.trace_hash, none.trace_hash);
  EXPECT_EQ(run(1).trace_hash, one.trace_hash);
}

TEST(RunStages, AreNotBegunWhereTheWorldCannotBeCleared) {
  const SimOutcome outcome = run_in([](int) { return Tampering{.cannot_be_cleared = true}; });
  EXPECT_THAT(outcome.uncontrolled, testing::HasSubstr("broken"));
  EXPECT_EQ(outcome.steps, 0U);
}

// The stages of a plan as its world sees them, without what is run.
std::vector<std::string> stages_of(const Plan& plan, std::uint64_t processes) {
  std::vector<std::string> stages;
  const auto note = [&](const PlanStage& stage, Observer&) {
    std::string text(name_of(stage.stage));
    for (const PlanProcess& process : stage.processes) {
      text += " |";
      for (const Operation& operation : process.operations) {
        text += " " + std::string(name_of(operation.kind)) + " " + std::to_string(operation.model);
      }
    }
    text += "; " + std::to_string(stage.disk.size()) + " " + std::to_string(stage.process_faults.size()) + " " +
            std::to_string(stage.time_runs_first);
    stages.push_back(text);
    return StageEnd{};
  };
  EXPECT_EQ(run_in([&](int) { return Tampering{.instead = note}; }, plan).processes, processes);
  return stages;
}

TEST(RunStages, AreWarmUpPlanAndEpilogue) {
  Plan plan;
  plan.models = {{"m0", 10}, {"m1", 10}};
  plan.processes.resize(2);
  plan.processes[0].operations = {{OperationKind::get, 1}, {OperationKind::list, 0}};
  plan.processes[1].operations = {{OperationKind::remove, 0}};
  const std::string run = "run | get 1 list 0 | remove 0; ", epilogue = "epilogue | get 0 get 1 get 2; 0 0 0";
  EXPECT_THAT(stages_of(plan, 3), ElementsAre(run + "0 0 0", epilogue));
  plan.start.damage = {{DamageKind::unlisted, 0}};
  EXPECT_THAT(stages_of(plan, 4), ElementsAre("warm_up | recover 0; 0 0 0", run + "0 0 0", epilogue));
  plan.start.warm = {1, 0};
  plan.disk = {DiskFault{.step = StepKind::write, .path = {}, .error = EIO}};
  plan.process_faults.resize(2);
  plan.schedule.time_runs_first = true;
  EXPECT_THAT(stages_of(plan, 4), ElementsAre("warm_up | get 1 get 0; 0 0 0", run + "1 2 1", epilogue));
}

TEST(RunStages, EndWhereTheWorldLosesControl) {
  Plan plan = three_get_one();
  plan.start.warm = {0};
  std::vector<StageKind> stages;
  for (const StageKind lost : {StageKind::warm_up, StageKind::run, StageKind::epilogue}) {
    stages.clear();
    const SimOutcome outcome = run_in(
        [&](int) {
          return Tampering{.instead = [&](const PlanStage& stage, Observer&) {
            stages.push_back(stage.stage);
            StageEnd end;
            if (stage.stage == lost) end.uncontrolled = "a thread";
            return end;
          }};
        },
        plan);
    EXPECT_EQ(outcome.uncontrolled, "a thread");
    EXPECT_EQ(stages.back(), lost);
    EXPECT_EQ(outcome.processes, 5U) << "of all stages, also those that were not begun";
  }
}

TEST(RunStages, CallACrashOfAnyStageAViolation) {
  const SimOutcome outcome = run_in([](int) {
    return Tampering{.instead = [](const PlanStage& stage, Observer&) {
      StageEnd end;
      end.crashes = {std::string(name_of(stage.stage)) + " died"};
      end.why_others_differ = stage.stage == StageKind::run ? "numbers" : "";
      return end;
    }};
  });
  EXPECT_THAT(outcome.crashes, ElementsAre("run died", "epilogue died"));
  EXPECT_EQ(outcome.why_others_differ, "numbers");
  std::vector<std::string> told;
  for (const StepViolation& violation : outcome.violations) {
    if (violation.invariant == "no_process_crashes" && violation.object == "process") told.push_back(violation.what);
  }
  EXPECT_EQ(told, outcome.crashes);
}

// What the directory held changes only where there is something to damage.
TEST(RunStages, CountDamageThatWasDone) {
  const auto met = [](DamageKind kind, bool is_warm, std::uint64_t size_bytes) {
    Plan plan = three_get_one();
    plan.models[0].size_bytes = size_bytes;
    if (is_warm) plan.start.warm = {0};
    plan.start.damage = {{kind, 0}};
    SimRunner runner;
    DefaultSchedule schedule;
    const SimOutcome outcome = runner.run(plan, schedule);
    for (std::size_t i = 0; i < kDamageKinds; ++i) {
      EXPECT_TRUE(i == static_cast<std::size_t>(kind) || outcome.damage_met[i] == 0) << i;
    }
    return outcome.damage_met[static_cast<std::size_t>(kind)];
  };
  for (std::size_t kind = 0; kind < kDamageKinds; ++kind) {
    EXPECT_EQ(met(static_cast<DamageKind>(kind), true, 100), 1U) << kind;
  }
  EXPECT_EQ(met(DamageKind::flip_byte, true, 0), 0U);
  EXPECT_EQ(met(DamageKind::cut, true, 0), 1U);
  for (const DamageKind kind : {DamageKind::flip_byte, DamageKind::cut, DamageKind::emptied}) {
    EXPECT_EQ(met(kind, false, 100), 0U) << name_of(kind);
  }
  EXPECT_EQ(met(DamageKind::dead_temporary, false, 100), 1U) << "recover made the directory";
}

// A byte in the middle, half of the bytes, none: what the first process of the plan finds.
TEST(RunStages, DoTheDamageThatThePlanSays) {
  const Model model = generated_model("m0", 101);
  const std::string entry = "entries/" + modelcache::key_of(model.sha256);
  const auto bytes_after = [&](DamageKind kind, const std::string& path) {
    Plan plan = three_get_one();
    plan.models[0].size_bytes = 101;
    plan.start.warm = {0};
    plan.start.damage = {{kind, 0}};
    Bytes bytes;
    (void)run_in(
        [&](int) {
          return Tampering{.before = [&](PlanWorld& world) {
            world.disk().for_each_name([&](std::string_view name, FileNumber file) {
              if (name.starts_with(path) && name != path + "/") {
                const auto found = world.disk().bytes(file);
                bytes.assign(found.begin(), found.end());
              }
            });
          }};
        },
        plan);
    return bytes;
  };
  Bytes flipped = *model.bytes, half = *model.bytes;
  flipped[50] ^= std::byte{0xff};
  half.resize(50);
  EXPECT_EQ(bytes_after(DamageKind::flip_byte, entry), flipped);
  EXPECT_EQ(bytes_after(DamageKind::cut, entry), half);
  EXPECT_EQ(bytes_after(DamageKind::emptied, entry), Bytes{});
  EXPECT_EQ(bytes_after(DamageKind::unlisted, entry), *model.bytes);
  EXPECT_EQ(bytes_after(DamageKind::unlisted, "manifest.json"), Bytes{});
  EXPECT_THAT(bytes_after(DamageKind::manifest_garbage, "manifest.json"), SizeIs(3));
  EXPECT_EQ(bytes_after(DamageKind::dead_temporary, "tmp/sha256-"), half);
}

TEST(RunStages, AreASecondApartWhereDamageIsDone) {
  for (const bool is_damaged : {false, true}) {
    Plan plan = three_get_one();
    plan.start.warm = {0};
    if (is_damaged) plan.start.damage = {{DamageKind::unlisted, 0}};
    SimRunner runner;
    DefaultSchedule schedule;
    const SimOutcome outcome = runner.run(plan, schedule, {.keeps_steps = true});
    ASSERT_THAT(outcome.trace, testing::Not(SizeIs(0)));
    const Step *last_warm = nullptr, *first_of_run = nullptr;
    for (const Step& step : outcome.trace) {
      if (step.stage == StageKind::warm_up) last_warm = &step;
      if (step.stage == StageKind::run && first_of_run == nullptr) first_of_run = &step;
    }
    ASSERT_TRUE(last_warm != nullptr && first_of_run != nullptr);
    EXPECT_EQ(first_of_run->at - last_warm->at >= std::chrono::seconds(1), is_damaged);
  }
}

// Each stage's connections, operations and their steps; what the epilogue gets, nobody had before.
TEST(RunStages, TellOperationsAndConnectionsApart) {
  Plan plan;
  plan.models = {{"m0", 10}, {"m1", 10}, {"for-the-epilogue", 10}};
  plan.start.warm = {0};
  plan.processes.resize(2);
  plan.processes[0].operations = {{OperationKind::get, 0}, {OperationKind::get, 1}};
  plan.processes[1].operations = {{OperationKind::get, 1}};
  SimRunner runner;
  DefaultSchedule schedule;
  const SimOutcome outcome = runner.run(plan, schedule, {.keeps_steps = true});
  EXPECT_THAT(outcome.violations, SizeIs(0));
  EXPECT_EQ(outcome.run_ledger_begin, 1U);
  EXPECT_EQ(outcome.run_ledger_end, 2U);
  std::vector<std::string> targets, operations;
  for (const LedgerEntry& entry : outcome.ledger) targets.push_back(entry.target);
  EXPECT_THAT(targets, ElementsAre("/m0", "/m1", "/for-the-epilogue", "/for-the-epilogue%2B"));
  for (const OperationOutcome& each : outcome.operations) {
    operations.push_back(std::string(name_of(each.stage)) + " " + std::to_string(each.process) + "." +
                         std::to_string(each.index) + " get " + std::to_string(each.operation.model));
  }
  EXPECT_THAT(operations,
              ElementsAre("warm_up 0.0 get 0", "run 0.0 get 0", "run 0.1 get 1", "run 1.0 get 1", "epilogue 0.0 get 0",
                          "epilogue 0.1 get 1", "epilogue 0.2 get 2", "epilogue 0.3 get 3"));
  ASSERT_THAT(outcome.run.own_steps, SizeIs(2));
  EXPECT_EQ(outcome.operations[1].first_step, 0U);
  EXPECT_EQ(outcome.operations[2].first_step, outcome.operations[1].end_step);
  EXPECT_LT(outcome.operations[1].end_step, outcome.operations[2].end_step);
  EXPECT_LE(outcome.operations[2].end_step, outcome.run.own_steps[0]);
  EXPECT_EQ(outcome.operations[3].first_step, 0U);
  const auto file = [&](const std::string& name, std::uint64_t size) {
    const Model model = generated_model(name, size);
    return testing::AllOf(
        testing::StartsWith("entries/" + modelcache::key_of(model.sha256) + ": file "),
        testing::EndsWith(" mode 644 links 1 size " + std::to_string(size) + " " + model.sha256.hex()));
  };
  EXPECT_THAT(outcome.files, Contains(file("m0", 10)));
  EXPECT_THAT(outcome.files, Contains(file("m1", 10)));
  EXPECT_THAT(outcome.files, Contains(file("for-the-epilogue+", 100)));
  EXPECT_THAT(outcome.files, Contains(testing::StartsWith("manifest.json: file ")));
}

}  // namespace
}  // namespace stampede
