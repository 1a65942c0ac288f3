// Tells a failing and a passing run by the steps that matter to each other.
#include "harness/cli/explanation_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/cli/step_words.h"
#include "harness/judge/step_judge.h"
#include "harness/run/causal_order.h"
#include "harness/run/plan_candidates.h"

namespace stampede {
namespace {

constexpr std::size_t kWidth = 100;
// Of one process in a row; what is longer is cut in the middle, and counted.
constexpr std::size_t kRowMax = 12;

// At spaces, every line but the first behind `indent`. What the text begins with stays.
std::string wrapped(const std::string& text, std::size_t indent) {
  std::string result;
  std::size_t at = 0;
  while (text.size() - at > kWidth - (at == 0 ? 0 : indent)) {
    const std::size_t room = kWidth - (at == 0 ? 0 : indent);
    std::size_t end = text.rfind(' ', at + room);
    if (end == std::string::npos || end <= at + (at == 0 ? indent : 0))
      end = std::min(text.find(' ', at + room), text.size());
    result += text.substr(at, end - at) + "\n" + std::string(indent, ' ');
    at = std::min(end + 1, text.size());
  }
  return result + text.substr(at) + "\n";
}

std::string sentence_of(const std::string& invariant) {
  for (const WatchedInvariant& each : watched_invariants()) {
    if (each.id == invariant) return std::string(each.sentence);
  }
  return "";
}

std::string operations_of(const Plan& plan, std::size_t process) {
  std::string text;
  for (const Operation& operation : plan.processes[process].operations) {
    text += fmt::format("{}{}", text.empty() ? "" : ", then ", name_of(operation.kind));
    if (names_model(operation.kind)) text += " " + plan.models[operation.model].name;
  }
  return text.empty() ? "does nothing" : text;
}

class Telling {
 public:
  explicit Telling(const Explanation& explanation)
      : explanation_(explanation), failing_(explanation.failing), words_(failing_.plan) {}

  std::string tell() {
    broken();
    cast();
    text_ += "\nHow it fails. Steps that nobody else can see, or that change nothing for others, are left out.\n\n";
    run(failing_, failing_pair());
    text_ += wrapped("      ****** " + words_.shortened(failing_.violation->what), 13);
    nearest();
    return text_;
  }

 private:
  struct Line {
    std::string text;
    bool matters = false;
  };
  // Places of the pair's steps in a run, with their letters.
  struct Marks {
    std::optional<std::size_t> a, b;
  };
  [[nodiscard]] Marks failing_pair() const {
    if (!explanation_.pair) return {};
    return {explanation_.pair->first, explanation_.pair->second};
  }

  void broken() {
    const StepViolation& violation = *failing_.violation;
    text_ += wrapped(fmt::format("Broken:   {}: {}", violation.invariant, words_.shortened(violation.what)), 10);
    if (const std::string sentence = sentence_of(violation.invariant); !sentence.empty()) {
      text_ += wrapped("Promised: " + sentence, 10);
    }
  }

  void cast() {
    text_ += wrapped("Plan:     " + print_line(failing_.plan), 10) + "\n";
    for (std::size_t i = 0; i < failing_.plan.processes.size(); ++i) {
      text_ += wrapped(fmt::format("  process {}: {}", i, operations_of(failing_.plan, i)), 13);
    }
  }

  static bool decides_much(const Step& step) {
    return step.kind == StepKind::rename || step.kind == StepKind::unlink || step.kind == StepKind::try_lock ||
           step.kind == StepKind::truncate || step.fault != StepFault::none;
  }

