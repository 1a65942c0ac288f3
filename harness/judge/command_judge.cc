// Entries by their names, failures by faults, downloads by the ledger.
#include "harness/judge/command_judge.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "harness/judge/octal.h"

namespace stampede {
namespace {

std::size_t place_of(std::string_view invariant) {
  const auto& all = watched_invariants();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].id == invariant) return i;
  }
  std::fprintf(stderr, "stampede: no invariant %s\n", std::string(invariant).c_str());
  std::abort();
}

std::string process_text(std::uint32_t process) { return "process " + std::to_string(process); }

}  // namespace

void CommandJudge::begin(const Plan& plan, const std::vector<Model>& models, const Subject& subject,
                         std::vector<std::string> entry_names) {
  plan_ = &plan;
  models_ = &models;
  subject_ = &subject;
  contents_.begin(models, {});
  entries_.assign(models.size(), {});
  for (std::size_t i = 0; i < entry_names.size() && i < entries_.size(); ++i) {
    entries_[i].name = std::move(entry_names[i]);
  }
  published_.clear();
  named_.clear();
  faulty_.clear();
  failures_.clear();
  do_locks_lie_ = false;
  deaths_ = stage_ledger_ = 0;
  steps_ = last_process_ = 0;
  violations_.clear();
  not_promised_.clear();
  judged_.assign(watched_invariants().size(), 0);
}

template <class Complain>
void CommandJudge::judge(std::string_view invariant, bool holds, Complain complain) {
  ++judged_[place_of(invariant)];
  if (holds) return;
  auto [object, what] = complain();
  auto& list = subject_->not_promised.contains(std::string(invariant)) ? not_promised_ : violations_;
  const bool is_known = std::any_of(list.begin(), list.end(), [&, &about = object](const StepViolation& known) {
    return known.invariant == invariant && known.object == about;
  });
  if (is_known) return;
  list.push_back({.invariant = std::string(invariant),
                  .object = std::move(object),
                  .what = std::move(what),
                  .stage = stage_,
                  .step = steps_,
                  .process = last_process_});
}

void CommandJudge::on_step(const Step& step, const DiskView& disk) {
  using Complaint = std::pair<std::string, std::string>;
  ++steps_;
  stage_ = step.stage;
  last_process_ = step.process;
  if (step.fault != StepFault::none) faulty_.insert(step.process);
  const bool is_lock = step.kind == StepKind::try_lock;
  if (is_lock && step.fault != StepFault::none) do_locks_lie_ = true;
  if (step.kind == StepKind::connect && step.error == ECONNREFUSED) faulty_.insert(step.process);
  switch (step.kind) {
    case StepKind::write:
    case StepKind::truncate:
      if (step.error != 0) return;
      judge("published_bytes_never_change",
            !published_.contains(step.file) || (step.kind == StepKind::write && step.result == 0), [&] {
              return Complaint{object_of(step.path), process_text(step.process) + " writes to " + step.path +
                                                         ", which was complete under its name before"};
            });
      break;
    case StepKind::open:
    case StepKind::rename:
    case StepKind::link:
    case StepKind::unlink:
      if (step.error != 0) return;
      break;
    default:
      return;
  }
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].name.empty()) look_at(entries_[i], i, step, disk);
  }
}

void CommandJudge::look_at(Entry& entry, std::size_t model, const Step& step, const DiskView& disk) {
  using Complaint = std::pair<std::string, std::string>;
  const FileNumber file = disk.file_at(entry.name);
  const std::uint64_t version = file == 0 ? 0 : disk.version(file);
  if (file == entry.file && version == entry.version) return;
  const std::string& name = (*models_)[model].name;
  const bool was_good = entry.is_good;
  entry.file = file;
  entry.version = version;
  entry.is_good = file != 0 && disk.stat(file).type == modelcache::FileType::regular &&
                  contents_.is_model(model, false, file, disk);
  if (entry.is_good) published_.insert(file);
  judge("no_entry_vanishes", !was_good || entry.is_good, [&] {
    return Complaint{name, process_text(step.process) +
                               (file == 0 ? " takes the good file of " : " spoils the file of ") + name +
                               (file == 0 ? " away" : "")};
  });
  if (file == 0) return;
  judge("visible_means_complete", entry.is_good, [&] {
    return Complaint{name, entry.name + " stands there with " + std::to_string(disk.stat(file).size_bytes) + " of " +
                               std::to_string((*models_)[model].bytes->size()) + " bytes, or with others"};
  });
}

