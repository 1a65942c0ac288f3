// Tests of the generator: it is total, it draws everything, and it gives the same plans for ever.
#include "harness/plan/plan_generator.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace stampede {
namespace {

constexpr std::uint64_t kSeeds = 20'000;
// Once in a thousand plans, so that a search of some ten thousand meets everything.
constexpr int kDrawnMin = kSeeds / 1000;

Plan plan_of_seed(std::uint64_t seed, const PlanLimits& limits = {}) {
  const auto choices = choices_of_seed(seed);
  return draw_plan(*choices, limits);
}

void expect_valid(const Plan& plan, std::uint64_t seed) {
  const auto checked = check(plan);
  ASSERT_TRUE(checked) << "seed " << seed << ": " << checked.error().message();
}

TEST(PlanGenerator, DrawsTheSimplestPlanFromZeros) {
  const auto zeros = choices_of_bytes({});
  Plan simplest;
  simplest.models = {{"m0", 1024}};
  simplest.processes = {PlanProcess{.operations = {Operation{}}}};
  EXPECT_EQ(draw_plan(*zeros), simplest);
}

// How often each feature comes in the plans of the first seeds.
std::map<std::string, int> count_features() {
  std::map<std::string, int> counts;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Plan plan = plan_of_seed(seed);
    std::set<std::string> seen;
    const auto see = [&](std::string_view what, auto kind) {
      seen.insert(std::string(what) + std::string(name_of(kind)));
    };
    seen.insert("processes " + std::to_string(plan.processes.size()));
    seen.insert("models " + std::to_string(plan.models.size()));
    for (const PlanProcess& process : plan.processes) {
      for (const Operation& operation : process.operations) see("operation ", operation.kind);
      see("verify ", process.verify);
      if (process.only_wait) seen.insert("only_wait");
      if (process.lock_wait != PlanProcess{}.lock_wait) seen.insert("lock_wait");
      if (process.umask != 022) seen.insert("umask");
      if (process.descriptors_max > 0) seen.insert("descriptors_max");
    }
    if (!plan.start.warm.empty()) seen.insert("warm");
    for (const Damage& damage : plan.start.damage) see("damage ", damage.kind);
    if (plan.start.read_only) seen.insert("read_only");
    for (const FaultTurn& turn : plan.network.faults) {
      for (const FaultKind kind : kinds_of(turn)) see("network ", kind);
      if (turn.parts.size() > 1) seen.insert("two parts");
    }
    if (plan.network.repeats) seen.insert("repeats");
    if (plan.network.every > 1) seen.insert("every");
    for (const DiskFault& fault : plan.disk) see("disk " + std::string(name_of(fault.step)) + " ", fault.effect);
    for (const ProcessFault& fault : plan.process_faults) see("process ", fault.kind);
    if (plan.schedule.time_runs_first) seen.insert("time_runs_first");
    for (const std::string& one : seen) ++counts[one];
  }
  return counts;
}

std::set<std::string> features_wanted() {
  std::set<std::string> wanted = {"only_wait",   "lock_wait",           "umask",         "descriptors_max",
                                  "warm",        "read_only",           "two parts",     "repeats",
                                  "every",       "time_runs_first",     "models 3",      "processes 1",
                                  "processes 5", "verify when-changed", "verify always", "verify never"};
  const auto want = [&](std::string_view what, auto kind) {
    wanted.insert(std::string(what) + std::string(name_of(kind)));
  };
  for (std::size_t i = 0; i < kOperationKinds; ++i) want("operation ", static_cast<OperationKind>(i));
  for (std::size_t i = 0; i < kDamageKinds; ++i) want("damage ", static_cast<DamageKind>(i));
  for (std::size_t i = 0; i < kProcessFaultKinds; ++i) want("process ", static_cast<ProcessFaultKind>(i));
  for (const FaultKind kind : all_fault_kinds()) want("network ", kind);
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    const auto step = static_cast<StepKind>(i);
    const std::string what = "disk " + std::string(name_of(step)) + " ";
    if (!errnos_of(step).empty()) want(what, DiskEffect::error);
    if (moves_bytes(step)) want(what, DiskEffect::short_transfer);
    if (step == StepKind::try_lock) want(what, DiskEffect::does_nothing);
  }
  return wanted;
}

TEST(PlanGenerator, DrawsEverythingOftenEnough) {
  const std::map<std::string, int> counts = count_features();
  for (const std::string& wanted : features_wanted()) {
    const auto found = counts.find(wanted);
    EXPECT_GE(found == counts.end() ? 0 : found->second, kDrawnMin) << wanted;
  }
}

TEST(PlanGenerator, DrawsValidPlansFromSeeds) {
  std::uint64_t simple = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Plan plan = plan_of_seed(seed);
    expect_valid(plan, seed);
    if (plan.network.faults.empty() && plan.disk.empty() && plan.process_faults.empty() && plan.start == StartState{}) {
      ++simple;
    }
    ASSERT_EQ(plan_of_seed(seed), plan);
  }
  EXPECT_GT(simple, kSeeds / 4);
  EXPECT_LT(simple, kSeeds / 2);
}

TEST(PlanGenerator, KeepsToItsLimits) {
  const PlanLimits tight{.processes_min = 3,
                         .processes_max = 3,
                         .operations_max = 1,
                         .models_max = 1,
                         .model_bytes_max = 100,
                         .network_faults = false,
                         .disk_faults = false,
                         .process_faults = false,
                         .start_states = false};
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const Plan plan = plan_of_seed(seed, tight);
    expect_valid(plan, seed);
    ASSERT_EQ(plan.processes.size(), 3U);
    for (const PlanProcess& process : plan.processes) ASSERT_EQ(process.operations.size(), 1U);
    ASSERT_EQ(plan.models.size(), 1U);
    ASSERT_LE(plan.models[0].size_bytes, 100U);
    ASSERT_TRUE(plan.network.faults.empty() && plan.disk.empty() && plan.process_faults.empty());
    ASSERT_EQ(plan.start, StartState{});
  }
}

// Bytes that a fuzzer might find: random ones of every length, and runs of one value.
TEST(PlanGenerator, DrawsAValidPlanFromAnyBytes) {
  const auto random = choices_of_seed(17);
  std::set<std::string> lines;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    std::vector<std::byte> bytes(random->below(300));
    const std::uint64_t form = random->below(4);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(form == 0 ? 0xff : form == 1 ? i : random->below(256));
    const auto choices = choices_of_bytes(bytes);
    const Plan plan = draw_plan(*choices);
    expect_valid(plan, i);
    lines.insert(print_line(plan));
  }
  EXPECT_GT(lines.size(), 5000U);
}

// Choices that always take one extreme, or change between two.
class StubbornChoices final : public Choices {
 public:
  explicit StubbornChoices(std::uint64_t form) : form_(form) {}
  std::uint64_t below(std::uint64_t count) override {
    ++taken_;
    if (form_ == 0) return count - 1;
    return taken_ % form_ == 0 ? 0 : count - 1 - (taken_ / 3) % count;
  }

 private:
  std::uint64_t form_;
  std::uint64_t taken_ = 0;
};

TEST(PlanGenerator, DrawsAValidPlanFromStubbornChoices) {
  for (std::uint64_t form = 0; form < 200; ++form) {
    StubbornChoices choices(form);
    expect_valid(draw_plan(choices), form);
  }
}

}  // namespace
}  // namespace stampede
