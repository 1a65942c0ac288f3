// Lays the steps of a run out in lanes.
#include "harness/cli/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string_view>
#include <vector>

#include "cache/key.h"
#include "harness/faults/scripted_peers.h"
#include "harness/plan/model.h"
#include "harness/run/trace.h"

namespace stampede {
namespace {

constexpr std::string_view kBold = "\x1b[1m", kRed = "\x1b[31;1m", kYellow = "\x1b[33m", kDim = "\x1b[2m",
                           kPlain = "\x1b[0m";
constexpr std::size_t kPrefixWidth = 13;  // " 1234 123456 "

bool is_private(const Step& step) {
  switch (step.kind) {
    case StepKind::now:
    case StepKind::wall_time:
    case StepKind::random:
    case StepKind::self:
    case StepKind::liveness:
    case StepKind::resolve:
      return step.fault == StepFault::none;
    default:
      return false;
  }
}

// Short names for paths, in the order in which they are met.
class ShortNames {
 public:
  explicit ShortNames(const Plan& plan) {
    for (std::size_t i = 0; i < plan.models.size(); ++i) {
      const Model model = generated_model(plan.models[i].name, plan.models[i].size_bytes);
      add(modelcache::key_of(model.sha256), fmt::format("{}", i), plan.models[i].name);
      add(modelcache::key_of_url(ScriptedPeers::url(model)), fmt::format("U{}", i), plan.models[i].name + " by URL");
    }
    known_.emplace(modelcache::kManifestName, "M");
    known_.emplace("locks/" + std::string(modelcache::kManifestLockName), "LM");
  }

  std::string of(const std::string& path) {
    if (path.empty()) return "DIR";
    if (const auto found = known_.find(path); found != known_.end()) {
      used_[found->second] = path;
      return found->second;
    }
    if (path.starts_with("tmp/")) {
      const std::string name = fmt::format("T{}", ++temporaries_);
      known_.emplace(path, name);
      used_[name] = path;
      return name;
    }
    return path;
  }

  [[nodiscard]] std::string legend() const {
    std::string text;
    for (const auto& [name, path] : used_) {
      const auto title = titles_.find(name);
      text += fmt::format("  {:<4} {}{}\n", name, path, title == titles_.end() ? "" : "   (" + title->second + ")");
    }
    return text;
  }

 private:
  void add(const std::string& key, const std::string& number, const std::string& title) {
    const std::string entry = "E" + number, lock = "L" + number;
    known_.emplace("entries/" + key, entry);
    known_.emplace("locks/" + modelcache::lock_name(key), lock);
    titles_.emplace(entry, title);
  }

  std::map<std::string, std::string, std::less<>> known_, used_, titles_;
  std::size_t temporaries_ = 0;
};

// What the server did while the step was taken; empty for most steps.
std::string server_side(const Step& step, const LedgerEntry* accepted) {
  switch (step.kind) {
    case StepKind::connect: {
      if (step.error != 0) return "refuses";
      const std::string fault = accepted == nullptr ? "none" : print(accepted->fault);
      return fmt::format("accepts c{}{}", step.connection, fault == "none" ? "" : ": " + fault);
    }
    case StepKind::send:
      return step.error == 0 ? fmt::format("reads {} B of c{}", step.result, step.connection) : "";
    case StepKind::receive:
      if (step.error == ECONNRESET) return fmt::format("RST on c{}", step.connection);
      if (step.error == ETIMEDOUT) return fmt::format("silent on c{}", step.connection);
      if (step.error != 0) return "";
      return step.result == 0 ? fmt::format("FIN on c{}", step.connection)
                              : fmt::format("sends {} B on c{}", step.result, step.connection);
    default:
      return "";
  }
}

class Drawing {
 public:
  Drawing(const Plan& plan, const SimOutcome& outcome, const TimelineStyle& style)
      : plan_(plan), outcome_(outcome), style_(style), names_(plan) {
    const std::size_t lanes = plan.processes.size() + 1;
    lane_width_ = std::max<std::size_t>(12, (style.width - kPrefixWidth) / lanes);
  }

