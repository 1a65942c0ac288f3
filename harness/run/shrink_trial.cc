// Follows a plan's schedule, and counts steps at every choice.
#include "harness/run/shrink_trial.h"

#include <algorithm>
#include <utility>

#include "harness/strategy/replay.h"

namespace stampede {
namespace {

// A lenient replay that notes each move from one process to another, and how many steps had been taken by then.
class NotedReplay final : public Strategy {
 public:
  struct Move {
    Switch what;
    bool is_choice = false;                // not the default
    std::vector<std::uint32_t> own_steps;  // taken by each process before it, as far as was seen
  };

  NotedReplay(const Schedule& schedule, std::size_t processes)
      : replay_(schedule, Replay::Mode::lenient), own_steps_(processes, 0) {}

  void begin() override {
    replay_.begin();
    std::fill(own_steps_.begin(), own_steps_.end(), 0);
    moves_.clear();
  }

  // Whoever is no candidate and did not move last has taken no step since he was last seen.
  std::size_t choose(const Decision& decision) override {
    const std::size_t index = replay_.choose(decision);
    own_steps_.at(decision.last) = decision.last_step;
    for (const Candidate& candidate : decision.candidates) own_steps_.at(candidate.process) = candidate.own_step;
    const std::uint32_t to = decision.candidates[index].process;
    const bool is_choice = index != decision.by_default;
    if (to != decision.last || is_choice) {
      moves_.push_back({{decision.last, decision.last_step, to}, is_choice, own_steps_});
    }
    return index;
  }
  [[nodiscard]] const std::vector<Move>& moves() const { return moves_; }

 private:
  Replay replay_;
  std::vector<std::uint32_t> own_steps_;
  std::vector<Move> moves_;
};

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
  std::vector<std::uint32_t> next(processes, 0);  // own step with which the next operation begins
  for (const OperationOutcome& operation : outcome.operations) {
    const std::uint32_t process = operation.process;
    if (operation.stage != Stage::run || process >= processes) continue;
    const std::uint32_t first = operation.index == 0 ? opening_steps(trial.steps, process) : operation.first_step;
    trial.ranges[process].push_back({std::min(first, operation.end_step), operation.end_step});
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
    if (step.stage == Stage::run) trial.steps.push_back(step);
  }
  trial.steps_taken.assign(plan.processes.size(), 0);
  for (const Step& step : trial.steps) trial.steps_taken[step.process] = step.own_step + 1;
  for (const NotedReplay::Move& move : replay.moves()) {
    // Who was killed before a step has a key one higher than his steps.
    std::uint64_t before = 0;
    for (std::size_t p = 0; p < move.own_steps.size() && p < outcome.run.own_steps.size(); ++p) {
      before += std::min(move.own_steps[p], outcome.run.own_steps[p]);
    }
    if (before >= trial.steps.size()) break;
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

RunTrial trial_with(SimRunner& runner, FindViolation find) {
  return [&runner, find = std::move(find)](const Plan& plan) {
    Trial trial;
    NotedReplay replay(plan.schedule, plan.processes.size());
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
