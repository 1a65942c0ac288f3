// Orders that the shrinker tries: blocks of steps side by side, causes alone, and fewer moves.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "harness/run/made_trials_for_test.h"

namespace stampede {
namespace {

using Lines = std::vector<std::string>;

// Trials whose steps come in blocks: "0011" are two of process 0, then two of process 1. All of them conflict.
std::function<void(const Plan&, Trial&)> in_blocks(const std::string& processes) {
  return [processes](const Plan&, Trial& trial) {
    std::uint32_t next[2] = {0, 0};
    for (const char c : processes) {
      Step step;
      step.kind = StepKind::write;
      step.path = "entries/a";
      step.process = static_cast<std::uint32_t>(c - '0');
      step.own_step = next[step.process]++;
      trial.steps.push_back(step);
    }
  };
}

// Blocks are put beside the one before, from the last on: the later one first, then the earlier.
TEST(ShrinkBlocks, JoinsBlocksOfThreeSwitchesAndMore) {
  Plan plan;
  plan.processes.resize(2);
  plan.schedule.switches = {{0, 12, 1}, {1, 11, 0}, {0, 13, 1}};
  const auto tried_of = [&](const std::string& steps) {
    MadeTrials trials{.holds = [&](const Plan& tried) { return tried != plan; }, .edit = in_blocks(steps)};
    (void)shrink(plan, trials.run());
    return trials.tried;
  };
  const auto line = [](const std::string& switches) { return " | ; " + switches; };
  const Lines expected = {
      line("0.12>1 1.11>0 0.13>1"),
      line("0.2>1 1.1>0 0.3>1"),  // the order of the steps
      "",                         // a process
      " | ",                      // all switches
      line("0.13>1"),             // the first two, the third, single ones
      line("0.12>1 1.11>0"),
      line("1.11>0 0.13>1"),
      line("0.12>1 0.13>1"),
      line("0.2>1 1.3>0"),  // 001110
      line("0.3>1"),        // 000111
      line("0.0>1 1.1>0 0.3>1"),
  };
  EXPECT_EQ(tried_of("001011"), expected);
  plan.schedule.switches.pop_back();
  EXPECT_EQ(tried_of("001011"),
            (Lines{line("0.12>1 1.11>0"), line("0.2>1 1.1>0 0.3>1"), "", " | ", line("1.11>0"), line("0.12>1")}));
}

// First an order of what may have caused the last step, then one of everything.
TEST(ShrinkBlocks, TriesAnOrderOfCausesThenOneOfAllSteps) {
  Plan plan;
  plan.processes.resize(2);
  plan.schedule.switches = {{0, 12, 1}, {1, 11, 0}};
  MadeTrials trials{.holds = [&](const Plan& tried) { return tried != plan; },
                    .edit =
                        [](const Plan& tried, Trial& trial) {
                          in_blocks("010")(tried, trial);
                          trial.steps[1].path = "entries/b";
                        }};
  (void)shrink(plan, trials.run());
  EXPECT_EQ(trials.tried, (Lines{" | ; 0.12>1 1.11>0", " | ", " | ; 0.2>1", "", " | ; 1.11>0", " | ; 0.12>1"}));
}

TEST(ShrinkBlocks, LooksForAnOrderAgainWhereMoreThanThreeSwitchesAreLeft) {
  Plan plan;
  plan.processes.resize(2);
  plan.processes[0].umask = 0;
  plan.schedule.switches = {{0, 12, 1}, {1, 11, 0}, {0, 13, 1}, {1, 13, 0}};
  const auto count_of = [&](const std::string& line) {
    Plan plain = plan;
    plain.processes[0].umask = PlanProcess{}.umask;
    MadeTrials trials{.holds = [&](const Plan& tried) { return tried != plan && tried != plain; },
                      .edit = in_blocks("01")};
    (void)shrink(plan, trials.run());
    return std::count(trials.tried.begin(), trials.tried.end(), line);
  };
  EXPECT_EQ(count_of(" umask 0 | ; 0.1>1"), 1);
  EXPECT_EQ(count_of(" | ; 0.1>1"), 1);
  plan.schedule.switches.pop_back();
  EXPECT_EQ(count_of(" umask 0 | ; 0.1>1"), 1);
  EXPECT_EQ(count_of(" | ; 0.1>1"), 0);
}

}  // namespace
}  // namespace stampede