  std::string draw() {
    header();
    for (std::size_t i = 0; i < outcome_.run.own_steps.size(); ++i) {
      if (outcome_.run.own_steps[i] == 0) gone(i);  // killed before its first step
    }
    std::uint64_t number = 0;
    for (const Step& step : outcome_.trace) {
      ++number;
      if (step.kind == StepKind::connect && step.error == 0) {
        accepted_ = accepted_count_ < outcome_.ledger.size() ? &outcome_.ledger[accepted_count_] : nullptr;
        ++accepted_count_;
      }
      if (!is_shown(step)) {
        ++hidden_;
      } else {
        row(step, number);
      }
      after(step, number);
    }
    for (const StepViolation& violation : outcome_.violations) {
      if (violation.step == 0 || violation.step > number) violated(violation);
    }
    return "names\n" + names_.legend() + "\n" + text_ + footer();
  }

 private:
  [[nodiscard]] std::string paint(std::string_view colour, std::string_view text) const {
    return style_.has_colours ? fmt::format("{}{}{}", colour, text, kPlain) : std::string(text);
  }

  void header() {
    std::string line = fmt::format("{:>5} {:>6} ", "step", "us");
    for (std::size_t i = 0; i < plan_.processes.size(); ++i) line += cell(fmt::format("process {}", i));
    text_ += paint(kBold, line + "server") + "\n";
    line = std::string(kPrefixWidth, ' ');
    for (const PlanProcess& process : plan_.processes) {
      std::string operations;
      for (const Operation& operation : process.operations) {
        if (!operations.empty()) operations += ", ";
        operations += name_of(operation.kind);
        if (names_model(operation.kind)) operations += " " + plan_.models[operation.model].name;
      }
      line += cell(operations);
    }
    text_ += paint(kDim, line) + "\n";
  }

  // As wide as a lane. What does not fit is cut with a mark, before the result where there is room for that.
  [[nodiscard]] std::string cell(const std::string& text) const {
    constexpr std::string_view kMark = "..";
    constexpr std::size_t kHeadMin = 6;
    const std::size_t room = lane_width_ - 1;
    if (text.size() <= room) return text + std::string(lane_width_ - text.size(), ' ');
    const std::size_t result = std::min(text.rfind(" -> "), text.size());
    const std::string tail = text.substr(result);
    const std::size_t kept = tail.size() + kMark.size() + kHeadMin <= room ? tail.size() : 0;
    return text.substr(0, room - kMark.size() - kept) + std::string(kMark) + (kept == 0 ? "" : tail) + " ";
  }

  [[nodiscard]] bool is_shown(const Step& step) const {
    if (step.stage == StageKind::epilogue && !style_.shows_epilogue) return false;
    if (step.stage == StageKind::warm_up && !style_.shows_warm_up) return false;
    return style_.shows_private || !is_private(step);
  }

  std::string step_text(const Step& step) {
    Step named = step;
    named.path = step.connection == 0 ? names_.of(step.path) : step.path;
    if (!step.to_path.empty()) named.to_path = names_.of(step.to_path);
    std::string text = describe(named, true);
    const std::size_t at = step.connection == 0 ? std::string::npos : text.find(" connection ");
    return at == std::string::npos ? text : text.replace(at, 12, " c");
  }

  void row(const Step& step, std::uint64_t number) {
    if (step.stage != stage_) {
      stage_ = step.stage;
      text_ += paint(kDim, fmt::format("{:-<{}}", fmt::format("-- {} ", name_of(step.stage)), style_.width)) + "\n";
    }
    const bool is_switch =
        step.stage == StageKind::run && last_process_ && *last_process_ != step.process && can_go_on(*last_process_);
    std::string line =
        fmt::format("{:>5} {:>6} ", number, std::chrono::duration_cast<std::chrono::microseconds>(step.at).count());
    const std::size_t lane = step.stage == StageKind::run ? step.process : 0;
    std::string mark;
    if (step.fault != StepFault::none) mark = "! ";
    if (is_switch) mark = "> " + mark;
    for (std::size_t i = 0; i < plan_.processes.size(); ++i) {
      if (i != lane) {
        line += paint(kDim, cell(idle_mark(i)));
        continue;
      }
      const std::string text = cell(mark + step_text(step));
      line += step.fault != StepFault::none ? paint(kRed, text) : is_switch ? paint(kYellow, text) : text;
    }
    const std::string server = server_side(step, accepted_);
    const bool is_bad = server.find(':') != std::string::npos || server.starts_with("RST") || server == "refuses";
    line += is_bad ? paint(kRed, server) : server;
    while (line.ends_with(' ')) line.pop_back();
    text_ += line + "\n";
    if (step.stage == StageKind::run) last_process_ = step.process;
  }

