// The pauses between attempts use all of bounds that double: what no single run can show, since they are random.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "harness/run/sim_run.h"
#include "harness/strategy/default_schedule.h"

namespace stampede {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t kProcesses = 16, kOperations = 8;

// Every request fails, in a way that may pass: each get makes all of its attempts.
Plan plan_of_failures() {
  Plan plan;
  plan.network.faults = {parse_turn("status:503").value()};
  plan.network.repeats = true;
  for (std::size_t i = 0; i < kProcesses; ++i) {
    plan.models.push_back({"m" + std::to_string(i), 100});
    PlanProcess process;
    process.operations.assign(kOperations, Operation{OperationKind::get, i});
    plan.processes.push_back(process);
  }
  return plan;
}

TEST(Backoff, IsAnyTimeUpToABoundThatDoubles) {
  const modelcache::RetryPolicy policy;
  SimRunner runner;
  DefaultSchedule schedule;
  const Plan plan = plan_of_failures();
  const SimOutcome& outcome = runner.run(plan, schedule, {.keeps_steps = true});
  for (const StepViolation& violation : outcome.violations) ADD_FAILURE() << violation.what;

  const std::size_t pauses_of_a_get = policy.attempts_max - 1;
  std::vector<std::vector<nanoseconds>> pauses(pauses_of_a_get);
  std::vector<nanoseconds> last_at(kProcesses);
  std::vector<std::size_t> counts(kProcesses);
  for (const Step& step : outcome.trace) {
    if (step.stage != StageKind::run) continue;
    if (step.kind == StepKind::sleep_until) {
      pauses[counts[step.process]++ % pauses_of_a_get].push_back(step.until - last_at[step.process]);
    }
    last_at[step.process] = step.at;
  }
  milliseconds bound = policy.backoff_first;
  for (const auto& of_attempt : pauses) {
    ASSERT_EQ(of_attempt.size(), kProcesses * kOperations);
    const auto [least, most] = std::minmax_element(of_attempt.begin(), of_attempt.end());
    EXPECT_LE(*most, bound);
    EXPECT_GT(*most, bound * 9 / 10);
    EXPECT_LT(*least, bound / 10);
    bound *= 2;
  }
}

}  // namespace
}  // namespace stampede
