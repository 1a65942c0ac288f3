// What the built-in client returns of each operation, and that each option of its process reaches the cache.
#include "harness/run/cache_client.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "cache/key.h"
#include "harness/run/sim_run.h"
#include "harness/strategy/default_schedule.h"

namespace stampede {
namespace {

using Lines = std::vector<std::string>;
using std::chrono::milliseconds;

std::string words(modelcache::LockUse lock) {
  switch (lock) {
    case modelcache::LockUse::none:
      return "none";
    case modelcache::LockUse::held:
      return "held";
    case modelcache::LockUse::gave_up:
      return "gave_up";
    case modelcache::LockUse::unavailable:
      return "unavailable";
  }
  return "?";
}

// "get0: miss, 1 attempt(s), lock held, entries/..." of each operation of that process.
Lines outcomes_of(const Plan& plan, std::uint32_t process = 0) {
  SimRunner runner;
  DefaultSchedule schedule;
  const SimOutcome& outcome = runner.run(plan, schedule, {.keeps_steps = true});
  Lines lines;
  for (const OperationOutcome& each : outcome.operations) {
    if (each.stage != StageKind::run || each.process != process) continue;
    std::string line = std::string(name_of(each.operation.kind)) + std::to_string(each.operation.model) + ":";
    if (each.error) {
      line += " " + std::string(modelcache::name_of(*each.error));
      EXPECT_NE(each.message, "");
    } else {
      EXPECT_EQ(each.message, "");
    }
    if (!each.path.empty()) {
      line += std::string(each.claims_hit ? " hit" : " miss") + ", " + std::to_string(each.claimed_attempts) +
              " attempts, lock " + words(each.lock) + ", " + each.path;
    }
    for (const modelcache::Entry& entry : each.entries) line += " " + std::to_string(entry.size_bytes);
    for (const modelcache::VerifyReport& report : each.reports) {
      line += std::string(report.state == modelcache::EntryState::good ? " good" : " bad") +
              (report.removed ? " removed" : "");
    }
    if (each.recovery) line += " recovered";
    lines.push_back(line);
  }
  return lines;
}

Plan plan_of(std::vector<Operation> operations) {
  Plan plan;
  plan.models = {{"m0", 100}, {"m1", 200}};
  plan.processes.resize(1);
  plan.processes[0].operations = std::move(operations);
  return plan;
}

std::string entry_of(const PlanModel& model) {
  return "entries/" + modelcache::key_of(generated_model(model.name, model.size_bytes).sha256);
}

TEST(CacheClient, ReturnsWhatTheCacheSaysOfEachOperation) {
  const Plan plan = plan_of({{OperationKind::find, 0},
                             {OperationKind::get, 0},
                             {OperationKind::get, 0},
                             {OperationKind::get, 1},
                             {OperationKind::find, 1},
                             {OperationKind::list, 0},
                             {OperationKind::verify, 0},
                             {OperationKind::repair, 0},
                             {OperationKind::remove, 1},
                             {OperationKind::find, 1},
                             {OperationKind::remove, 1},
                             {OperationKind::list, 0},
                             {OperationKind::recover, 0}});
  const std::string m0 = entry_of(plan.models[0]), m1 = entry_of(plan.models[1]);
  EXPECT_EQ(
      outcomes_of(plan),
      (Lines{"find0: not_found", "get0: miss, 1 attempts, lock held, " + m0, "get0: hit, 0 attempts, lock none, " + m0,
             "get1: miss, 1 attempts, lock held, " + m1, "find1: hit, 0 attempts, lock none, " + m1, "list0: 200 100",
             "verify0: good good", "repair0: good good", "remove1:", "find1: not_found", "remove1: not_found",
             "list0: 100", "recover0: recovered"}));
}

TEST(CacheClient, GetsByUrlWithoutADigest) {
  const Lines lines = outcomes_of(plan_of({{OperationKind::get_by_url, 1}, {OperationKind::get_by_url, 1}}));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].substr(0, lines[0].find("url-")), "get_by_url1: miss, 1 attempts, lock held, entries/");
  EXPECT_EQ(lines[1].substr(0, lines[1].find("url-")), "get_by_url1: hit, 0 attempts, lock none, entries/");
}

