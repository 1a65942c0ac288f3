// Runs a claim's plans, and writes the smallest one that breaks it.
#include "properties/claim.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "harness/free/posix_scratch_directory.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_exploration.h"
#include "harness/run/sim_run.h"
#include "harness/run/trace.h"
#include "harness/strategy/random_walk.h"
#include "properties/rapidcheck_choices.h"

namespace stampede {
namespace {

// In a directory of this test's own that stays, since it is made for failures alone.
std::string file_of(const Claim& claim) {
  static const std::string directory = [] {
    auto made = PosixScratchDirectory::make();
    return made ? made->keep() : std::string(".");
  }();
  return fmt::format("{}/{}.json", directory, claim.name);
}

bool concerns(const Claim& claim, const StepViolation& violation) {
  const auto names = [&](const std::vector<std::string_view>& list) {
    return std::find(list.begin(), list.end(), violation.invariant) != list.end();
  };
  return claim.invariants.empty() || names(claim.invariants) || names(claim.rare);
}

// Each smaller plan that still fails takes the place of the one before.
std::string four_lines(const Claim& claim, Plan plan, const std::string& what, const std::string& expect) {
  plan.note.why = what;
  plan.note.found_by = fmt::format("property {}", claim.name);
  plan.note.expect = expect;
  const std::string file = file_of(claim);
  std::ofstream(file) << print_plan(plan);
  return fmt::format("violated: {}\nplan:     {}\nreplay:   stampede replay {}\nfile:     {}", what, print_line(plan),
                     file, file);
}

// Empty where the claim holds for the plan.
std::string failure_of(const Claim& claim, SimRunner& runner, Plan plan, std::uint64_t strategy_seed,
                       std::map<std::string, std::uint64_t>& judged) {
  RandomWalk walk(strategy_seed);
  const SimOutcome& outcome = runner.run(plan, walk);
  for (std::size_t i = 0; i < outcome.judged.size(); ++i) {
    judged[std::string(watched_invariants()[i].id)] += outcome.judged[i];
  }
  const std::uint64_t hash = outcome.trace_hash;
  plan.schedule.switches = outcome.run.switches;
  for (const StepViolation& violation : outcome.violations) {
    if (concerns(claim, violation)) {
      return four_lines(claim, plan, violation.invariant + ": " + violation.what, violation.invariant);
    }
  }
  const SimReplay again = replay_sim(runner, plan, true);
  if (!again.divergence.empty()) return four_lines(claim, plan, "determinism: " + again.divergence, "holds");
  if (again.outcome.trace_hash != hash) return four_lines(claim, plan, "determinism: two runs differ", "holds");
  return "";
}

}  // namespace

void check_claim(const Claim& claim) {
  SimRunner runner;
  std::map<std::string, std::uint64_t> judged;
  std::uint64_t plan_count = 0;
  const bool held = rc::check(std::string(claim.name), [&] {
    const Plan plan = *plans(claim.limits);
    const auto strategy_seed = *rc::gen::arbitrary<std::uint64_t>();
    ++plan_count;
    const std::string failure = failure_of(claim, runner, plan, strategy_seed, judged);
    if (!failure.empty()) RC_FAIL(failure);
  });
  EXPECT_TRUE(held);
  for (const std::string_view invariant : claim.invariants) {
    EXPECT_GT(judged[std::string(invariant)], 0U) << invariant << " was never judged in " << plan_count << " plans";
  }
}

}  // namespace stampede
