// The live world and the simulated one take the same steps, with the same results, for the same plan.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/plan/plan_generator.h"
#include "harness/run/two_worlds_for_test.h"
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

// Where files cost nothing, if there is such a place.
std::string scratch_template() {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code error;
  const bool is_there = std::filesystem::is_directory(memory, error);
  return (is_there ? memory : std::filesystem::temp_directory_path()).string() + "/stampede-live-XXXXXX";
}

class LiveSim : public testing::Test {
 protected:
  LiveSim() : directory_(scratch_template()) {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
    auto world = LiveWorld::start({.zygote = {"/proc/self/exe", "live-zygote"}, .directory = directory_});
    if (world) {
      world_ = std::move(*world);
      live_ = std::make_unique<TracedLive>(*world_);
    } else {
      why_not_ = world.error().message();
    }
  }
  ~LiveSim() override {
    live_.reset();
    world_.reset();
    std::filesystem::remove_all(directory_);
  }
  void SetUp() override {
    if (!world_) GTEST_SKIP() << "no live world here: " << why_not_;
  }

  // Empty where both took the same steps.
  std::string difference(const Plan& plan, std::uint64_t seed) {
    std::vector<Model> models;
    for (const PlanModel& model : plan.models) models.push_back(generated_model(model.name, model.size_bytes));
    models.push_back(generated_model("for-the-epilogue", 100));
    RandomWalk sim_walk(seed), live_walk(seed);
    sim_.run(plan, models, sim_walk);
    live_->run(plan, models, live_walk);
    if (!live_->trouble.empty()) return "uncontrolled: " + live_->trouble;
    return first_difference(sim_.lines, live_->lines);
  }

  std::string directory_, why_not_;
  std::unique_ptr<LiveWorld> world_;
  TracedSim sim_;
  std::unique_ptr<TracedLive> live_;
};

Plan gets(std::size_t processes, std::uint64_t size_bytes) {
  Plan plan;
  plan.models = {{"m0", size_bytes}};
  plan.processes.resize(processes);
  for (PlanProcess& process : plan.processes) process.operations = {{OperationKind::get, 0}};
  return plan;
}

TEST_F(LiveSim, TakesTheSameStepsForOneGet) {
  EXPECT_EQ(difference(gets(1, 1024), 0), "");
  EXPECT_GT(live_->steps, 100U);
}

TEST_F(LiveSim, TakesTheSameStepsForThreeGetsInAnyOrder) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) EXPECT_EQ(difference(gets(3, 16 * 1024), seed), "");
}

TEST_F(LiveSim, TakesTheSameStepsForDrawnPlans) {
  const char* const asked = std::getenv("STAMPEDE_LIVE_PLANS");
  const std::uint64_t plans = asked != nullptr ? std::stoull(asked) : 100;
  const char* const first = std::getenv("STAMPEDE_LIVE_FIRST");
  const std::uint64_t begin = first != nullptr ? std::stoull(first) : 0;
  std::size_t different = 0;
  for (std::uint64_t seed = begin; seed < begin + plans; ++seed) {
    const auto choices = choices_of_seed(seed);
    const Plan plan = draw_plan(*choices, {.model_bytes_max = 16 * 1024});
    const std::string found = difference(plan, seed);
    EXPECT_EQ(found, "") << "seed " << seed << ": " << print_line(plan);
    if (!found.empty() && ++different >= 5) break;
  }
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "live-zygote") {
    return stampede::run_live_zygote(stampede::warm_up_live_jobs, stampede::perform_live_job);
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
