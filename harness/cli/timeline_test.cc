// The timeline shows who moved, what went wrong and what was violated, within its width.
#include "harness/cli/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "harness/run/sim_benchmark.h"
#include "harness/strategy/random_walk.h"

namespace stampede {
namespace {

Plan four_processes() {
  Plan plan = three_get_one();
  plan.processes.push_back(plan.processes.front());
  return plan;
}

std::size_t longest_line(const std::string& text) {
  std::istringstream in(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(in, line);) longest = std::max(longest, line.size());
  return longest;
}

TEST(Timeline, ShowsFourProcessesIn160Columns) {
  SimRunner runner;
  RandomWalk walk(1);
  const Plan plan = four_processes();
  const SimOutcome& outcome = runner.run(plan, walk, SimRunOptions{.keeps_steps = true});
  const std::string text = draw_timeline(plan, outcome, {});
  EXPECT_LE(longest_line(text), 160U) << text;
  for (const char* const part : {"process 0", "process 3", "server", "E0 ", "> ", "= get m0: done", "= get m0: hit",
                                 "accepts c1", "sends 1024 B on c1", "preemptions; trace "}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "no colours unless asked for";
  EXPECT_NE(draw_timeline(plan, outcome, {.has_colours = true}).find('\x1b'), std::string::npos);
}

TEST(Timeline, ShowsFaultsAndKills) {
  SimRunner runner;
  RandomWalk walk(1);
  Plan plan = four_processes();
  plan.network.faults = {parse_turn("close_in_body:100").value()};
  plan.disk = {DiskFault{.step = StepKind::sync_directory, .process = 0, .path = "", .nth = 1, .error = EIO}};
  plan.process_faults = {ProcessFault{.kind = ProcessFaultKind::kill_before, .process = 1, .step = 7}};
  const SimOutcome& outcome = runner.run(plan, walk, SimRunOptions{.keeps_steps = true});
  const std::string text = draw_timeline(plan, outcome, {});
  EXPECT_NE(text.find("close_in_body:100"), std::string::npos) << text;
  EXPECT_NE(text.find("! sync_dir"), std::string::npos) << text;
  EXPECT_NE(text.find("x killed"), std::string::npos) << text;
  EXPECT_NE(text.find("EIO"), std::string::npos) << text;
}

TEST(Timeline, ShowsAViolationBelowItsStep) {
  SimRunner runner;
  RandomWalk walk(1);
  const Plan plan = four_processes();
  SimOutcome outcome = runner.run(plan, walk, SimRunOptions{.keeps_steps = true});
  StepViolation violation{.invariant = "one_download", .object = "m0", .what = "two bodies", .step = 20, .process = 2};
  outcome.violations = {violation};
  const std::string text =
      draw_timeline(plan, outcome, {.shows_private = true, .shows_epilogue = true, .shows_warm_up = true});
  const std::size_t at = text.find("VIOLATED one_download: two bodies");
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_LT(text.find("\n   20 "), at);
  EXPECT_GT(text.find("\n   21 "), at);
}

}  // namespace
}  // namespace stampede
