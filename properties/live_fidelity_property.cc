// The claim that the simulator's runs happen: real processes on real files follow a drawn plan in the same steps, with
// the same results and the same verdict.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "harness/live/live_skip_for_test.h"
#include "harness/run/found_plan.h"
#include "harness/run/live_job.h"
#include "harness/run/world_comparison.h"
#include "harness/strategy/replay.h"
#include "properties/claim.h"
#include "properties/rapidcheck_choices.h"
#include "properties/scheduled_plans.h"

namespace stampede {
namespace {

// Equal traces are promised for bodies up to this.
constexpr std::uint64_t kModelBytesMax = 16 * 1024;

// In both worlds, with the plan's switches.
struct Comparison {
  SimRunner sim;
  SimRunner live;
  std::uint64_t controlled = 0, uncontrolled = 0, steps = 0;

  explicit Comparison(std::unique_ptr<PlanWorld> world) : live(std::move(world)) {}

  // Empty where both runs are the same, and where the live world lost control, which is counted.
  std::string difference(const Plan& plan) {
    Replay sim_replay(plan.schedule, Replay::Mode::lenient), live_replay(plan.schedule, Replay::Mode::lenient);
    const SimOutcome& expected = sim.run(plan, sim_replay, {.keeps_steps = true});
    const SimOutcome& got = live.run(plan, live_replay, {.keeps_steps = true});
    if (!got.uncontrolled.empty()) {
      if (uncontrolled++ == 0) std::printf("uncontrolled: %s\n", got.uncontrolled.c_str());
      return "";
    }
    ++controlled;
    steps += got.steps;
    return first_difference("sim", expected, "live", got);
  }
};

TEST(LiveFidelity, DrawnPlansRunLiveAsTheyAreSimulated) {
  auto world = make_live_plan_world({"/proc/self/exe", "live-zygote"});
  if (!world) GTEST_SKIP() << "not applicable: no live world here: " << not_live_here(world.error().message());
  Comparison comparison(std::move(*world));
  EXPECT_TRUE(rc::check("drawn plans run live as they are simulated", [&] {
    const Plan plan = *scheduled_plans({.model_bytes_max = kModelBytesMax}, comparison.sim);
    const std::string difference = comparison.difference(plan);
    if (difference.empty()) return;
    const FoundPlan found{plan, "the worlds differ"};
    RC_FAIL(report_found(found, folder_of_failures(), "live-fidelity") + "with --world both:\n" + difference);
  }));
  std::printf("live-fidelity: %ju plans compared, %ju steps, %ju uncontrolled\n", std::uintmax_t{comparison.controlled},
              std::uintmax_t{comparison.steps}, std::uintmax_t{comparison.uncontrolled});
  EXPECT_GT(comparison.controlled, 0U) << "no plan was compared";
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "live-zygote") {
    return stampede::run_subject_zygote(stampede::built_in_subject());
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
