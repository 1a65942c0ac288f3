// Scenarios are what their names and descriptions say.
#include "harness/run/scenario.h"

#include <gtest/gtest.h>

#include <set>

namespace stampede {
namespace {

struct Expected {
  std::string name;
  std::size_t processes;
  std::vector<std::uint64_t> model_bytes;
  std::size_t directories = 1;
  std::size_t gets = 1;  // of each process
  bool starts_warm = false, has_own_models = false, has_faults = false;
};

constexpr std::uint64_t kKib = 1024;
constexpr std::uint64_t kMib = 1024 * kKib;

std::vector<Expected> expected_scenarios() {
  return {
      {.name = "warm_hits_2proc", .processes = 2, .model_bytes = {kMib}, .starts_warm = true},
      {.name = "warm_hits_8proc", .processes = 8, .model_bytes = {kMib}, .starts_warm = true},
      {.name = "warm_hits_32proc", .processes = 32, .model_bytes = {kMib}, .starts_warm = true},
      {.name = "warm_hits_128proc", .processes = 128, .model_bytes = {kMib}, .starts_warm = true},
      {.name = "small_concurrent_2proc", .processes = 2, .model_bytes = {64 * kKib}},
      {.name = "medium_concurrent_4proc", .processes = 4, .model_bytes = {kMib}},
      {.name = "large_concurrent_8proc", .processes = 8, .model_bytes = {64 * kMib}},
      {.name = "different_models_8proc",
       .processes = 8,
       .model_bytes = std::vector<std::uint64_t>(8, 4 * kMib),
       .has_own_models = true},
      {.name = "separate_dirs_8proc", .processes = 8, .model_bytes = {4 * kMib}, .directories = 8},
      {.name = "directory_stress_32proc",
       .processes = 32,
       .model_bytes = std::vector<std::uint64_t>(16, 16 * kKib),
       .gets = 16},
      {.name = "mixed_faults_16proc",
       .processes = 16,
       .model_bytes = std::vector<std::uint64_t>(4, 256 * kKib),
       .gets = 4,
       .has_faults = true},
  };
}

TEST(Scenarios, AreWhatTheirNamesSay) {
  const auto scenarios = make_scenarios({}, {});
  const auto names = scenario_names();
  const auto expected = expected_scenarios();
  ASSERT_EQ(scenarios.size(), expected.size());
  ASSERT_EQ(names.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE(expected[i].name);
    EXPECT_EQ(scenarios[i].name, expected[i].name);
    EXPECT_EQ(names[i].first, expected[i].name);
    EXPECT_NE(names[i].second, "");
    std::vector<std::uint64_t> sizes;
    std::set<std::string> model_names;
    for (const Model& model : scenarios[i].models) {
      sizes.push_back(model.bytes->size());
      model_names.insert(model.name);
    }
    EXPECT_EQ(sizes, expected[i].model_bytes);
    EXPECT_EQ(model_names.size(), sizes.size()) << "two models of one name";
    const FreePlan plan = plan_of(scenarios[i], 1);
    EXPECT_EQ(plan.starts_warm, expected[i].starts_warm);
    EXPECT_EQ(plan.directories, expected[i].directories);
    EXPECT_EQ(!plan.faults.faults.empty(), expected[i].has_faults);
    EXPECT_EQ(scenarios[i].fault_share, expected[i].has_faults ? 0.5 : 0);
    EXPECT_EQ(scenarios[i].processes, expected[i].processes);
    ASSERT_EQ(plan.processes.size(), expected[i].processes);
    for (std::size_t process = 0; process < plan.processes.size(); ++process) {
      const auto& gets = plan.processes[process].operations;
      ASSERT_EQ(gets.size(), expected[i].gets);
      EXPECT_EQ(gets[0].directory, expected[i].directories == 1 ? 0 : process);
      if (expected[i].has_own_models) {
        EXPECT_EQ(gets[0].model, process);
      }
    }
  }
}

TEST(Scenarios, TakeTheModelsThatAreGiven) {
  const std::vector<Model> given = {generated_model("a", 10), generated_model("b", 10)};
  for (const Scenario& scenario : make_scenarios({}, given)) {
    const std::size_t count = scenario.name.starts_with("different") || scenario.name.starts_with("directory") ||
                                      scenario.name.starts_with("mixed")
                                  ? 2
                                  : 1;
    ASSERT_EQ(scenario.models.size(), count) << scenario.name;
    EXPECT_EQ(scenario.models[0].name, "a");
  }
  const auto own = make_scenarios({"different"}, given);
  ASSERT_EQ(own.size(), 1U);
  const FreePlan plan = plan_of(own[0], 1);
  ASSERT_EQ(plan.processes.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    ASSERT_EQ(plan.processes[i].operations.size(), 1U);
    EXPECT_EQ(plan.processes[i].operations[0].model, i % 2) << "they make do with what there is";
  }
}

TEST(Scenarios, AreChosenByTheBeginningsOfTheirNames) {
  const std::vector<Model> one = {generated_model("a", 10)};
  const auto names_of = [&](const std::vector<std::string>& chosen) {
    std::vector<std::string> names;
    for (const Scenario& scenario : make_scenarios(chosen, one)) names.push_back(scenario.name);
    return names;
  };
  EXPECT_EQ(names_of({}).size(), scenario_names().size());
  EXPECT_EQ(names_of({"small", "warm_hits_2"}),
            (std::vector<std::string>{"warm_hits_2proc", "small_concurrent_2proc"}));
  EXPECT_TRUE(names_of({"hits"}).empty()) << "the beginning, and no other part";
  EXPECT_TRUE(is_chosen("abc", {}));
  EXPECT_TRUE(is_chosen("abc", {"x", "ab"}));
  EXPECT_FALSE(is_chosen("abc", {"abcd", "bc"}));
}

}  // namespace
}  // namespace stampede
