// Candidates in full: which plans are tried and in which order, what counts as smaller, and the edges of every cut.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "harness/plan/one_of_everything.h"
#include "harness/run/plan_candidates.h"
#include "harness/run/plan_shorthand_for_test.h"

namespace stampede {
namespace {

using Lines = std::vector<std::string>;
using std::chrono::milliseconds;

Plan plain_plan() {
  Plan plan;
  plan.models = {{"a", 0}};
  plan.processes.resize(2);
  for (PlanProcess& process : plan.processes) process.operations = {{OperationKind::get, 0}};
  return plan;
}

TEST(PlanSize, CountsEveryPartOfAPlan) {
  const PlanSize size = size_of(plan_of_everything());
  EXPECT_EQ(size.processes, 2U);
  EXPECT_EQ(size.operations, 3U);
  EXPECT_EQ(size.faults, 10U);  // a turn that is not good, 2 + 3 faults, 2 damages, a warm model, read-only
  EXPECT_EQ(size.models, 2U);
  EXPECT_EQ(size.switches, 2U);
  EXPECT_EQ(size.values, 168U);  // 5 options, 3 bits of idle steps; 11 + 17; 64; 23 + 42; 1 + 1; 1
  EXPECT_EQ(size_of(Plan{}), PlanSize{});
}

TEST(PlanSize, CountsTheBitsOfEveryValue) {
  struct Row {
    const char* what;
    std::function<void(Plan&)> change;
    std::uint64_t values;
  };
  const auto disk = [](std::uint64_t times) {
    return [times](Plan& plan) { plan.disk = {DiskFault{.path = "", .times = times}}; };
  };
  const auto stop = [](std::chrono::nanoseconds time) {
    return [time](Plan& plan) { plan.process_faults = {{ProcessFaultKind::stop, 0, 1, time}}; };
  };
  const std::vector<Row> rows = {
      {"verify", [](Plan& p) { p.processes[0].verify = modelcache::VerifyPolicy::always; }, 1},
      {"lock_wait", [](Plan& p) { p.processes[0].lock_wait = milliseconds(1); }, 1},
      {"only_wait", [](Plan& p) { p.processes[1].only_wait = true; }, 1},
      {"umask", [](Plan& p) { p.processes[1].umask = 0; }, 1},
      {"descriptors", [](Plan& p) { p.processes[1].descriptors_max = 900; }, 1},
      {"idle steps", [](Plan& p) { p.processes[1].idle_steps = 8; }, 4},
      {"bytes", [](Plan& p) { p.models[0].size_bytes = 255; }, 8},
      {"once", disk(1), 0},
      {"twice", disk(2), 1},
      {"nine times", disk(9), 4},
      {"for ever", disk(0), 64},
      {"no time", stop({}), 0},
      {"7 ns", stop(std::chrono::nanoseconds(7)), 3},
      {"-8 ns", stop(std::chrono::nanoseconds(-8)), 4},
      {"every 5", [](Plan& p) { p.network.every = 5; }, 3},
      {"repeats", [](Plan& p) { p.network.repeats = true; }, 1},
      {"time runs first", [](Plan& p) { p.schedule.time_runs_first = true; }, 1},
  };
  EXPECT_EQ(size_of(plain_plan()).values, 0U);
  for (const Row& row : rows) {
    Plan plan = plain_plan();
    row.change(plan);
    EXPECT_EQ(size_of(plan).values, row.values) << row.what;
  }
}

TEST(PlanSize, WeighsProcessesMostAndValuesLeast) {
  const PlanSize sizes[] = {{0, 0, 0, 0, 0, 1}, {0, 0, 0, 0, 1, 0}, {0, 0, 0, 1, 0, 0},
                            {0, 0, 1, 0, 0, 0}, {0, 1, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0}};
  for (std::size_t i = 1; i < std::size(sizes); ++i) EXPECT_LT(sizes[i - 1], sizes[i]) << i;
}

TEST(PlanCandidates, ComeInOneOrder) {
  Plan plan = plain_plan();
  plan.models = {{"a", 10}, {"b", 20}};
  plan.processes[1].operations = {{OperationKind::get, 0}, {OperationKind::remove, 1}, {OperationKind::list, 0}};
  plan.start = {.warm = {1, 0}, .damage = {{DamageKind::cut, 1}}, .read_only = true};
  plan.network.faults = {*parse_turn("status:503"), *parse_turn("flip_byte:1")};
  plan.disk = {DiskFault{.step = StepKind::write, .path = "tmp/", .error = EIO}};
  plan.process_faults = {{ProcessFaultKind::kill_before, 1, 7, {}}};
  plan.schedule.switches = {{0, 1, 1}, {1, 2, 0}, {0, 3, 1}};
  const std::string all = "get0 | get0 remove1 list0; a 10; b 20";
  const std::string start = "; warm 1; warm 0; cut 1; read-only", turns = "; status:503; flip_byte:1";
  const std::string disk = "; write tmp/+0x1", kill = "; kill_before 1.7 0s", order = "; 0.1>1 1.2>0 0.3>1";
  const std::string faults = turns + disk + kill;
  EXPECT_EQ(shorthands(candidates(plan)),
            (Lines{
                "get0; a 10; b 20" + start + turns + disk,
                "get0 remove1 list0; a 10; b 20" + start + turns + disk + "; kill_before 0.7 0s",
                "get0 | get0 list0; a 10; warm 0; read-only" + faults + order,
                " | remove0 list0; b 20; warm 0; cut 0; read-only" + faults + order,
                all + start + disk + kill + order,
                all + "; read-only" + faults + order,
                " | get0 remove1 list0; a 10; b 20" + start + faults + order,
                "get0 | get0 remove1; a 10; b 20" + start + faults + order,
                "get0 | get0 list0; a 10; b 20" + start + faults + order,
                "get0 | remove1 list0; a 10; b 20" + start + faults + order,
                all + start + "; none; flip_byte:1" + disk + kill + order,
                all + start + "; status:503" + disk + kill + order,
                all + start + turns + kill + order,
                all + start + turns + disk + order,
                all + "; warm 1; warm 0; read-only" + faults + order,
                all + "; warm 0; read-only" + faults + order,
                all + "; warm 1; cut 1; read-only" + faults + order,
                all + "; warm 1; warm 0; cut 1" + faults + order,
                all + start + faults,
                all + start + faults + "; 0.3>1",
                all + start + faults + "; 0.1>1 1.2>0",
                all + start + faults + "; 1.2>0 0.3>1",
                all + start + faults + "; 0.1>1 0.3>1",
                all + start + faults + "; 0.1>1 1.2>0",
            }));
}

TEST(PlanCandidates, OfOneProcessLeaveIt) {
  Plan plan;
  plan.processes.resize(1);
  EXPECT_EQ(candidates(plan), std::vector<Plan>{});
  plan.processes[0].idle_steps = 3;
  EXPECT_EQ(shorthands(candidates(plan)), Lines{""});
}

TEST(SimplerValues, ComeAllAtOnceThenOneByOne) {
  Plan plan = plain_plan();
  plan.models = {{"a", 1024}, {"b", 1025}, {"c", 4000}};
  plan.processes[1].umask = 0;
  plan.disk = {DiskFault{.path = "", .times = 1}, DiskFault{.path = "", .times = 0}, DiskFault{.path = "", .times = 2}};
  plan.process_faults = {{ProcessFaultKind::stop, 0, 1, milliseconds(1)},
                         {ProcessFaultKind::stop, 1, 2, milliseconds(1) + std::chrono::nanoseconds(1)},
                         {ProcessFaultKind::clock_step, 1, 3, -milliseconds(9)}};
  plan.network.repeats = true;
  plan.network.every = 2;
  plan.schedule.time_runs_first = true;
  const auto line = [](const std::string& process, const std::string& models, const std::string& times,
                       const std::string& stop, const std::string& end) {
    return "get0 | get0" + process + "; a 1024; b " + models + "; write +0x1; write +0x" + times + "; stop 0.1 1ms; " +
           "stop 1.2 " + stop + "; clock_step 1.3 -9ms" + end;
  };
  const std::string umask = " umask 0", models = "1025; c 4000", times = "0; write +0x2", stop = "1000001ns";
  const std::string short_times = "1; write +0x1";
  // "repeats" and "every 2" stand before the disk faults.
  const auto with_network = [&](std::string text, const std::string& network) {
    return text.insert(text.find("; write"), network);
  };
  const std::string network = "; repeats; every 2", first = "; time first";
  EXPECT_EQ(shorthands(simpler_values(plan)),
            (Lines{
                line("", "1024; c 1024", short_times, "1ms", ""),
                with_network(line("", models, times, stop, first), network),
                with_network(line(umask, "1024; c 4000", times, stop, first), network),
                with_network(line(umask, "1025; c 1024", times, stop, first), network),
                with_network(line(umask, models, "1; write +0x2", stop, first), network),
                with_network(line(umask, models, "0; write +0x1", stop, first), network),
                with_network(line(umask, models, times, "1ms", first), network),
                with_network(line(umask, models, times, stop, first), "; repeats"),
                with_network(line(umask, models, times, stop, first), "; every 2"),
                with_network(line(umask, models, times, stop, ""), network),
            }));
  Plan one = plain_plan();
  one.network.every = 3;
  EXPECT_EQ(shorthands(simpler_values(one)), Lines{"get0 | get0; a 0"}) << "not twice where there is one value alone";
  EXPECT_EQ(simpler_values(plain_plan()), std::vector<Plan>{});
}

TEST(PlanCut, CountsKeysByTheStepsThatWentBeforeThem) {
  Plan plan = plain_plan();
  plan.processes[0].operations = {{OperationKind::get, 0}, {OperationKind::list, 0}, {OperationKind::get, 0}};
  for (const std::uint32_t step : {9U, 10U, 11U, 19U, 20U, 21U, 30U, 35U, 41U}) {
    plan.process_faults.push_back({ProcessFaultKind::kill_before, 0, step, {}});
    plan.process_faults.push_back({ProcessFaultKind::kill_before, 1, step, {}});
  }
  const StepRanges ranges = {{{10, 20}, {20, 30}, {30, 40}}};
  const auto steps_of = [](const Plan& cut, std::size_t process) {
    std::vector<std::uint32_t> steps;
    for (const ProcessFault& fault : cut.process_faults) {
      if (fault.process == process) steps.push_back(fault.step);
    }
    return steps;
  };
  const Plan first = without(plan, {.operations = {{0, 0}}}, ranges);
  EXPECT_EQ(steps_of(first, 0), (std::vector<std::uint32_t>{9, 10, 10, 10, 10, 11, 20, 25, 31}));
  EXPECT_EQ(steps_of(first, 1), (std::vector<std::uint32_t>{9, 10, 11, 19, 20, 21, 30, 35, 41}));
  const Plan outer = without(plan, {.operations = {{0, 0}, {0, 2}}}, ranges);
  EXPECT_EQ(steps_of(outer, 0), (std::vector<std::uint32_t>{9, 10, 10, 10, 10, 11, 20, 20, 21}));
  // Of operations whose steps are not known nothing moves: a list that is shorter, and none at all.
  EXPECT_EQ(steps_of(without(plan, {.operations = {{0, 2}}}, {{{10, 20}, {20, 30}}}), 0).back(), 41U);
  EXPECT_EQ(steps_of(without(plan, {.operations = {{0, 0}}}), 0).back(), 41U);
}

TEST(PlanCut, KeepsTheOtherPartsOfTheStart) {
  Plan plan = plain_plan();
  plan.models = {{"a", 1}, {"b", 2}, {"c", 3}};
  plan.start.warm = {2, 0, 1};
  plan.start.damage = {{DamageKind::unlisted, 0},
                       {DamageKind::dead_temporary, 1},
                       {DamageKind::emptied, 2},
                       {DamageKind::manifest_garbage, 0},
                       {DamageKind::flip_byte, 0}};
  EXPECT_EQ(shorthand(without(plan, {.models = {1}})),
            "get0 | get0; a 1; c 3; warm 1; warm 0; unlisted 0; emptied 1; manifest_garbage 0; flip_byte 0");
  EXPECT_EQ(shorthand(without(plan, {.warm = {0}, .damage = {1}})),
            "get0 | get0; a 1; b 2; c 3; warm 0; warm 1; unlisted 0; manifest_garbage 0; flip_byte 0");
  EXPECT_EQ(shorthand(without(plan, {.models = {0}})),
            " | ; b 2; c 3; warm 1; warm 0; unlisted 0; dead_temporary 0; emptied 1; manifest_garbage 0");
}

TEST(PlanCut, KeepsGoodTurnsWhereTheSequenceRepeats) {
  Plan plan = plain_plan();
  plan.network = {.faults = {*parse_turn("status:503"), *parse_turn("flip_byte:1")}, .repeats = true, .every = 3};
  EXPECT_EQ(shorthand(without(plan, {.turns = {1}})), "get0 | get0; a 0; status:503; none; repeats; every 3");
  EXPECT_EQ(shorthand(without(plan, {.turns = {0, 1}})), "get0 | get0; a 0");
  plan.network.repeats = false;
  EXPECT_EQ(shorthand(without(plan, {.turns = {1}})), "get0 | get0; a 0; status:503; every 3");
}

TEST(PlanCut, NumbersFaultsAnew) {
  Plan plan = plain_plan();
  plan.processes.resize(4);
  for (const std::size_t process : {0U, 3U, 2U}) {
    plan.disk.push_back(DiskFault{.step = StepKind::read, .process = process, .path = "e", .nth = process, .times = 9});
    plan.process_faults.push_back({ProcessFaultKind::stop, process, 5, milliseconds(process + 1)});
  }
  EXPECT_EQ(shorthand(without(plan, {.processes = {1, 3}})),
            "get0 | ; a 0; read of 0 e+0x9; read of 1 e+2x9; stop 0.5 1ms; stop 1.5 3ms");
  EXPECT_EQ(shorthand(without(plan, {.disk = {1}, .process_faults = {0, 2}})),
            "get0 | get0 |  | ; a 0; read of 0 e+0x9; read of 2 e+2x9; stop 3.5 4ms");
}

TEST(PlanCut, LeavesNoSwitchOfAProcessToItself) {
  Plan plan = plain_plan();
  plan.processes.resize(4);
  plan.schedule.switches = {{0, 5, 1}, {1, 9, 0}, {0, 7, 1}, {1, 12, 3}, {3, 2, 2}, {2, 4, 3}};
  EXPECT_EQ(shorthand(without(plan, {.processes = {1}}).schedule.switches), "0.7>2 2.2>1 1.4>2");
  EXPECT_EQ(shorthand(without(plan, {.processes = {1, 2}}).schedule.switches), "0.7>1");
  EXPECT_EQ(shorthand(without(plan, {.processes = {0}}).schedule.switches), "0.12>2 2.2>1 1.4>2");
  // Nobody of those who stay was first: who comes in first is the new process 0.
  plan.schedule.switches = {{0, 5, 1}, {1, 9, 3}};
  EXPECT_EQ(shorthand(without(plan, {.processes = {0, 1}}).schedule.switches), "0.0>1");
  EXPECT_EQ(shorthand(without(plan, {.switches = {0}}).schedule.switches), "1.9>3");
}

TEST(PlainProcess, KeepsItsOperationsAndMovesItsKeysAlone) {
  Plan plan = plain_plan();
  plan.processes[0].idle_steps = 10;
  plan.processes[1] = PlanProcess{.operations = {{OperationKind::list, 0}},
                                  .verify = modelcache::VerifyPolicy::always,
                                  .lock_wait = milliseconds(20),
                                  .only_wait = true,
                                  .umask = 077,
                                  .descriptors_max = 9,
                                  .idle_steps = 7};
  plan.process_faults = {{ProcessFaultKind::kill_before, 1, 17, {}}, {ProcessFaultKind::kill_before, 0, 17, {}}};
  plan.schedule.switches = {{1, 6, 0}, {1, 7, 0}, {1, 8, 0}, {0, 20, 1}};
  make_plain(plan, 1);
  EXPECT_EQ(shorthand(plan),
            "get0 idle 10 | list0; a 0; kill_before 1.10 0s; kill_before 0.17 0s; 1.0>0 1.0>0 1.1>0 0.20>1");
}

}  // namespace
}  // namespace stampede
