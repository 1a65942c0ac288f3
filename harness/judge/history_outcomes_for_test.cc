// Outcomes, ends, and what a judge made of a history.
#include <gtest/gtest.h>

#include <cerrno>

#include "harness/judge/history_for_test.h"

namespace stampede {

OperationOutcome History::outcome() const {
  OperationOutcome outcome;
  outcome.stage = stage_;
  outcome.process = process_;
  const auto index = operations_.find(process_);
  outcome.index = index == operations_.end() ? 0 : index->second;
  outcome.operation = stage_ == StageKind::run ? plan_.processes.at(process_).operations.at(outcome.index)
                                               : Operation{OperationKind::get, outcome.index};
  const auto first = first_steps_.find(process_);
  outcome.first_step = first == first_steps_.end() ? 0 : first->second;
  const auto steps = own_steps_.find(process_);
  outcome.end_step = steps == own_steps_.end() ? 0 : steps->second;
  outcome.path = entry(outcome.operation.model);
  return outcome;
}

void History::ends(const OperationOutcome& outcome) {
  if (record_) {
    record_->enter(outcome.stage, disk_);
    record_->begin_outcome(outcome);
    record_->end_outcome(outcome);
  }
  command_judge_ ? command_judge_->on_operation(outcome, disk_) : judge_->on_operation(outcome, disk_);
  ++operations_[process_];
  first_steps_[process_] = own_steps_[process_];
}

void History::succeeds(bool claims_hit) {
  OperationOutcome outcome = this->outcome();
  outcome.claims_hit = claims_hit;
  outcome.claimed_attempts = claims_hit ? 0 : 1;
  ends(outcome);
}

void History::fails_with(modelcache::ErrorCode code) {
  OperationOutcome outcome = this->outcome();
  outcome.error = code;
  outcome.message = "step place: detail";
  outcome.path.clear();
  ends(outcome);
}

void History::process_ends(ProcessEnd end) {
  gone_.insert(process_);
  ends_.at(process_) = end;
  if (record_) record_->end_process(process_);
  if (command_judge_) {
    command_judge_->on_process_end(process_, end);
  } else {
    judge_->on_process_end(process_, end, disk_);
  }
}

void History::stage_ends(StageEnd end) {
  for (std::uint32_t process = 0; process < ends_.size(); ++process) {
    process_ = process;
    if (!gone_.contains(process)) process_ends();
  }
  end.ends = ends_;
  if (record_) {
    record_->enter(stage_, disk_);
    record_->end_stage();
  }
  if (command_judge_) {
    command_judge_->on_stage_end(stage_, end, ledger_, disk_);
  } else {
    judge_->on_stage_end(stage_, end, ledger_, disk_);
  }
}

void History::epilogue() {
  begin_stage(StageKind::epilogue);
  make_cache();
  for (std::size_t i = 0; i < models_.size(); ++i) {
    if (disk_.file_at(entry(i)) != 0) {
      hit(i);
    } else {
      miss(i);
    }
  }
  stage_ends();
}

void History::finish() {
  stage_ends();
  epilogue();
}

const std::vector<StepViolation>& History::violations() const {
  return command_judge_ ? command_judge_->violations() : judge_->violations();
}

std::set<std::string> History::violated() const {
  std::set<std::string> ids;
  for (const StepViolation& violation : violations()) ids.insert(violation.invariant);
  return ids;
}

std::vector<std::string> History::lines() const { return lines_of(violations()); }

std::vector<std::string> History::lines_about(std::string_view invariant) const {
  std::vector<std::string> found = lines();
  std::erase_if(found, [&](const std::string& line) { return !line.starts_with(invariant); });
  return found;
}

std::string History::told() const {
  std::string text;
  for (const std::string& line : lines()) text += line + "\n";
  return text;
}

Plan History::shifted_plan(Plan plan) {
  std::swap(plan.processes.at(0), plan.processes.at(1));
  auto& operations = plan.processes[1].operations;
  operations.insert(operations.begin(), 2, {OperationKind::list, 0});
  return plan;
}

void History::shift() {
  is_shifted_ = true;
  by(0);
  for (const int steps : {2, 3}) {
    for (int i = 0; i < steps; ++i) open("tmp/none", modelcache::OpenMode::read, is_told(ENOENT));
    OperationOutcome outcome = this->outcome();
    for (std::size_t model = 0; model < models_.size(); ++model) {
      if (disk_.file_at(entry(model)) != 0) outcome.entries.emplace_back().key = key(model);
    }
    ends(outcome);
  }
}

std::vector<std::string> History::shifted(std::vector<std::string> lines) {
  const auto add = [](std::string& line, const std::string& before, int more) {
    for (std::size_t at = line.find(before); at != std::string::npos; at = line.find(before, at + 1)) {
      const std::size_t begin = at + before.size();
      const std::size_t end = line.find_first_not_of("0123456789", begin);
      if (end == begin) continue;
      const int number = std::stoi(line.substr(begin, end - begin));
      line.replace(begin, end - begin, std::to_string(more == 0 ? 1 - number : number + more));
    }
  };
  for (std::string& line : lines) {
    const bool is_run = line.find(" at run ") != std::string::npos;
    for (const char* before : {" at run ", " at epilogue ", " at its step "}) add(line, before, 5);
    add(line, " by ", 0);
    if (!is_run) continue;
    add(line, "operation ", 2);
    add(line, "process ", 0);
    for (const auto& [from, to] : {std::pair{".1.64.", ".1.65."}, std::pair{".1.65.", ".1.64."}}) {
      const std::size_t at = line.find(from);
      if (at == std::string::npos) continue;
      line.replace(at, std::string_view(from).size(), to);
      break;
    }
  }
  return lines;
}

std::vector<std::string> History::filled(std::vector<std::string> lines) const {
  for (std::string& line : lines) {
    for (std::size_t model = 0; model < models_.size(); ++model) {
      const std::string word = "{" + std::to_string(model) + "}";
      for (std::size_t at = line.find(word); at != std::string::npos; at = line.find(word)) {
        line.replace(at, word.size(), entry(model));
      }
    }
  }
  return lines;
}

std::uint64_t History::judged(std::string_view id) const {
  const auto& invariants = watched_invariants();
  const auto& counts = command_judge_ ? command_judge_->judged() : judge_->judged();
  for (std::size_t i = 0; i < invariants.size(); ++i) {
    if (invariants[i].id == id) return counts.at(i);
  }
  ADD_FAILURE() << "no invariant " << id;
  return 0;
}

Counts History::counts() const {
  Counts counts;
  for (const WatchedInvariant& invariant : watched_invariants()) {
    const std::string id(invariant.id);
    if (judged(id) > 0) counts[id] = judged(id);
  }
  return counts;
}

std::vector<std::string> lines_of(const std::vector<StepViolation>& violations) {
  std::vector<std::string> lines;
  for (const StepViolation& each : violations) {
    lines.push_back(each.invariant + " of " + each.object + " at " + std::string(name_of(each.stage)) + " " +
                    std::to_string(each.step) + " by " + std::to_string(each.process) + ": " + each.what);
  }
  return lines;
}

void expect_trips(const History& history, const std::set<std::string>& ids) {
  EXPECT_EQ(history.violated(), ids) << history.told();
}

Plan plan_of(std::initializer_list<OperationKind> kinds, bool is_warm) {
  Plan plan = History::one_get();
  plan.processes.resize(1);
  plan.processes[0].operations.clear();
  for (const OperationKind kind : kinds) plan.processes[0].operations.push_back({kind, 0});
  if (is_warm) plan.start.warm = {0};
  return plan;
}

void warm_up(History& history) {
  history.begin_stage(StageKind::warm_up);
  history.make_cache();
  history.miss(0);
  history.stage_ends();
  history.begin_stage(StageKind::run);
}

}  // namespace stampede
