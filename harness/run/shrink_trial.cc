// Follows a plan's schedule, and counts steps at every choice.
#include "harness/run/shrink_trial.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "harness/strategy/replay.h"

namespace stampede {
namespace {

// A lenient replay that notes who was chosen, and each move from one actor to another.
class NotedReplay final : public Strategy {
 public:
  struct Move {
    Switch what;
    bool is_choice = false;    // not the default
    std::size_t decision = 0;  // its number
  };

  explicit NotedReplay(const Schedule& schedule) : replay_(schedule, Replay::Mode::lenient) {}

  void begin() override {
    replay_.begin();
    chosen_.clear();
    moves_.clear();
  }

  std::size_t choose(const Decision& decision) override {
    const std::size_t index = replay_.choose(decision);
    const std::uint32_t to = decision.candidates[index].process;
    const bool is_choice = index != decision.by_default;
    if (to != decision.last || is_choice) {
      moves_.push_back({{decision.last, decision.last_step, to}, is_choice, chosen_.size()});
    }
    chosen_.push_back(to);
    return index;
  }
  [[nodiscard]] const std::vector<Move>& moves() const { return moves_; }
  [[nodiscard]] const std::vector<std::uint32_t>& chosen() const { return chosen_; }

 private:
  Replay replay_;
  std::vector<std::uint32_t> chosen_;  // actors, one a decision
  std::vector<Move> moves_;
};

// How many decisions came before the step of that number, and the one that led to it. Who is chosen takes a step, or
// dies before it.
std::size_t decisions_until(std::span<const std::uint32_t> chosen, const std::vector<Step>& trace, std::size_t steps) {
  std::size_t taken = 0, decision = 0;
  for (const Step& step : trace) {
    if (step.stage != StageKind::run) continue;
    if (taken == steps) break;
    while (decision < chosen.size() && chosen[decision] != actor_step(step).actor) ++decision;
    ++decision;
    ++taken;
  }
  return decision;
}

// Names of directories alone: what a process does until its first operation looks at a file.
bool belongs_to_opening(const Step& step) {
  switch (step.kind) {
    case StepKind::open:
    case StepKind::make_directory:
    case StepKind::stat:
    case StepKind::stat_name:
    case StepKind::sync_directory:
      return step.path.find('/') == std::string::npos && step.path.find('.') == std::string::npos;
    default:
      return false;
  }
}

std::uint32_t opening_steps(const std::vector<Step>& steps, std::uint32_t process) {
  std::uint32_t count = 0;
  for (const Step& step : steps) {
    if (step.process != process) continue;
    if (belongs_to_opening(step)) count = step.own_step + 1;
    if (!belongs_to_opening(step) && step.kind != StepKind::now) break;
  }
  return count;
}

void note_operations(const Plan& plan, const SimOutcome& outcome, Trial& trial) {
  const std::size_t processes = plan.processes.size();
  trial.ranges.resize(processes);
  trial.operations_begun.assign(processes, 0);
  std::vector<std::uint32_t> next(processes, 0);    // own step with which the next operation begins
  std::vector<std::uint32_t> actors(processes, 1);  // of commands: the first one of the next operation
  const bool is_command = !plan.subject.empty();
  for (const OperationOutcome& operation : outcome.operations) {
    const std::uint32_t process = operation.process;
    if (operation.stage != StageKind::run || process >= processes) continue;
    const bool opens = operation.index == 0 && !is_command;
    const std::uint32_t first = opens ? opening_steps(trial.steps, process) : operation.first_step;
    trial.ranges[process].push_back({std::min(first, operation.end_step), operation.end_step});
    if (is_command) {
      trial.ranges[process].back().first_actor = std::exchange(actors[process], operation.actors);
      trial.ranges[process].back().end_actor = operation.actors;
    }
    if (operation.end_step <= trial.steps_taken[process]) ++trial.operations_begun[process];
    next[process] = operation.end_step;
  }
  for (std::size_t p = 0; p < processes; ++p) {
    // One that was under way.
    if (trial.steps_taken[p] > 0 && (trial.operations_begun[p] == 0 || trial.steps_taken[p] > next[p] ||
                                     trial.ranges[p].size() > trial.operations_begun[p])) {
      ++trial.operations_begun[p];
    }
    trial.operations_begun[p] = std::min<std::uint32_t>(trial.operations_begun[p], plan.processes[p].operations.size());
  }
}

void note_failure(const Plan& plan, const SimOutcome& outcome, const NotedReplay& replay, Trial& trial) {
  trial.all_switches = outcome.run.switches;
  std::uint64_t number = 0;
  for (const Step& step : outcome.trace) {
    if (++number > trial.violation->step && trial.violation->step != 0) break;
    if (step.stage == StageKind::run) trial.steps.push_back(step);
  }
  trial.steps_taken.assign(plan.processes.size(), 0);
  for (const Step& step : trial.steps) trial.steps_taken[step.process] = step.own_step + 1;
  const std::size_t decisions = decisions_until(replay.chosen(), outcome.trace, trial.steps.size());
  for (const NotedReplay::Move& move : replay.moves()) {
    if (move.decision >= decisions) break;
    trial.moves.push_back(move.what);
    if (move.is_choice) trial.switches.push_back(move.what);
  }
  for (std::uint32_t p = 0; p < outcome.run.ends.size(); ++p) {
    if (outcome.run.ends[p] == ProcessEnd::killed) trial.killed.push_back(p);
  }
  note_operations(plan, outcome, trial);
}

}  // namespace

Signature signature_of(const StepViolation& violation) {
  constexpr std::string_view kProcess = "process ";
  const bool is_process = violation.object.starts_with(kProcess);
  return {violation.invariant, is_process ? "a process" : violation.object, violation.stage};
}

FindViolation find_signature(Signature signature) {
  return [signature = std::move(signature)](const SimOutcome& outcome) -> std::optional<StepViolation> {
    for (const StepViolation& violation : outcome.violations) {
      if (signature_of(violation) == signature) return violation;
    }
    return std::nullopt;
  };
}

FindViolation find_as_first(std::string invariant) {
  const auto decided = std::make_shared<FindViolation>();
  return [decided, invariant = std::move(invariant)](const SimOutcome& outcome) -> std::optional<StepViolation> {
    const std::vector<StepViolation>& all = outcome.violations;
    if (all.empty()) return std::nullopt;
    if (*decided) return (*decided)(outcome);
    const auto one =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.invariant == invariant; });
    const StepViolation& first = one != all.end() ? *one : all.front();
    *decided = find_signature(signature_of(first));
    return first;
  };
}

RunTrial trial_with(SimRunner& runner, FindViolation find) {
  return [&runner, find = std::move(find)](const Plan& plan) {
    Trial trial;
    NotedReplay replay(plan.schedule);
    const SimOutcome& outcome = runner.run(plan, replay, {.keeps_steps = true});
    trial.uncontrolled = outcome.uncontrolled;
    trial.trace_hash = outcome.trace_hash;
    if (!outcome.uncontrolled.empty()) return trial;
    trial.violation = find(outcome);
    if (trial.violation) note_failure(plan, outcome, replay, trial);
    return trial;
  };
}

}  // namespace stampede
