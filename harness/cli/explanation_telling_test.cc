// The exact words of explanations that are made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <string>

#include "cache/key.h"
#include "harness/cli/explanation_text.h"
#include "harness/cli/names_for_test.h"
#include "harness/judge/step_judge.h"
#include "harness/plan/model.h"

namespace stampede {
namespace {

using testing::HasSubstr;
using testing::Not;
using Change = Explanation::Change;

Step step_of(std::uint32_t process, std::uint32_t own_step, StepKind kind, const std::string& path, int error = 0) {
  Step step;
  step.process = process;
  step.own_step = own_step;
  step.kind = kind;
  step.path = path;
  step.error = error;
  return step;
}

// Process 0 looks for the entry, and process 1 removes it.
Explanation one_removes_what_the_other_looks_for() {
  Explanation told;
  Plan& plan = told.failing.plan;
  plan.models = {{"m0", 10}};
  plan.processes.resize(2);
  plan.processes[0].operations = {{OperationKind::get, 0}};
  plan.processes[1].operations = {{OperationKind::remove, 0}, {OperationKind::list}};
  plan.schedule.switches = {{0, 2, 1}, {1, 2, 0}};
  told.failing.violation = StepViolation{.invariant = "planted", .object = "m0", .what = kEntry + " is gone"};
  told.failing.steps = {step_of(0, 0, StepKind::now, ""),
                        step_of(0, 1, StepKind::stat_name, kEntry),
                        step_of(1, 0, StepKind::now, ""),
                        step_of(1, 1, StepKind::unlink, kEntry),
                        step_of(0, 2, StepKind::open, kEntry, ENOENT),
                        step_of(0, 3, StepKind::now, "")};
  told.passing = ExplainedRun{.plan = plan, .steps = {}, .violation = {}};
  told.passing->steps = {step_of(0, 0, StepKind::now, ""), step_of(1, 0, StepKind::now, ""),
                         step_of(1, 1, StepKind::unlink, kEntry), step_of(0, 1, StepKind::stat_name, kEntry, ENOENT),
                         step_of(0, 2, StepKind::now, "")};
  told.change = Change::switch_moved;
  told.moved_by = -1;
  told.pair = RacingPair{.first = 1, .second = 3, .second_passing = 2, .first_passing = 3};
  return told;
}

TEST(ExplanationTelling, SaysWhatBreaksHowAndWhatDecides) {
  EXPECT_EQ(text_of(one_removes_what_the_other_looks_for()),
            "Broken:   planted: entries/(m0) is gone\n"
            "Plan:     2 processes, m0 10 B: get m0 | remove m0, list; 2 switches\n"
            "\n"
            "  process 0: get m0\n"
            "  process 1: remove m0, then list\n"
            "\n"
            "How it fails. Steps that nobody else can see, or that change nothing for others, are left out.\n"
            "\n"
            "  process 0\n"
            "    (A)    1  looks at the entry of m0\n"
            "  process 1\n"
            "    (B)    1  removes the entry of m0\n"
            "  process 0 goes on\n"
            "           2  looks for the entry of m0 and finds none\n"
            "           3  asks the system (now)\n"
            "      ****** entries/(m0) is gone\n"
            "\n"
            "The nearest run in which all holds: process 0 takes 1 step fewer before process 1 moves.\n"
            "\n"
            "What decides is the order of two steps:\n"
            "\n"
            "  (A) process 0 looks at the entry of m0\n"
            "  (B) process 1 removes the entry of m0\n"
            "\n"
            "  (A) before (B): it fails.   (B) before (A): all holds.\n"
            "\n"
            "How it holds, as far as it concerns (A) and (B):\n"
            "\n"
            "  process 1\n"
            "    (B)    1  removes the entry of m0\n"
            "  process 0\n"
            "    (A)    1  looks at the entry of m0, but there is none\n");
}

TEST(ExplanationTelling, RepeatsThePromiseOfAnInvariantThatIsKnown) {
  Explanation told = one_removes_what_the_other_looks_for();
  told.failing.violation->invariant = "only_the_dead_are_swept";
  EXPECT_THAT(text_of(told), HasSubstr("\nPromised: Nobody removes or moves the temporary of another process that "
                                       "lives.\nPlan:     "));
}

// The sentence that says what is nearest, as one line.
std::string nearest_of(const Explanation& told) {
  std::string text = text_of(told);
  text.erase(0, text.find("\n\n", text.find("******")) + 2);
  text.erase(std::min(text.find("\n\n"), text.size() - 1));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

TEST(ExplanationTelling, SaysWhichSwitchWasChangedAndHow) {
  Explanation told = one_removes_what_the_other_looks_for();
  const struct {
    Change change;
    std::size_t which;
    std::int64_t by;
    std::string text;
  } cases[] = {
      {Change::switch_moved, 0, 1, "process 0 takes 1 step more before process 1 moves."},
      {Change::switch_moved, 1, 2, "process 1 takes 2 steps more before process 0 moves."},
      {Change::switch_moved, 1, -3, "process 1 takes 3 steps fewer before process 0 moves."},
      {Change::switch_dropped, 0, 0, "process 0 is not held up before its step 2 to let process 1 go first."},
  };
  for (const auto& c : cases) {
    told.change = c.change;
    told.changed_switch = c.which;
    told.moved_by = c.by;
    EXPECT_EQ(nearest_of(told), "The nearest run in which all holds: " + c.text);
  }
  told.pair.reset();
  EXPECT_THAT(text_of(told), Not(HasSubstr("What decides")));
  EXPECT_TRUE(text_of(told).ends_with("to let process 1 go\nfirst.\n")) << text_of(told);
}

TEST(ExplanationTelling, SaysWhereNoSwitchHelps) {
  Explanation told = one_removes_what_the_other_looks_for();
  told.change = Change::none;
  const std::string no_single = "No single switch, and no single fault, can be changed so that all holds.";
  EXPECT_EQ(nearest_of(told), no_single);
  told.failing.plan.schedule.switches.clear();
  EXPECT_EQ(nearest_of(told), "It takes no particular order of steps and no fault: it fails always.");
  EXPECT_TRUE(text_of(told).ends_with("it fails always.\n"));
  told.failing.plan.process_faults = {{.kind = ProcessFaultKind::kill_before, .process = 1, .step = 7}};
  EXPECT_EQ(nearest_of(told), no_single);
  told.change = Change::fault_dropped;
  EXPECT_TRUE(text_of(told).ends_with(
      "is gone\n\nIt does not take a particular order of steps. What it takes is a fault; all holds with\n"
      "  2 processes, m0 10 B: get m0 | remove m0, list; 2 switches\n"))
      << text_of(told);
}

TEST(ExplanationTelling, NamesTheActorsOfCommandsByWhatTheyWereLast) {
  Explanation told = one_removes_what_the_other_looks_for();
  told.failing.plan.schedule.switches = {{129, 3, 64}};
  told.change = Change::switch_dropped;
  EXPECT_EQ(nearest_of(told).substr(36),
            "actor 129 of process 1 is not held up before its step 3 to let actor 64 of process 0 go first.");
  const auto as = [](Step& step, const char* program, std::uint32_t actor, std::uint32_t own_step) {
    step.program = program;
    step.actor = ActorStep{actor, own_step};
  };
  as(told.failing.steps[2], "sh", 129, 0);
  as(told.failing.steps[3], "curl", 129, 1);
  as(told.passing->steps[2], "wget", 129, 0);
  as(told.passing->steps[3], "mv", 64, 2);
  EXPECT_EQ(
      nearest_of(told).substr(36),
      "curl (actor 129) of process 1 is not held up before its step 3 to let mv (actor 64) of process 0 go first.");
  const std::string text = text_of(told);
  EXPECT_THAT(text, HasSubstr("\n    (B)    1  curl removes the entry of m0\n"));
  EXPECT_THAT(text, HasSubstr("\n  (A) process 0 looks at the entry of m0\n"));
  EXPECT_THAT(text, HasSubstr("\n  (B) process 1 (wget) removes the entry of m0\n"));
}

TEST(ExplanationTelling, MarksOnlyWhatHappenedInEachRun) {
  Explanation told = one_removes_what_the_other_looks_for();
  told.pair->second.reset();
  told.failing.steps[3].kind = StepKind::stat_name;  // it went another way
  const std::string text = text_of(told);
  const std::string failing = text.substr(0, text.find("What decides"));
  EXPECT_THAT(failing, HasSubstr("    (A)    1  looks at the entry of m0\n"));
  EXPECT_THAT(failing, Not(HasSubstr("(B)")));
  EXPECT_THAT(text, HasSubstr("\n  (B) process 1 removes the entry of m0\n"));
}

TEST(ExplanationTelling, MarksAPairThatTouchesNothingInCommon) {
  Explanation told = one_removes_what_the_other_looks_for();
  for (ExplainedRun* const run : {&told.failing, &*told.passing}) {
    for (Step& step : run->steps) {
      step.kind = step.process == 0 ? StepKind::read : StepKind::write;
      step.path = step.process == 0 ? "a" : "b";
      step.error = 0;
    }
  }
  const std::string text = text_of(told);
  EXPECT_THAT(text, HasSubstr("\n  process 0\n    (A)    1  comes to the end of the folder a\n  process 1\n    (B)    1"
                              "  writes 0 bytes to the folder b\n  process 0 goes on\n"
                              "           3  comes to the end of the folder a\n"));
  EXPECT_TRUE(
      text.ends_with("\n\n  process 1\n    (B)    1  writes 0 bytes to the folder b\n  process 0\n    (A)    1"
                     "  comes to the end of the folder a\n"))
      << text;
}

// A run of steps of process 0 alone, told for its faults, after one of process 1.
std::string block_of(std::size_t steps, std::size_t renamed = 1000) {
  Explanation told = one_removes_what_the_other_looks_for();
  told.pair.reset();
  told.change = Change::none;
  told.failing.steps = {step_of(1, 0, StepKind::rename, "x")};
  for (std::uint32_t i = 0; i < steps; ++i) {
    told.failing.steps.push_back(step_of(0, i, i == renamed ? StepKind::rename : StepKind::stat_name, kEntry));
  }
  // What each conflicts with comes last, of another process.
  told.failing.steps.push_back(step_of(1, 1, StepKind::unlink, kEntry));
  const std::string text = text_of(told);
  const std::string begin = "  process 0\n", end = "  process 1 goes on\n";
  const std::size_t at = text.find(begin, text.find("How it fails")) + begin.size();
  std::string shown;
  std::istringstream lines(text.substr(at, text.find(end) - at));
  for (std::string line; std::getline(lines, line);) {
    shown +=
        (line.find("...") == std::string::npos ? std::to_string(std::stoi(line.substr(8, 4))) : line.substr(14)) + ";";
  }
  return shown;
}

TEST(ExplanationTelling, LeavesOutTheMiddleOfALongRowAndCountsIt) {
  EXPECT_EQ(block_of(12), "0;1;2;3;4;5;6;7;8;9;10;11;");
  EXPECT_EQ(block_of(13), "0;1;2;... 6 more;9;10;11;12;");
  EXPECT_EQ(block_of(13, 5), "0;1;2;... 2 more;5;... 3 more;9;10;11;12;");
}

TEST(ExplanationTelling, KeepsStepsThatDecideMuch) {
  // In a long row, at a place that is left out otherwise.
  const auto is_kept = [](const Step& step) {
    Explanation told = one_removes_what_the_other_looks_for();
    told.change = Change::none;
    told.pair.reset();
    told.failing.steps.clear();
    for (std::uint32_t i = 0; i < 20; ++i) told.failing.steps.push_back(step_of(0, i, StepKind::stat_name, kEntry));
    told.failing.steps[8] = step;
    told.failing.steps.push_back(step_of(1, 0, StepKind::unlink, kEntry));
    return text_of(told).find("           8  ") != std::string::npos;
  };
  Step faulty = step_of(0, 8, StepKind::open, kEntry);
  EXPECT_FALSE(is_kept(faulty));
  faulty.fault = StepFault::error;
  EXPECT_TRUE(is_kept(faulty));
  for (const StepKind kind : {StepKind::rename, StepKind::unlink, StepKind::try_lock, StepKind::truncate}) {
    EXPECT_TRUE(is_kept(step_of(0, 8, kind, kEntry))) << name_of(kind);
  }
  EXPECT_FALSE(is_kept(step_of(0, 8, StepKind::write, kEntry)));
}

TEST(ExplanationTelling, SaysWhichStepsMetAFaultOfThePlan) {
  Explanation told = one_removes_what_the_other_looks_for();
  told.failing.steps[0].fault = StepFault::error;  // told, although nobody else can see it
  EXPECT_THAT(text_of(told), HasSubstr("  process 0\n           0  asks the system (now)  [a fault of the plan]\n"));
}

TEST(ExplanationTelling, ShowsThePassingRunFromABitBeforeBothToABitAfter) {
  Explanation told = one_removes_what_the_other_looks_for();
  told.passing->steps.clear();
  for (std::uint32_t i = 0; i < 6; ++i) told.passing->steps.push_back(step_of(0, i, StepKind::stat_name, kEntry));
  told.passing->steps.push_back(step_of(1, 0, StepKind::unlink, kEntry));
  for (std::uint32_t i = 6; i < 20; ++i) {
    told.passing->steps.push_back(step_of(0, i, i % 2 == 0 ? StepKind::now : StepKind::stat_name, kEntry));
  }
  told.pair->second_passing = 6;
  told.pair->first_passing = 8;
  const std::string text = text_of(told);
  std::string numbers;
  std::istringstream lines(text.substr(text.find("How it holds")));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("    ")) numbers += line.substr(4, 9) + ";";
    if (line.starts_with("  process")) numbers += line + ";";
  }
  EXPECT_EQ(numbers,
            "  process 0;       3 ;       4 ;       5 ;  process 1;(B)    0 ;  process 0;(A)    7 ;       9 ;      11 "
            ";      13 ;      15 ;      17 ;"
            "      19 ;");
}

TEST(ExplanationTelling, BreaksLinesAtAHundredColumns) {
  const auto broken = [](const std::string& what) {
    Explanation told = one_removes_what_the_other_looks_for();
    told.failing.violation->what = what;
    const std::string text = text_of(told);
    return text.substr(0, text.find("Plan:"));
  };
  const std::string head = "Broken:   planted: ", indent(10, ' ');
  const std::string fits(100 - head.size() - 2, 'a');
  EXPECT_EQ(broken(fits + " b"), head + fits + " b\n");
  EXPECT_EQ(broken(fits + "aa b"), head + fits + "aa\n" + indent + "b\n");
  EXPECT_EQ(broken(fits + " bb"), head + fits + "\n" + indent + "bb\n");
  EXPECT_EQ(broken(std::string(82, 'a')), "Broken:   planted:\n" + indent + std::string(82, 'a') + "\n");
  EXPECT_EQ(broken(fits + " " + std::string(90, 'b') + " c"),
            head + fits + "\n" + indent + std::string(90, 'b') + "\n" + indent + "c\n");
  EXPECT_EQ(broken(fits + " " + std::string(88, 'b') + " c"),
            head + fits + "\n" + indent + std::string(88, 'b') + " c\n");
  EXPECT_EQ(broken("a " + std::string(120, 'b') + " c"),
            head + "a\n" + indent + std::string(120, 'b') + "\n" + indent + "c\n")
      << "no word is broken";
}

TEST(ExplanationTelling, GoesOnBehindTheIndentOfEachKindOfLine) {
  const std::string name(85, 'n');
  Explanation told = one_removes_what_the_other_looks_for();
  told.failing.plan.models = told.passing->plan.models = {{name, 10}};
  const std::string entry = "entries/" + modelcache::key_of(generated_model(name, 10).sha256);
  for (ExplainedRun* const run : {&told.failing, &*told.passing}) {
    for (Step& step : run->steps) step.path = step.path.empty() ? "" : entry;
  }
  told.failing.violation->what = entry + " is gone";
  const auto after = [&](const std::string& head, std::size_t indent) {
    return HasSubstr("\n" + head + "\n" + std::string(indent, ' ') + name);
  };
  const std::string text = text_of(told);
  EXPECT_THAT(text, HasSubstr("\n" + std::string(10, ' ') + name + " 10\n" + std::string(10, ' ') + "B: get\n"));
  EXPECT_THAT(text, after("  process 0: get", 13));
  EXPECT_THAT(text, after("    (A)    1  looks at the entry of", 14));
  EXPECT_THAT(text, HasSubstr("\n      ****** entries/(" + name + ")\n" + std::string(13, ' ') + "is gone\n"));
  EXPECT_THAT(text, after("  (A) process 0 looks at the entry of", 6));
  EXPECT_THAT(text, after("  (B) process 1 removes the entry of", 6));
  told.change = Change::fault_dropped;
  EXPECT_THAT(text_of(told), HasSubstr("all holds with\n  2 processes, " + name + "\n  10 B: get " + name + " |\n"));
}

TEST(ExplanationTelling, NamesProcessesThatDoNothing) {
  Explanation told = one_removes_what_the_other_looks_for();
  told.failing.plan.processes[1].operations.clear();
  EXPECT_THAT(text_of(told), HasSubstr("\n  process 1: does nothing\n"));
}

}  // namespace
}  // namespace stampede
