// A bound is the sum of every download that a run must make, and none where one of them could not be measured.
#include "harness/run/bounds.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

using std::chrono::milliseconds;

Scenario two_models() {
  Scenario scenario;
  scenario.processes = 3;
  scenario.models = {generated_model("a", 10), generated_model("b", 200)};
  return scenario;
}

// A byte takes 1 ms to copy and 2 ms to hash.
std::optional<BareTimes> by_size(const Model& model) {
  const auto size = static_cast<int>(model.bytes->size());
  return BareTimes{.copy = milliseconds(size), .hash = milliseconds(2 * size)};
}

TEST(Bounds, AddEveryDownloadUp) {
  Scenario scenario = two_models();
  Bounds shared;
  measure_downloads(scenario, by_size, shared);
  EXPECT_DOUBLE_EQ(shared.copy.value_or(-1), 0.210);
  EXPECT_DOUBLE_EQ(shared.hash.value_or(-1), 0.420);
  EXPECT_EQ(shared.start, std::nullopt);
  scenario.has_own_directories = true;
  Bounds separate;
  measure_downloads(scenario, by_size, separate);
  EXPECT_DOUBLE_EQ(separate.copy.value_or(-1), 0.630) << "a download for each of three directories";
  EXPECT_DOUBLE_EQ(separate.hash.value_or(-1), 1.260);
}

TEST(Bounds, AreNotThereWhereADownloadCouldNotBeMeasured) {
  Bounds bounds;
  measure_downloads(
      two_models(), [](const Model& model) { return model.name == "b" ? std::optional<BareTimes>() : by_size(model); },
      bounds);
  EXPECT_EQ(bounds.copy, std::nullopt);
  EXPECT_EQ(bounds.hash, std::nullopt);
}

TEST(Bounds, AreMeasuredAsTheScenarioIs) {
  FreeOptions executed;
  executed.program = "/bin/true";
  const Bounds cold = measure_bounds(two_models(), executed);
  EXPECT_GT(cold.start.value_or(0), 0);
  EXPECT_GT(cold.copy.value_or(0), 0);
  EXPECT_GT(cold.hash.value_or(0), 0);
  executed.program = "/bin/false";
  EXPECT_EQ(measure_bounds(two_models(), executed).start, std::nullopt) << "none ended well";
  Scenario warm = two_models();
  warm.starts_warm = true;
  const Bounds nothing = measure_bounds(warm, executed);
  EXPECT_EQ(nothing.copy, std::nullopt);
  EXPECT_EQ(nothing.hash, std::nullopt);
  Scenario lies = two_models();
  lies.models.back().sha256 = {};
  EXPECT_EQ(measure_bounds(lies, executed).copy, std::nullopt) << "other bytes passed for the right ones";
}

}  // namespace
}  // namespace stampede