  // Whether somebody else's step in that run depends on it, or it on theirs; faults and renames are always told.
  static std::vector<bool> telling_steps(const std::vector<Step>& steps) {
    std::vector<bool> is_told(steps.size(), false);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].fault != StepFault::none || steps[i].kind == StepKind::rename) is_told[i] = true;
      for (std::size_t j = i + 1; j < steps.size(); ++j) {
        if (!conflict(steps[i], steps[j])) continue;
        is_told[i] = is_told[j] = true;
      }
    }
    return is_told;
  }

  // What a process does in a row. Where that is long, steps that matter less are left out from its middle, and counted.
  void block(const std::vector<Line>& lines) {
    constexpr std::size_t kHead = 3, kTail = 4;
    std::size_t left_out = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const bool is_kept = lines.size() <= kRowMax || i < kHead || i + kTail >= lines.size() || lines[i].matters;
      if (!is_kept) {
        ++left_out;
        continue;
      }
      if (left_out > 0) text_ += fmt::format("              ... {} more\n", std::exchange(left_out, 0));
      text_ += lines[i].text;
    }
  }

  void run(const ExplainedRun& told, const Marks& marks) {
    const std::vector<bool> is_told = telling_steps(told.steps);
    std::vector<Line> lines;
    std::optional<std::uint32_t> last;
    for (std::size_t i = 0; i < told.steps.size(); ++i) {
      const Step& step = told.steps[i];
      if (last != step.process) {
        block(std::exchange(lines, {}));
        text_ += fmt::format("  process {}{}\n", step.process, last && step.own_step > 0 ? " goes on" : "");
        last = step.process;
      }
      const bool is_marked = i == marks.a || i == marks.b;
      if (!is_told[i] && !is_marked && i + 1 != told.steps.size()) continue;
      lines.push_back({line(step, i, marks), is_marked || decides_much(step)});
    }
    block(lines);
  }

  // Of commands, the one that takes the step.
  static std::string program(const Step& step) { return step.program.empty() ? "" : step.program + " "; }
  static std::string program_in(const Step& step) { return step.program.empty() ? "" : "(" + step.program + ") "; }

  [[nodiscard]] std::string line(const Step& step, std::size_t place, const Marks& marks) const {
    const std::string_view mark = place == marks.a ? "(A)" : place == marks.b ? "(B)" : "   ";
    const std::string_view fault = step.fault == StepFault::none ? "" : "  [a fault of the plan]";
    return wrapped(fmt::format("    {} {:>4}  {}{}{}", mark, step.own_step, program(step), words_.of(step), fault), 14);
  }

  // "process 1"; where others work for it, which one: "curl (actor 129) of process 1", by what it was last.
  [[nodiscard]] std::string actor(std::uint32_t number) const {
    std::string process = fmt::format("process {}", planned_process(number));
    if (number < kPlanProcessesMax) return process;
    for (const ExplainedRun* const told : {&failing_, &*explanation_.passing}) {
      for (std::size_t i = told->steps.size(); i-- > 0;) {
        const Step& step = told->steps[i];
        if (actor_step(step).actor == number) return fmt::format("{} (actor {}) of {}", step.program, number, process);
      }
    }
    return fmt::format("actor {} of {}", number, process);
  }

  [[nodiscard]] std::string change() const {
    const Switch& each = failing_.plan.schedule.switches.at(explanation_.changed_switch);
    if (explanation_.change == Explanation::Change::switch_dropped) {
      return fmt::format("{} is not held up before its step {} to let {} go first", actor(each.process), each.step,
                         actor(each.to));
    }
    const std::int64_t count = std::abs(explanation_.moved_by);
    return fmt::format("{} takes {} step{} {} before {} moves", actor(each.process), count, count == 1 ? "" : "s",
                       explanation_.moved_by > 0 ? "more" : "fewer", actor(each.to));
  }

  void nearest() {
    text_ += "\n";
    switch (explanation_.change) {
      case Explanation::Change::none:
        text_ += failing_.plan.schedule.switches.empty() && size_of(failing_.plan).faults == 0
                     ? "It takes no particular order of steps and no fault: it fails always.\n"
                     : "No single switch, and no single fault, can be changed so that all holds.\n";
        return;
      case Explanation::Change::fault_dropped:
        text_ += wrapped("It does not take a particular order of steps. What it takes is a fault; all holds with", 0);
        text_ += wrapped("  " + print_line(explanation_.passing->plan), 2);
        return;
      default:
        break;
    }
    text_ += wrapped(fmt::format("The nearest run in which all holds: {}.", change()), 0);
    if (!explanation_.pair) return;
    decides();
    text_ += "\nHow it holds, as far as it concerns (A) and (B):\n\n";
    window();
  }

  void decides() {
    const Step& a = failing_.steps[explanation_.pair->first];
    const Step& b = explanation_.passing->steps[explanation_.pair->second_passing];
    text_ += "\nWhat decides is the order of two steps:\n\n";
    text_ += wrapped(fmt::format("  (A) process {} {}{}", a.process, program_in(a), words_.of(a)), 6);
    text_ += wrapped(fmt::format("  (B) process {} {}{}", b.process, program_in(b), words_.of(b)), 6);
    text_ += "\n  (A) before (B): it fails.   (B) before (A): all holds.\n";
  }

  // Of the passing run, from before the first of both to some steps after the second.
  void window() {
    constexpr std::size_t kBefore = 3, kAfter = 6;
    const ExplainedRun& passing = *explanation_.passing;
    auto is_told = telling_steps(passing.steps);
    is_told.at(explanation_.pair->first_passing) = is_told.at(explanation_.pair->second_passing) = true;
    std::vector<std::size_t> told;
    for (std::size_t i = 0; i < passing.steps.size(); ++i) {
      if (is_told[i]) told.push_back(i);
    }
    const auto place_of = [&](std::size_t step) {
      return static_cast<std::size_t>(std::lower_bound(told.begin(), told.end(), step) - told.begin());
    };
    const std::size_t b = place_of(explanation_.pair->second_passing), a = place_of(explanation_.pair->first_passing);
    ExplainedRun part;
    Marks marks;
    for (std::size_t i = b - std::min(b, kBefore); i < std::min(told.size(), a + kAfter + 1); ++i) {
      if (i == a) marks.a = part.steps.size();
      if (i == b) marks.b = part.steps.size();
      part.steps.push_back(passing.steps[told[i]]);
    }
    run_window(part.steps, marks);
  }

  void run_window(const std::vector<Step>& steps, const Marks& marks) {
    std::optional<std::uint32_t> last;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (last != steps[i].process) text_ += fmt::format("  process {}\n", steps[i].process);
      last = steps[i].process;
      text_ += line(steps[i], i, marks);
    }
  }

  const Explanation& explanation_;
  const ExplainedRun& failing_;
  StepWords words_;
  std::string text_;
};

}  // namespace

std::string text_of(const Explanation& explanation) { return Telling(explanation).tell(); }

}  // namespace stampede
