// What shrinking says: every counter another prime.
#include "harness/cli/shrink_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/cli/report_for_test.h"
#include "harness/free/directory_for_test.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

using nlohmann::json;

// 3 processes, 5 operations, 7 faults, 2 models, 11 switches.
Plan large() {
  Plan plan = three_get_one();
  plan.models.push_back({"m1", 1024});
  plan.processes[0].operations.resize(3);
  plan.disk.resize(3);
  plan.process_faults.resize(4);
  plan.schedule.switches.resize(11);
  return plan;
}

SmallestPlan smallest() {
  SmallestPlan result;
  result.shrunk.plan = three_get_one();
  result.shrunk.plan.processes.resize(2);
  result.shrunk.plan.schedule.switches.resize(1);
  result.shrunk.plan.note.why = "one_download: twice";
  result.shrunk.violation = {.invariant = "one_download", .object = "m0", .what = "twice", .step = 13};
  result.shrunk.replays = 17;
  result.shrunk.uncontrolled = 19;
  result.shrunk.why_uncontrolled = "a call";
  result.proof.schedules = 23;
  result.is_proof_wanted = result.is_repeatable = result.shrunk.is_fixed_point = true;
  return result;
}

TEST(ShrinkReport, TellsEverythingInJson) {
  const SmallestPlan result = smallest();
  const auto& [plan, violation, trace_hash, replays, uncontrolled, why_uncontrolled, is_fixed_point, interrupted] =
      result.shrunk;
  ASSERT_TRUE(violation);
  const json sizes[] = {{{"processes", 3}, {"operations", 5}, {"faults", 7}, {"models", 2}, {"switches", 11}},
                        {{"processes", 2}, {"operations", 2}, {"faults", 0}, {"models", 1}, {"switches", 1}}};
  EXPECT_EQ(json(json_of(large(), result, "small.json")), json({{"invariant", violation->invariant},
                                                                {"object", violation->object},
                                                                {"what", violation->what},
                                                                {"step", violation->step},
                                                                {"plan", "small.json"},
                                                                {"before", sizes[0]},
                                                                {"after", sizes[1]},
                                                                {"replays", replays},
                                                                {"uncontrolled", uncontrolled},
                                                                {"fixed_point", is_fixed_point},
                                                                {"interrupted", interrupted},
                                                                {"proof", "proven"},
                                                                {"proof_schedules", 23},
                                                                {"repeatable", true}}))
      << why_uncontrolled << trace_hash << plan.note.why;
}

TEST(ShrinkReport, NamesEachVerdictOfAProof) {
  SmallestPlan result = smallest();
  using Verdict = Proof::Verdict;
  for (const auto& [verdict, name] :
       std::initializer_list<std::pair<Verdict, const char*>>{{Verdict::proven, "proven"},
                                                              {Verdict::found_fewer, "found_fewer"},
                                                              {Verdict::bound, "bound"},
                                                              {Verdict::interrupted, "interrupted"},
                                                              {Verdict::cannot, "cannot"}}) {
    result.proof.verdict = verdict;
    EXPECT_EQ(json(json_of(large(), result, "")).at("proof"), name);
  }
  result.is_proof_wanted = false;
  EXPECT_EQ(json(json_of(large(), result, "")).at("proof"), "none");
}

TEST(ShrinkReport, ShowsFourLinesThenWhatBecameSmaller) {
  SmallestPlan result = smallest();
  const std::string four = four_lines("one_download: twice", result.shrunk.plan, "small.json", "modelcache");
  EXPECT_EQ(shrunk_text(large(), result, "small.json", "modelcache"),
            four +
                "shrunk:   processes 3 -> 2, operations 5 -> 2, faults 7 -> 0, switches 11 -> 1; 17 replays\n"
                "          19 replays uncontrolled: a call\n"
                "proof:    proven: no schedule with fewer switches does it (23 schedules run)\n");
  result.shrunk.replays = result.shrunk.uncontrolled = 1;
  result.shrunk.is_fixed_point = result.is_repeatable = false;
  result.difference = "step 3";
  EXPECT_EQ(shrunk_text(large(), result, "small.json", "modelcache"),
            four +
                "shrunk:   processes 3 -> 2, operations 5 -> 2, faults 7 -> 0, switches 11 -> 1; 1 replay\n"
                "          1 replay uncontrolled: a call\n"
                "          not to the end: too many replays\n"
                "proof:    proven: no schedule with fewer switches does it (23 schedules run)\n"
                "DIVERGED: a strict replay of it differs: step 3\n");
  result.shrunk.uncontrolled = 0;
  result.shrunk.interrupted = true;
  const std::string text = shrunk_text(large(), result, "small.json", "modelcache");
  EXPECT_NE(text.find("1 replay\n          not to the end: interrupted\nproof:    not proven: interrupted before\n"),
            std::string::npos)
      << text;
}

TEST(ShrinkReport, NamesTheCommandThatReplays) {
  Plan plan = three_get_one();
  const std::string line = print_line(plan);
  EXPECT_EQ(four_lines("x", plan, "f.json", "modelcache"),
            "violated: x\nplan:     " + line +
                "\nreplay:   stampede replay f.json\nfile:     f.json   (stampede show --explain says why)\n");
  EXPECT_NE(four_lines("x", plan, "f.json", "a.so").find("\nreplay:   stampede replay f.json --subject a.so\n"),
            std::string::npos);
  EXPECT_EQ(four_lines("x", plan, "", "a.so"),
            "violated: x\nplan:     " + line + "\nfile:     could not be written; the plan is\n" + print_plan(plan));
  plan.subject = "pooch";
  EXPECT_NE(four_lines("x", plan, "f.json", "pooch").find("\nreplay:   stampede replay f.json\n"), std::string::npos)
      << "a plan of a command names it";
}

TEST(ShrinkReport, ShowsProgress) {
  EXPECT_EQ(progress_text(large(), 34), "34 replays: 3 processes, 5 operations, 7 faults, 11 switches");
  Plan one = three_get_one();
  one.processes.resize(1);
  one.disk.resize(1);
  one.schedule.switches.resize(1);
  EXPECT_EQ(progress_text(one, 1), "1 replay: 1 process, 1 operation, 1 fault, 1 switch");
  EXPECT_EQ(unshrunk_text(one, {.invariant = "i", .object = "o", .what = "w"}),
            "unshrunk: i: w\n          " + print_line(one) + "\n");
}

TEST(SavePlan, SaysWhetherItWasWritten) {
  const TestDirectory directory;
  const std::string file = directory.path() + "/a.json";
  EXPECT_TRUE(save_plan(three_get_one(), file));
  const auto read = read_plan(file);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, three_get_one());
  EXPECT_FALSE(save_plan(three_get_one(), file + "/b.json"));
}

}  // namespace
}  // namespace stampede
