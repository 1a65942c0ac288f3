// What the shrinker tries, in its order, on trials made by hand: to the last replay.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/plan/one_of_everything.h"
#include "harness/run/made_trials_for_test.h"

namespace stampede {
namespace {

using Lines = std::vector<std::string>;

Plan two_processes() {
  Plan plan;
  plan.models = {{"a", 10}, {"b", 20}, {"c", 30}};
  plan.processes.resize(2);
  plan.processes[0].operations = {{OperationKind::get, 0}, {OperationKind::get, 1}};
  plan.processes[1].operations = {{OperationKind::get, 2}};
  return plan;
}

TEST(ShrinkOrder, TriesEveryCutOfAPlanThatNeedsAll) {
  Plan plan = two_processes();
  plan.start = {.warm = {2, 0}, .damage = {{DamageKind::cut, 2}, {DamageKind::unlisted, 0}}, .read_only = true};
  plan.network.faults = {*parse_turn("status:503"), *parse_turn("flip_byte:1")};
  plan.disk = {DiskFault{.step = StepKind::write, .path = "tmp/", .nth = 1, .error = 5},
               DiskFault{.step = StepKind::read, .path = "", .times = 2, .error = 5}};
  plan.process_faults = {{ProcessFaultKind::kill_before, 1, 7, {}}, {ProcessFaultKind::kill_after, 0, 8, {}}};
  plan.schedule = {.switches = {{0, 1, 1}, {1, 2, 0}}, .time_runs_first = true};
  MadeTrials trials{.holds = [&](const Plan& tried) { return tried != plan; }, .object = "c"};
  const Shrunk shrunk = shrink(plan, trials.run());
  const std::string processes = "get0 get1 | get2", models = "; a 10; b 20; c 30";
  const std::string start = "; warm 2; warm 0; cut 2; unlisted 0; read-only", turns = "; status:503; flip_byte:1";
  const std::string disk = "; write tmp/+1x1; read +0x2", kills = "; kill_before 1.7 0s; kill_after 0.8 0s";
  const std::string order = "; 0.1>1 1.2>0", first = "; time first", faults = turns + disk + kills;
  const std::string all = processes + models;
  const Lines expected = {
      all + start + faults + order + first,
      // An order with few moves; of a trace without steps it has none.
      all + start + faults + first,
      // Groups.
      all + order,
      all + start + faults + order,
      all + start + disk + kills + order + first,
      all + start + turns + kills + order + first,
      all + start + turns + disk + order + first,
      all + "; warm 2; warm 0; read-only" + faults + order + first,
      // Models that it is not about, then each.
      " | get0; c 30; warm 0; cut 0; unlisted 0; read-only" + faults + order + first,
      "get0 get1 | ; a 10; b 20; warm 0; unlisted 0; read-only" + faults + order + first,
      "get0 | get1; a 10; c 30; warm 1; warm 0; cut 1; unlisted 0; read-only" + faults + order + first,
      "get0 | get1; b 20; c 30; warm 1; cut 1; unlisted 0; read-only" + faults + order + first,
      // Processes.
      "get0 get1" + models + start + turns + disk + "; kill_after 0.8 0s" + first,
      "get2" + models + start + turns + disk + "; kill_before 0.7 0s" + first,
      // Switches: both were tried with the order, now each.
      all + start + faults + "; 1.2>0" + first,
      all + start + faults + "; 0.1>1" + first,
      // Operations that are not their process's only one.
      "get0 | get2" + models + start + faults + order + first,
      "get1 | get2" + models + start + faults + order + first,
      // Faults one by one, from the last.
      all + start + "; status:503" + disk + kills + order + first,
      all + start + "; none; flip_byte:1" + disk + kills + order + first,
      all + start + turns + "; write tmp/+1x1" + kills + order + first,
      all + start + turns + "; read +0x2" + kills + order + first,
      all + start + turns + disk + "; kill_before 1.7 0s" + order + first,
      all + start + turns + disk + "; kill_after 0.8 0s" + order + first,
      all + "; warm 2; warm 0; cut 2; read-only" + faults + order + first,
      all + "; warm 2; warm 0; unlisted 0; read-only" + faults + order + first,
      all + "; warm 2; cut 2; unlisted 0; read-only" + faults + order + first,
      all + "; warm 0; unlisted 0; read-only" + faults + order + first,
      all + "; warm 2; warm 0; cut 2; unlisted 0" + faults + order + first,
      // Values: all at once, then those that were not tried before.
      all + start + turns + "; write tmp/+1x1; read +0x1" + kills + order,
      all + start + turns + "; write tmp/+1x1; read +0x1" + kills + order + first,
  };
  EXPECT_EQ(trials.tried, expected);
  EXPECT_EQ(shrunk.plan, plan);
  EXPECT_EQ(shrunk.replays, expected.size());
  EXPECT_EQ(shrunk.trace_hash, 1001U);
  ASSERT_TRUE(shrunk.violation);
  EXPECT_EQ(shrunk.violation->step, 1U);
  EXPECT_TRUE(shrunk.is_fixed_point);
  EXPECT_FALSE(shrunk.interrupted);
  EXPECT_EQ(shrunk.uncontrolled, 0U);
}

TEST(ShrinkOrder, TakesWhateverFailsAndTellsOfIt) {
  Plan plan = two_processes();
  plan.processes[1].umask = 0;
  plan.network.faults = {*parse_turn("status:503")};
  plan.schedule.switches = {{0, 1, 1}, {1, 2, 0}};
  MadeTrials trials;
  ShrinkOptions options;
  Lines progress;
  options.progress = [&](const Plan& smaller, std::uint64_t replays) {
    progress.push_back(std::to_string(replays) + ": " + shorthand(smaller));
  };
  const Shrunk shrunk = shrink(plan, trials.run(), options);
  EXPECT_EQ(trials.tried,
            (Lines{"get0 get1 | get2 umask 0; a 10; b 20; c 30; status:503; 0.1>1 1.2>0",
                   "get0 get1 | get2 umask 0; a 10; b 20; c 30; status:503", "get0 get1 | get2; a 10; b 20; c 30",
                   "get0 get1 | ; a 10; b 20", "get0 | ; a 10", "get0; a 10"}));
  ASSERT_EQ(trials.tried.size(), 6U);
  Lines expected;
  for (std::size_t i = 1; i < 6; ++i) expected.push_back(std::to_string(i + 1) + ": " + trials.tried[i]);
  EXPECT_EQ(progress, expected);
  EXPECT_EQ(shorthand(shrunk.plan), "get0; a 10");
  EXPECT_EQ(shrunk.trace_hash, 1006U);
  EXPECT_EQ(shrunk.replays, 6U);
}

// Keeps what `is_needed` says, and takes everything else away.
Lines tried_until(const Plan& plan, const Holds& is_needed, std::string& left) {
  MadeTrials trials{.holds = [&](const Plan& tried) { return !is_needed(tried); }};
  const Shrunk shrunk = shrink(plan, trials.run());
  EXPECT_TRUE(shrunk.is_fixed_point);
  EXPECT_EQ(shrunk.replays, trials.tried.size());
  left = shorthand(shrunk.plan);
  return trials.tried;
}

TEST(ShrinkOrder, KeepsTheOneThingThatIsNeeded) {
  const Plan plan = plan_of_everything();
  struct Row {
    const char* what;
    Holds is_needed;
    std::string left;
  };
  const std::vector<Row> rows = {
      {"time", [](const Plan& p) { return p.schedule.time_runs_first; }, "get0; m0 1024; time first"},
      {"a turn", [](const Plan& p) { return !p.network.faults.empty(); }, "get0; m0 1024; drip:1000+flip_byte:7; none"},
      {"a disk fault", [](const Plan& p) { return !p.disk.empty(); }, "get0; m0 1024; try_lock +0x1"},
      {"a process fault", [](const Plan& p) { return !p.process_faults.empty(); }, "get0; m0 1024; stop 0.3 1ms"},
      {"damage", [](const Plan& p) { return !p.start.damage.empty(); }, "get0; m0 1024; unlisted 0"},
      {"a warm model", [](const Plan& p) { return !p.start.warm.empty(); }, "list0; nets/m1.onnx 1024; warm 0"},
      {"read-only", [](const Plan& p) { return p.start.read_only; }, "get0; m0 1024; read-only"},
      {"two processes", [](const Plan& p) { return p.processes.size() == 2; }, "get0 | ; m0 1024"},
      {"a model", [](const Plan& p) { return !p.models.empty(); }, "get0; m0 1024"},
      {"an operation", [](const Plan& p) { return size_of(p).operations > 0; }, "get0; m0 1024"},
      {"a switch", [](const Plan& p) { return !p.schedule.switches.empty(); }, "get0 | ; m0 1024; 1.0>0"},
      {"a umask", [](const Plan& p) { return p.processes.back().umask == 077; },
       " verify wait 20ms only_wait umask 77 descriptors 9 idle 7; m0 1024"},
      {"a size", [](const Plan& p) { return !p.models.empty() && p.models.back().size_bytes > 1024; },
       "list0; nets/m1.onnx 70000"},
  };
  for (const Row& row : rows) {
    std::string left;
    tried_until(plan, row.is_needed, left);
    EXPECT_EQ(left, row.left) << row.what;
  }
}

TEST(ShrinkOrder, HalvesTheSwitchesAndTriesTwiceAsManyAfterASuccess) {
  Plan plan;
  plan.processes.resize(2);
  for (std::uint32_t i = 0; i < 10; ++i) plan.schedule.switches.push_back({i % 2, 10 + i, 1 - i % 2});
  const auto has = [](const Plan& tried, const Switch& each) {
    const std::vector<Switch>& list = tried.schedule.switches;
    return std::find(list.begin(), list.end(), each) != list.end();
  };
  std::string left;
  const Lines tried = tried_until(
      plan, [&](const Plan& p) { return p.processes.size() == 2 && has(p, {1, 13, 0}) && has(p, {0, 18, 1}); }, left);
  EXPECT_EQ(left, " | ; 1.13>0 0.18>1");
  const auto line = [](const std::string& switches) { return " | ; " + switches; };
  const std::string all = "0.10>1 1.11>0 0.12>1 1.13>0 0.14>1 1.15>0 0.16>1 1.17>0 0.18>1 1.19>0";
  EXPECT_EQ(tried, (Lines{
                       line(all),
                       " | ",  // an order with few moves
                       "",     // a process
                       line("1.15>0 0.16>1 1.17>0 0.18>1 1.19>0"),
                       line("0.10>1 1.11>0 0.12>1 1.13>0 0.14>1"),
                       line("1.13>0 0.14>1 1.15>0 0.16>1 1.17>0 0.18>1 1.19>0"),  // fails, so: twice three
                       line("1.19>0"),
                       line("0.16>1 1.17>0 0.18>1 1.19>0"),
                       line("1.13>0 0.14>1 1.15>0 1.19>0"),
                       line("1.13>0 0.14>1 1.15>0 0.16>1 1.17>0 0.18>1"),
                       line("1.15>0 0.16>1 1.17>0 0.18>1"),  // two at a time
                       line("1.13>0 0.14>1 1.17>0 0.18>1"),
                       line("1.13>0 0.14>1"),
                       line("0.14>1 1.17>0 0.18>1"),  // one at a time
                       line("1.13>0 1.17>0 0.18>1"),
                       line("1.13>0"),
                       line("1.13>0 0.18>1"),
                       line("0.18>1"),
                   }));
}

// One value after the other, before anything else is tried again.
TEST(ShrinkOrder, SimplifiesAllValuesThatItCanInOneRound) {
  Plan plan;
  plan.models = {{"a", 3000}, {"b", 500'000}, {"c", 4000}};
  plan.processes.resize(1);
  std::string left;
  const Lines tried =
      tried_until(plan, [](const Plan& p) { return p.models.size() == 3 && p.models[2].size_bytes > 1024; }, left);
  EXPECT_EQ(left, "; a 1024; b 1024; c 4000");
  EXPECT_EQ(tried, (Lines{"; a 3000; b 500000; c 4000", "; a 1024; b 1024; c 1024", "; a 3000; b 500000",
                          "; a 3000; c 4000", "; b 500000; c 4000", "; a 1024; b 500000; c 4000",
                          "; a 1024; b 1024; c 4000", "; a 1024; b 1024", "; a 1024; c 4000", "; b 1024; c 4000"}));
}

TEST(ShrinkOrder, EndsWithItsReplays) {
  const Plan plan = plan_of_everything();
  for (const std::uint64_t limit : {1U, 2U, 3U, 7U}) {
    MadeTrials trials{.holds = [&](const Plan& tried) { return tried != plan; }};
    ShrinkOptions options;
    options.replays_max = limit;
    const Shrunk shrunk = shrink(plan, trials.run(), options);
    EXPECT_EQ(shrunk.replays, limit);
    EXPECT_EQ(trials.tried.size(), limit);
    EXPECT_FALSE(shrunk.is_fixed_point);
    EXPECT_FALSE(shrunk.interrupted);
    EXPECT_EQ(shrunk.plan, plan);
    EXPECT_TRUE(shrunk.violation);
  }
}

TEST(ShrinkOrder, CountsEveryLossOfControlAndTellsTheFirst) {
  const Plan plan = two_processes();
  MadeTrials trials{.holds = [&](const Plan& tried) { return tried != plan; },
                    .edit =
                        [](const Plan& tried, Trial& trial) {
                          if (!trial.violation) trial.uncontrolled = "lost at " + shorthand(tried);
                        }};
  const Shrunk shrunk = shrink(plan, trials.run());
  EXPECT_EQ(shrunk.uncontrolled, trials.tried.size() - 1);
  EXPECT_EQ(shrunk.why_uncontrolled, "lost at " + trials.tried.at(1));
  EXPECT_TRUE(shrunk.violation);
}

// What came after the failure goes at once: processes that took no step, operations that nobody had begun, switches.
TEST(ShrinkOrder, LeavesOutWhatHadNoPartYet) {
  Plan plan = two_processes();
  plan.processes.resize(3);
  plan.schedule.switches = {{0, 1, 1}, {1, 2, 0}};
  Plan cut = plan;
  cut.processes.resize(1);
  cut.processes[0].operations.resize(1);
  cut.schedule.switches.clear();
  MadeTrials trials{.holds = [&](const Plan& tried) { return tried != plan && tried != cut; },
                    .edit =
                        [](const Plan& tried, Trial& trial) {
                          for (std::size_t p = 1; p < tried.processes.size(); ++p) trial.steps_taken[p] = 0;
                          trial.operations_begun.assign(tried.processes.size(), 0);
                          trial.operations_begun[0] = 1;
                        }};
  const Shrunk shrunk = shrink(plan, trials.run());
  ASSERT_GE(trials.tried.size(), 2U);
  EXPECT_EQ(trials.tried[1], "get0; a 10; b 20; c 30");
  EXPECT_EQ(shorthand(shrunk.plan), "get0; a 10; b 20; c 30");
  // Where nobody had taken a step one process stays all the same.
  MadeTrials idle{.edit = [](const Plan& tried, Trial& trial) {
    trial.steps_taken.assign(tried.processes.size(), 0);
    trial.operations_begun.assign(tried.processes.size(), 0);
  }};
  EXPECT_EQ(shrink(plan, idle.run()).plan.processes.size(), 1U);
  EXPECT_EQ(idle.tried.at(1), "; a 10; b 20; c 30");
}

// An order with few moves may lose the violation: then what had no part goes alone.
TEST(ShrinkOrder, LeavesOutWhatHadNoPartWhereNoOrderHelps) {
  Plan plan = two_processes();
  plan.processes.resize(3);
  plan.schedule.switches = {{0, 1, 1}};
  MadeTrials trials{.holds = [](const Plan& tried) { return tried.schedule.switches.empty(); },
                    .edit =
                        [](const Plan& tried, Trial& trial) {
                          if (tried.processes.size() == 3) trial.steps_taken[2] = 0;
                        }};
  (void)shrink(plan, trials.run());
  ASSERT_GE(trials.tried.size(), 3U);
  const std::string two = "get0 get1 | get2; a 10; b 20; c 30";
  EXPECT_EQ(trials.tried[1], two);
  EXPECT_EQ(trials.tried[2], two + "; 0.1>1");
}

// Where the plan as it is told holds, the whole run's switches come back.
TEST(ShrinkOrder, ConfirmsAPlanWhoseSwitchesWereCutAtTheFailure) {
  Plan plan;
  plan.processes.resize(2);
  plan.schedule.switches = {{0, 1, 1}, {1, 2, 0}};
  const auto cut_at_first = [](const Plan&, Trial& trial) {
    if (trial.switches.size() > 1) trial.switches.resize(1);
  };
  const Holds needs_both = [](const Plan& tried) { return tried.schedule.switches.size() < 2; };
  MadeTrials lost{.holds = needs_both, .edit = cut_at_first};
  const Shrunk whole = shrink(plan, lost.run());
  EXPECT_EQ(shorthand(whole.plan), " | ; 0.1>1 1.2>0");
  EXPECT_TRUE(whole.violation);
  const Holds needs_one = [](const Plan& tried) { return tried.schedule.switches.empty(); };
  MadeTrials kept{.holds = needs_one, .edit = cut_at_first};
  const Shrunk shorter = shrink(plan, kept.run());
  EXPECT_EQ(shorthand(shorter.plan), " | ; 0.1>1");
  EXPECT_EQ(lost.tried, (Lines{" | ; 0.1>1 1.2>0", " | ", "", " | ; 0.1>1", " | ; 0.1>1 1.2>0", " | ; 1.2>0"}));
  EXPECT_EQ(kept.tried, (Lines{" | ; 0.1>1 1.2>0", " | ", "", " | ; 0.1>1"}));
  EXPECT_EQ(whole.replays, 6U);
  EXPECT_EQ(whole.trace_hash, 1005U) << "of the run of what is returned";
  EXPECT_EQ(shorter.replays, 4U);
  EXPECT_EQ(shorter.trace_hash, 1004U);
}

// The moves that were forced around a process that goes are kept as switches.
TEST(ShrinkOrder, BridgesAProcessThatGoes) {
  Plan plan;
  plan.processes.resize(4);
  plan.schedule.switches = {{0, 4, 2}, {3, 5, 0}};
  MadeTrials trials{
      .holds = [&](const Plan& tried) { return tried != plan; },
      .edit = [](const Plan&,
                 Trial& trial) { trial.moves = {{0, 4, 2}, {2, 9, 0}, {0, 6, 1}, {1, 7, 3}, {3, 5, 0}, {0, 8, 3}}; }};
  (void)shrink(plan, trials.run());
  EXPECT_EQ(trials.tried,
            (Lines{" |  |  | ; 0.4>2 3.5>0", " |  |  | ", " |  | ; 0.4>2 1.7>0", " |  | ; 2.5>0",
                   " |  | ; 0.4>1 0.6>2 2.5>0", " |  | ; 0.0>1 1.9>0", " |  |  | ; 3.5>0", " |  |  | ; 0.4>2"}));
}

}  // namespace
}  // namespace stampede
