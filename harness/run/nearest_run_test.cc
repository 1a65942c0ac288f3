// The nearest run that passes, counted to the last run, and the pair of steps that decides.
#include <gtest/gtest.h>

#include "harness/run/explanation.h"
#include "harness/run/shrink_for_test.h"
#include "harness/run/tampered_world_for_test.h"

namespace stampede {
namespace {

using Change = Explanation::Change;

// Two processes that look at the clock so often before they list the cache, and a switch in the midst of that.
Plan two_that_wait(std::uint32_t idle_steps = 300) {
  Plan plan;
  plan.models = {{"m0", 100}};
  plan.processes.resize(2);
  for (PlanProcess& process : plan.processes) {
    process.operations = {{OperationKind::list, 0}};
    process.idle_steps = idle_steps;
  }
  plan.schedule.switches = {{0, 5, 1}};
  return plan;
}

// How many steps process 0 had taken when process 1 took its first; the number of that step among all.
std::pair<std::uint32_t, std::uint64_t> first_of_process_1(const SimOutcome& outcome) {
  std::uint32_t taken = 0;
  std::uint64_t number = 0;
  for (const Step& step : outcome.trace) {
    ++number;
    if (step.stage == StageKind::run && step.process == 0) taken = step.own_step + 1;
    if (step.stage == StageKind::run && step.process == 1) return {taken, number};
  }
  return {taken, 0};
}

FindViolation when_first_is(const std::function<bool(std::uint32_t)>& is_bad, bool has_step = true) {
  return [is_bad, has_step](const SimOutcome& outcome) -> std::optional<StepViolation> {
    const auto [taken, number] = first_of_process_1(outcome);
    return is_bad(taken) ? std::optional(planted("early", has_step ? number : 0)) : std::nullopt;
  };
}

TEST(NearestRun, IsTheOneWhoseSwitchWasMovedLeast) {
  SimRunner runner;
  Plan plan = two_that_wait();
  plan.start.warm = {0};
  const Explanation later = explain(runner, plan, when_first_is([](auto taken) { return taken < 8; }));
  EXPECT_EQ(later.change, Change::switch_moved);
  EXPECT_EQ(later.changed_switch, 0U);
  EXPECT_EQ(later.moved_by, 3);
  EXPECT_EQ(later.runs, 6U);  // itself, then 1, -1, 2, -2, 3
  ASSERT_TRUE(later.passing);
  EXPECT_EQ(later.passing->plan.schedule.switches, (std::vector<Switch>{{0, 8, 1}}));
  EXPECT_FALSE(later.passing->violation);
  ASSERT_TRUE(later.failing.violation);
  EXPECT_EQ(later.failing.violation->what, "early");
  EXPECT_EQ(later.failing.plan, plan);
  ASSERT_EQ(later.failing.steps.size(), 6U) << "five of process 0, and the one after which it was seen";
  EXPECT_EQ(later.failing.steps.back().process, 1U);
  EXPECT_GT(later.passing->steps.size(), 600U);
  EXPECT_EQ(later.passing->steps.at(7).process, 0U);
  EXPECT_EQ(later.passing->steps.at(8).process, 1U);
  // No conflict tells: what does is the step that the switch was moved over.
  ASSERT_TRUE(later.pair);
  EXPECT_EQ(later.pair->first, 5U);
  EXPECT_FALSE(later.pair->second);
  EXPECT_EQ(later.pair->second_passing, 7U);
  EXPECT_EQ(later.pair->first_passing, 8U);

  const Explanation earlier = explain(runner, plan, when_first_is([](auto taken) { return taken >= 3; }));
  EXPECT_EQ(earlier.change, Change::switch_moved);
  EXPECT_EQ(earlier.moved_by, -3);
  EXPECT_EQ(earlier.runs, 7U);
  const Explanation first = explain(runner, plan, when_first_is([](auto taken) { return taken >= 1; }));
  EXPECT_EQ(first.moved_by, -5);
  EXPECT_EQ(first.runs, 11U);
}

TEST(NearestRun, ShowsTheStepsAroundTheMovedSwitchOfAWholeRun) {
  SimRunner runner;
  const Plan plan = two_that_wait(20);
  const Explanation why = explain(runner, plan, when_first_is([](auto taken) { return taken < 8; }, false));
  EXPECT_EQ(why.moved_by, 3);
  std::size_t of_process_1 = 0;
  for (const Step& step : why.failing.steps) of_process_1 += step.process == 1 ? 1 : 0;
  ASSERT_GT(of_process_1, 20U);
  ASSERT_GT(why.failing.steps.size(), of_process_1 + 20) << "of the whole run: the violation has no step";
  ASSERT_TRUE(why.pair);
  EXPECT_EQ(why.pair->first, 5 + of_process_1 - 1) << "the last step of process 1";
  EXPECT_EQ(why.pair->second, std::optional<std::size_t>(5 + of_process_1 + 2)) << "own step 7 of process 0";
  EXPECT_EQ(why.pair->second_passing, 7U);
  EXPECT_EQ(why.pair->first_passing, 8 + of_process_1 - 1);
}

// Of a violation that was seen before they started, all of the processes' steps are shown.
TEST(NearestRun, IsCutAtAViolationOfTheProcessesAlone) {
  SimRunner runner;
  Plan plan = two_that_wait(0);
  plan.start.warm = {0};
  std::uint64_t warm_up = 0;
  const auto shown_at = [&](std::int64_t distance) {
    const Explanation why = explain(runner, plan, [&](const SimOutcome& outcome) -> std::optional<StepViolation> {
      if (outcome.run.switches.empty()) return std::nullopt;
      warm_up = 0;
      for (const Step& step : outcome.trace) warm_up += step.stage == StageKind::warm_up ? 1 : 0;
      return planted("early", static_cast<std::uint64_t>(static_cast<std::int64_t>(warm_up) + distance));
    });
    return why.failing.steps.size();
  };
  const std::size_t all = shown_at(-1);
  EXPECT_GT(warm_up, 20U);
  EXPECT_GT(all, 20U);
  EXPECT_EQ(shown_at(0), all);
  EXPECT_EQ(shown_at(1), 1U);
  EXPECT_EQ(shown_at(7), 7U);
  EXPECT_EQ(shown_at(100'000), all);
}

TEST(NearestRun, MovesLaterSwitchesFirst) {
  SimRunner runner;
  Plan plan = two_that_wait(0);
  for (PlanProcess& process : plan.processes) process.operations.clear();  // a run costs little
  plan.schedule.switches = {{0, 5, 1}, {1, 7, 0}};
  const auto until = [](std::uint64_t runs) {
    return [count = std::uint64_t{0}, runs](const SimOutcome&) mutable -> std::optional<StepViolation> {
      return ++count <= runs ? std::optional(planted("again", 0)) : std::nullopt;
    };
  };
  const Explanation second = explain(runner, plan, until(1));
  EXPECT_EQ(second.changed_switch, 1U);
  EXPECT_EQ(second.moved_by, 1);
  const Explanation first = explain(runner, plan, until(2));
  EXPECT_EQ(first.changed_switch, 0U);
  EXPECT_EQ(first.moved_by, 1);
  const Explanation back = explain(runner, plan, until(3));
  EXPECT_EQ(back.changed_switch, 1U);
  EXPECT_EQ(back.moved_by, -1);
  // 150 steps away; before step 0 there is none.
  const Explanation dropped = explain(runner, plan, until(1 + 2 * 150 + 5 + 7));
  EXPECT_EQ(dropped.change, Change::switch_dropped);
  EXPECT_EQ(dropped.changed_switch, 1U);
  EXPECT_EQ(dropped.moved_by, 0);
  EXPECT_EQ(dropped.runs, 1 + 2 * 150 + 5 + 7 + 1U);
  ASSERT_TRUE(dropped.passing);
  EXPECT_EQ(dropped.passing->plan.schedule.switches, (std::vector<Switch>{{0, 5, 1}}));
  // Of commands, which take long, no more than 400 runs are moves.
  plan.subject = "some_command";
  plan.schedule.switches = {{0, 200, 1}, {1, 200, 0}};
  const Explanation none = explain(runner, plan, until(UINT64_MAX));
  EXPECT_EQ(none.change, Change::none);
  EXPECT_EQ(none.runs, 402U);
  EXPECT_FALSE(none.pair);
  const Explanation other = explain(runner, plan, until(401));
  EXPECT_EQ(other.change, Change::switch_dropped);
  EXPECT_EQ(other.changed_switch, 0U);
}

TEST(NearestRun, DropsFaultsWhereNoSwitchHelps) {
  SimRunner runner;
  Plan plan = two_that_wait();
  plan.models.push_back({"m1", 100});
  plan.processes[0].operations = {{OperationKind::get, 1}};
  plan.schedule.switches.clear();
  plan.process_faults = {{ProcessFaultKind::kill_before, 1, 10, {}}, {ProcessFaultKind::kill_before, 0, 301, {}}};
  plan.disk = {DiskFault{.step = StepKind::write, .path = "", .error = 28}};
  plan.network.faults = {*parse_turn("status:503"), *parse_turn("flip_byte:1")};
  plan.start = {.warm = {0}, .damage = {{DamageKind::cut, 0}, {DamageKind::unlisted, 0}}};
  const auto passes_after = [&](std::uint64_t runs) {
    const Explanation why = explain(runner, plan, [count = std::uint64_t{0}, runs](const SimOutcome&) mutable {
      return ++count <= runs ? std::optional(planted("again", 0)) : std::nullopt;
    });
    EXPECT_EQ(why.runs, why.passing ? runs + 1 : 9U);
    EXPECT_EQ(why.change, why.passing ? Change::fault_dropped : Change::none);
    EXPECT_FALSE(why.pair);
    return why.passing ? why.passing->plan : Plan{};
  };
  Plan expected = plan;
  expected.process_faults.erase(expected.process_faults.begin());
  EXPECT_EQ(passes_after(1), expected);
  expected = plan;
  expected.process_faults.pop_back();
  EXPECT_EQ(passes_after(2), expected);
  expected = plan;
  expected.disk.clear();
  EXPECT_EQ(passes_after(3), expected);
  expected = plan;
  expected.network.faults[0] = {};
  EXPECT_EQ(passes_after(4), expected);
  expected.network.faults = {plan.network.faults[0]};
  EXPECT_EQ(passes_after(5), expected);
  expected = plan;
  expected.start.damage.erase(expected.start.damage.begin());
  EXPECT_EQ(passes_after(6), expected);
  expected.start.damage = {plan.start.damage[0]};
  EXPECT_EQ(passes_after(7), expected);
  expected.start = {.warm = {}, .damage = {{DamageKind::unlisted, 0}}};
  EXPECT_EQ(passes_after(8), expected);
  EXPECT_EQ(passes_after(9), Plan{});
}

// Neither a run that went out of control nor one that violates something else is one that holds.
TEST(NearestRun, IsNoneThatLostControlOrBreaksSomethingElse) {
  const FindViolation find = when_first_is([](auto taken) { return taken == 5; });
  SimRunner losing(std::make_unique<TamperedWorld>([](int run) {
    return Tampering{.end = [run](StageEnd& end) {
      if (run == 2) end.uncontrolled = "a thread ran";
      if (run == 3) end.crashes.emplace_back("process 1: signal 11");
    }};
  }));
  const Explanation why = explain(losing, two_that_wait(), find);
  EXPECT_EQ(why.moved_by, 2);
  EXPECT_EQ(why.runs, 4U);
  EXPECT_TRUE(why.passing);
}

// Process 1 comes before or after process 0 makes the directory.
TEST(NearestRun, ShowsTheFirstConflictThatComesTheOtherWayRound) {
  SimRunner runner;
  Plan plan = two_that_wait(0);
  plan.schedule.switches = {{0, 1, 1}};
  const Explanation why = explain(runner, plan, when_first_is([](auto taken) { return taken < 4; }, false));
  EXPECT_EQ(why.change, Change::switch_moved);
  EXPECT_EQ(why.moved_by, 3);
  ASSERT_TRUE(why.pair);
  const auto words = [](const Step& step) {
    return std::to_string(step.process) + "." + std::to_string(step.own_step) + " " + std::string(name_of(step.kind)) +
           " " + step.path;
  };
  const std::string first = words(why.failing.steps.at(why.pair->first));
  EXPECT_EQ(first, words(why.passing->steps.at(why.pair->first_passing)));
  EXPECT_EQ(first, "1.6 make_directory ");
  EXPECT_EQ(words(why.passing->steps.at(why.pair->second_passing)), "0.1 open ");
  ASSERT_TRUE(why.pair->second);
  EXPECT_EQ(words(why.failing.steps.at(*why.pair->second)), "0.1 open ");
}

}  // namespace
}  // namespace stampede