void CommandJudge::on_process_end(std::uint32_t, ProcessEnd end) {
  if (end != ProcessEnd::ended) ++deaths_;
}

void CommandJudge::on_operation(const OperationOutcome& outcome, const DiskView& disk) {
  using Complaint = std::pair<std::string, std::string>;
  stage_ = outcome.stage;
  const std::size_t model = outcome.operation.model;
  const std::string& name = (*models_)[model].name;
  const std::string who = process_text(outcome.process) + ", get of " + name;
  if (!outcome.succeeded()) {
    failures_.push_back({outcome.process, model, outcome.message});
    return;
  }
  const FileNumber file = outcome.path.empty() ? 0 : disk.file_at(outcome.path);
  const bool is_right = file != 0 && disk.stat(file).type == modelcache::FileType::regular &&
                        contents_.is_model(model, false, file, disk);
  judge("bytes_are_what_was_asked", is_right, [&] {
    return Complaint{name, who + " ended well and named " + (outcome.path.empty() ? "nothing" : outcome.path) +
                               (file == 0 ? ", which is not there" : ", which holds other bytes")};
  });
  if (file == 0 || outcome.path.starts_with('/')) return;
  named_.insert(outcome.path);
  unsigned umask = 022;
  if (outcome.stage == StageKind::run) umask = plan_->processes.at(outcome.process).umask;
  const unsigned mode = disk.stat(file).mode;
  // Who published it may have another umask than who found it.
  std::set<unsigned> expected{0644U};
  for (const PlanProcess& process : plan_->processes) expected.insert(0666U & ~process.umask);
  judge("published_modes", expected.contains(mode), [&] {
    return Complaint{name, outcome.path + " has mode " + octal(mode) + ", expected " + octal(0666U & ~umask)};
  });
}

bool CommandJudge::met_fault(std::uint32_t process, const Ledger& ledger) const {
  // Time that runs while others could move brings time limits about; as clocks do that jump.
  if (faulty_.contains(process) || plan_->schedule.time_runs_first) return true;
  for (std::size_t i = stage_ledger_; i < ledger.size(); ++i) {
    if (ledger[i].listener == process && !is_harmless(ledger[i])) return true;
  }
  return std::any_of(plan_->process_faults.begin(), plan_->process_faults.end(), [&](const ProcessFault& fault) {
    // A clock that jumps, or a process that is stopped for long, runs into time limits; its own, or those of others.
    return fault.kind == ProcessFaultKind::clock_step || fault.kind == ProcessFaultKind::stop ||
           (fault.process == process);
  });
}

void CommandJudge::judge_failures(StageKind stage, const Ledger& ledger) {
  using Complaint = std::pair<std::string, std::string>;
  for (const Failure& failure : failures_) {
    const std::string& name = (*models_)[failure.model].name;
    const std::string text = process_text(failure.process) + ", get of " + name + ": " + failure.message;
    if (stage != StageKind::run) {
      judge("recovery_needs_no_hands", false, [&] { return Complaint{name, "a clean process fails: " + text}; });
      continue;
    }
    if (met_fault(failure.process, ledger)) continue;
    judge("no_spurious_failure", false, [&] { return Complaint{name, "met no fault and failed: " + text}; });
  }
}