TEST(CacheClient, CountsAttempts) {
  Plan plan = plan_of({{OperationKind::get, 0}});
  plan.network.faults = {*parse_turn("status:503"), *parse_turn("close_in_body:5")};
  EXPECT_EQ(outcomes_of(plan), Lines{"get0: miss, 3 attempts, lock held, " + entry_of(plan.models[0])});
}

TEST(CacheClient, RemovesWhatIsCorruptOnlyToRepair) {
  Plan plan = plan_of({{OperationKind::verify, 0}, {OperationKind::repair, 0}, {OperationKind::verify, 0}});
  plan.start = {.warm = {0}, .damage = {{DamageKind::flip_byte, 0}}};
  EXPECT_EQ(outcomes_of(plan), (Lines{"verify0: bad", "repair0: bad removed", "verify0:"}));
}

TEST(CacheClient, VerifiesAsItsProcessSays) {
  Plan plan = plan_of({{OperationKind::get, 0}});
  plan.start = {.warm = {0}, .damage = {{DamageKind::flip_byte, 0}}};
  const std::string entry = entry_of(plan.models[0]);
  for (const auto& [policy, line] : {std::pair(modelcache::VerifyPolicy::when_changed, "miss, 1 attempts, lock held, "),
                                     std::pair(modelcache::VerifyPolicy::always, "miss, 1 attempts, lock held, "),
                                     std::pair(modelcache::VerifyPolicy::never, "hit, 0 attempts, lock none, ")}) {
    plan.processes[0].verify = policy;
    EXPECT_EQ(outcomes_of(plan), Lines{"get0: " + std::string(line) + entry});
  }
}

// Process 0 holds the lock while its body stalls for a second.
TEST(CacheClient, WaitsForALockAsItsProcessSays) {
  Plan plan = plan_of({{OperationKind::get, 0}});
  plan.processes.push_back(plan.processes[0]);
  plan.network.faults = {*parse_turn("stall_in_body:10:for=1000ms")};
  const std::string entry = entry_of(plan.models[0]);
  EXPECT_EQ(outcomes_of(plan, 0), Lines{"get0: miss, 1 attempts, lock held, " + entry});
  EXPECT_EQ(outcomes_of(plan, 1), Lines{"get0: hit, 0 attempts, lock held, " + entry});
  plan.processes[1].lock_wait = milliseconds(20);
  EXPECT_EQ(outcomes_of(plan, 1), Lines{"get0: miss, 1 attempts, lock gave_up, " + entry});
  plan.processes[1].only_wait = true;
  EXPECT_EQ(outcomes_of(plan, 1), Lines{"get0: lock_timeout"});
}

TEST(CacheClient, IdlesOnceBeforeItsFirstOperation) {
  const auto steps_of = [](std::uint32_t idle_steps) {
    Plan plan = plan_of({{OperationKind::list, 0}, {OperationKind::list, 0}});
    plan.processes[0].idle_steps = idle_steps;
    SimRunner runner;
    DefaultSchedule schedule;
    std::vector<StepKind> kinds;
    for (const Step& step : runner.run(plan, schedule, {.keeps_steps = true}).trace) {
      if (step.stage == StageKind::run) kinds.push_back(step.kind);
    }
    return kinds;
  };
  std::vector<StepKind> expected(7, StepKind::now);
  const std::vector<StepKind> none = steps_of(0);
  expected.insert(expected.end(), none.begin(), none.end());
  EXPECT_EQ(steps_of(7), expected);
}

TEST(CacheClient, TriesAgainToOpenADirectoryThatDidNotOpen) {
  Plan plan = plan_of({{OperationKind::list, 0}, {OperationKind::get, 0}, {OperationKind::list, 0}});
  plan.disk = {DiskFault{.step = StepKind::make_directory, .path = "", .error = ENOSPC}};
  EXPECT_EQ(outcomes_of(plan),
            (Lines{"list0: no_space", "get0: miss, 1 attempts, lock held, " + entry_of(plan.models[0]), "list0: 100"}));
}

TEST(BuiltInSubject, NamesNoBuildAndNoCode) {
  const SubjectPlugin& subject = built_in_subject();
  EXPECT_EQ(subject.version, kSubjectPluginVersion);
  EXPECT_STREQ(subject.stamp, "");
  EXPECT_EQ(subject.code, nullptr);
  EXPECT_EQ(subject.code_count, 0U);
  ASSERT_NE(subject.make_client, nullptr);
  ASSERT_NE(subject.warm_up, nullptr);
  subject.warm_up();
}

}  // namespace
}  // namespace stampede