  [[nodiscard]] bool can_go_on(std::size_t process) const {
    return !state_.contains(process) || state_.at(process) == "|";
  }
  [[nodiscard]] std::string idle_mark(std::size_t process) const {
    const auto found = state_.find(process);
    return found == state_.end() ? "" : found->second;
  }

  // What the step leaves its process in, the ends of operations, and what was violated.
  void after(const Step& step, std::uint64_t number) {
    if (step.stage == StageKind::run) {
      const bool waits = step.kind == StepKind::sleep_until;
      state_[step.process] = waits ? "~" : "|";
      for (const OperationOutcome& operation : outcome_.operations) {
        if (operation.stage == StageKind::run && operation.process == step.process &&
            operation.end_step == step.own_step + 1) {
          ended(operation);
        }
      }
      if (step.own_step + 1 == outcome_.run.own_steps[step.process]) gone(step.process);
    }
    for (const StepViolation& violation : outcome_.violations) {
      if (violation.step == number) violated(violation);
    }
  }

  void lane_note(std::size_t lane, const std::string& note, std::string_view colour) {
    std::string line(kPrefixWidth + lane * lane_width_, ' ');
    text_ += line + paint(colour, note) + "\n";
  }

  void ended(const OperationOutcome& operation) {
    std::string note = fmt::format("= {}", name_of(operation.operation.kind));
    if (names_model(operation.operation.kind)) note += " " + plan_.models.at(operation.operation.model).name;
    if (operation.error) {
      note += fmt::format(": {}", operation.message);
    } else {
      note += operation.claims_hit ? ": hit" : ": done";
      if (!operation.path.empty()) note += ", " + names_.of(operation.path);
    }
    lane_note(operation.process, note, operation.error ? kRed : kBold);
  }

  void gone(std::size_t process) {
    const ProcessEnd end = outcome_.run.ends[process];
    state_[process] = end == ProcessEnd::ended ? "" : "x";
    if (end == ProcessEnd::killed) lane_note(process, "x killed", kRed);
    if (end == ProcessEnd::abandoned) lane_note(process, "x not done: " + outcome_.run.stuck, kRed);
  }

  void violated(const StepViolation& violation) {
    text_ += paint(kRed, fmt::format("      ****** VIOLATED {}: {}", violation.invariant, violation.what)) + "\n";
  }

  [[nodiscard]] std::string footer() const {
    std::string text = fmt::format("\n{} steps", outcome_.steps);
    if (hidden_ != 0) text += fmt::format(", {} of them not shown (clocks, numbers, warm-up, epilogue)", hidden_);
    return text + fmt::format("; {} preemptions; trace {}\n", outcome_.run.preemptions, hash_text(outcome_.trace_hash));
  }

  const Plan& plan_;
  const SimOutcome& outcome_;
  const TimelineStyle& style_;
  ShortNames names_;
  std::size_t lane_width_ = 0;
  std::string text_;
  StageKind stage_ = StageKind::run;
  std::optional<std::size_t> last_process_;
  std::map<std::size_t, std::string> state_;
  std::uint64_t hidden_ = 0;
  // The ledger has the connections in the order in which they were accepted.
  std::size_t accepted_count_ = 0;
  const LedgerEntry* accepted_ = nullptr;
};

}  // namespace

std::string draw_timeline(const Plan& plan, const SimOutcome& outcome, const TimelineStyle& style) {
  return Drawing(plan, outcome, style).draw();
}

}  // namespace stampede