// With working locks, and nobody who died or failed in between, a model is downloaded once; but who has waited for as
// long as he may while time ran past a holder who could move, downloads for himself.
void CommandJudge::judge_downloads(StageKind stage, const Ledger& ledger) {
  using Complaint = std::pair<std::string, std::string>;
  if (stage != StageKind::run || do_locks_lie_ || deaths_ > 0 || !failures_.empty()) return;
  if (plan_->schedule.time_runs_first) return;
  for (std::size_t i = 0; i < plan_->models.size(); ++i) {
    const std::string& name = plan_->models[i].name;
    std::size_t well = 0;
    for (std::size_t k = stage_ledger_; k < ledger.size(); ++k) {
      if (ledger[k].model == name && ledger[k].full_body_sent && is_harmless(ledger[k])) ++well;
    }
    const bool is_warm = std::find(plan_->start.warm.begin(), plan_->start.warm.end(), i) != plan_->start.warm.end();
    judge("one_download", well <= (is_warm ? 0U : 1U),
          [&] { return Complaint{name, name + ": " + std::to_string(well) + " requests were answered well"}; });
  }
}

bool CommandJudge::may_stay(std::string_view path) const {
  const std::string text(path);
  if (named_.contains(path)) return true;
  const auto is_path = [&](const Entry& entry) { return entry.name == path; };
  if (std::any_of(entries_.begin(), entries_.end(), is_path)) return true;
  return std::any_of(subject_->may_stay.begin(), subject_->may_stay.end(),
                     [&](const std::string& glob) { return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0; });
}

// The model whose digest is in the name. All others are one: a name that was drawn is another one in a smaller plan.
std::string CommandJudge::object_of(std::string_view path) const {
  for (const Model& model : *models_) {
    if (path.find(model.sha256.hex()) != std::string_view::npos) return model.name;
  }
  return "a name of no model";
}

void CommandJudge::judge_rest(StageKind stage, const DiskView& disk) {
  using Complaint = std::pair<std::string, std::string>;
  const bool is_quiet = deaths_ == 0 && failures_.empty();
  if (stage != StageKind::epilogue && !is_quiet) return;
  disk.for_each_name([&](std::string_view path, FileNumber file) {
    if (disk.stat(file).type == modelcache::FileType::directory) return;
    judge("nothing_left_over", may_stay(path),
          [&] { return Complaint{object_of(path), std::string(path) + " is left over"}; });
  });
}

// A deadlock, a day that went by without that anybody was stopped for long, or steps while no time passes. Who waits
// within his limits when the run's bound is reached has done nothing wrong.
bool CommandJudge::is_without_end(const StageEnd& end) const {
  constexpr std::uint64_t kStepsOfARun = 5'000;
  constexpr std::uint64_t kStepsASecond = 1'000;
  constexpr std::chrono::hours kDay{24}, kLongStop{1};
  if (end.stuck.empty() || end.is_deadlock) return end.is_deadlock;
  if (end.virtual_time >= kDay) {
    return std::none_of(plan_->process_faults.begin(), plan_->process_faults.end(), [&](const ProcessFault& fault) {
      return fault.kind == ProcessFaultKind::stop && fault.time >= kLongStop;
    });
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(end.virtual_time).count();
  return end.steps > kStepsOfARun + kStepsASecond * static_cast<std::uint64_t>(seconds);
}

void CommandJudge::on_stage_end(StageKind stage, const StageEnd& end, const Ledger& ledger, const DiskView& disk) {
  using Complaint = std::pair<std::string, std::string>;
  stage_ = stage;
  judge("everyone_comes_to_an_end", !is_without_end(end), [&] { return Complaint{"run", end.stuck}; });
  judge_failures(stage, ledger);
  // A clean process that never came to an end got nothing that it could fail to get.
  const bool has_recovered = stage != StageKind::run && failures_.empty() && end.stuck.empty();
  if (has_recovered) judge("recovery_needs_no_hands", true, [] { return Complaint{}; });
  if (stage == StageKind::run && failures_.empty()) judge("no_spurious_failure", true, [] { return Complaint{}; });
  judge_downloads(stage, ledger);
  if (end.stuck.empty()) judge_rest(stage, disk);
  faulty_.clear();
  failures_.clear();
  deaths_ = 0;
  do_locks_lie_ = false;
  stage_ledger_ = ledger.size();
}

}  // namespace stampede
