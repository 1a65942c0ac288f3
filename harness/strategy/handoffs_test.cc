// Tests of what counts as a handoff.
#include "harness/strategy/handoffs.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "harness/strategy/default_schedule.h"
#include "harness/strategy/toy_world.h"

namespace stampede {
namespace {

// The handoffs of a run in which each process takes its steps, one process after the other.
std::vector<std::size_t> handoffs_of(const std::vector<std::vector<PendingStep>>& steps) {
  ToyWorld world;
  for (const auto& each : steps) world.steps.push_back(static_cast<std::uint32_t>(each.size()));
  world.pending = [&](std::uint32_t process, std::uint32_t step) { return steps[process][step]; };
  std::vector<std::size_t> numbers;
  DefaultSchedule one_after_the_other;
  HandoffWatch watch(one_after_the_other, [&](std::size_t number) { numbers.push_back(number); });
  world.run(watch);
  return numbers;
}

PendingStep step(StepKind kind, std::string path, std::string to_path = {}) {
  return PendingStep{.kind = kind, .path = std::move(path), .to_path = std::move(to_path)};
}

TEST(Handoffs, TellOfTwoProcessesAtOneObject) {
  EXPECT_EQ(handoffs_of({{step(StepKind::try_lock, "locks/a.lock")}, {step(StepKind::try_lock, "locks/a.lock")}}),
            (std::vector<std::size_t>{handoff_number(ObjectRole::entry_lock, StepKind::try_lock, StepKind::try_lock)}));
}

TEST(Handoffs, SeeBothNamesOfARename) {
  EXPECT_EQ(handoffs_of({{step(StepKind::rename, "tmp/x", "entries/a")}, {step(StepKind::open, "entries/a")}}),
            (std::vector<std::size_t>{handoff_number(ObjectRole::entry, StepKind::rename, StepKind::open)}));
}

TEST(Handoffs, IgnoreOneProcessOtherObjectsAndPrivateSteps) {
  EXPECT_TRUE(handoffs_of({{step(StepKind::open, "entries/a"), step(StepKind::read, "entries/a")},
                           {step(StepKind::open, "entries/b"), step(StepKind::now, "")}})
                  .empty());
  EXPECT_TRUE(handoffs_of({{step(StepKind::write, "tmp/x")}, {step(StepKind::write, "tmp/x")}}).empty());
}

TEST(Handoffs, LookAtTheLastTouchOnly) {
  EXPECT_EQ(handoffs_of({{step(StepKind::open, "entries/a"), step(StepKind::unlink, "entries/a")},
                         {step(StepKind::open, "entries/a"), step(StepKind::read, "entries/a")}}),
            (std::vector<std::size_t>{handoff_number(ObjectRole::entry, StepKind::unlink, StepKind::open)}));
}

TEST(Handoffs, CountConnects) {
  EXPECT_EQ(handoffs_of({{step(StepKind::connect, "")}, {step(StepKind::connect, "")}}),
            (std::vector<std::size_t>{handoff_number(ObjectRole::other, StepKind::connect, StepKind::connect)}));
}

// Every run begins without memory of the one before.
TEST(Handoffs, ForgetTheRunBefore) {
  const ToyWorld world{.steps = {1}};
  std::size_t count = 0;
  DefaultSchedule one_after_the_other;
  HandoffWatch watch(one_after_the_other, [&](std::size_t) { ++count; });
  world.run(watch);
  ToyWorld other{.steps = {0, 1}};
  other.run(watch);
  EXPECT_EQ(count, 0U);
}

TEST(Handoffs, HaveANumberEach) {
  std::set<std::size_t> numbers;
  for (std::size_t role = 0; role < kObjectRoles; ++role) {
    for (std::size_t before = 0; before < kStepKinds; ++before) {
      for (std::size_t after = 0; after < kStepKinds; ++after) {
        numbers.insert(
            handoff_number(static_cast<ObjectRole>(role), static_cast<StepKind>(before), static_cast<StepKind>(after)));
      }
    }
  }
  EXPECT_EQ(numbers.size(), kHandoffs);
  EXPECT_EQ(*numbers.rbegin(), kHandoffs - 1);
}

TEST(Handoffs, KnowTheCachesLayout) {
  EXPECT_EQ(role_of("entries/sha256-00"), ObjectRole::entry);
  EXPECT_EQ(role_of("locks/sha256-00.lock"), ObjectRole::entry_lock);
  EXPECT_EQ(role_of("locks/manifest.lock"), ObjectRole::manifest_lock);
  EXPECT_EQ(role_of("manifest.json"), ObjectRole::manifest);
  EXPECT_EQ(role_of("manifest.json.bad"), ObjectRole::other);
  EXPECT_EQ(role_of("tmp/a.tmp"), ObjectRole::temporary);
  EXPECT_EQ(role_of("entries"), ObjectRole::folder);
  EXPECT_EQ(role_of(""), ObjectRole::folder);
}

}  // namespace
}  // namespace stampede
