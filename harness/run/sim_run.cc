// Puts a world, the scripted server, the built-in cache and the judge together for one run.
#include "harness/run/sim_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "cache/key.h"
#include "cache/sha256.h"
#include "harness/faults/scripted_peers.h"
#include "harness/judge/command_judge.h"
#include "harness/run/plan_world.h"
#include "harness/run/subject_commands.h"
#include "harness/run/trace.h"
#include "harness/strategy/default_schedule.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

constexpr std::string_view kLastModelName = "for-the-epilogue";
constexpr std::uint64_t kLastModelBytes = 100;

}  // namespace

class SimRunner::Impl final : public Observer {
 public:
  explicit Impl(std::unique_ptr<PlanWorld> world) : world_(std::move(world)) {}

  SimOutcome run(const Plan& plan, Strategy& strategy, const SimRunOptions& options) {
    begin(plan, options);
    warm_up();
    run_plan(strategy);
    epilogue();
    if (options.keeps_steps) note_files();
    outcome_.violations = is_command() ? command_judge_.violations() : judge_.violations();
    if (is_command()) outcome_.not_promised = command_judge_.not_promised();
    for (const std::string& crash : outcome_.crashes) {
      outcome_.violations.push_back({.invariant = "no_process_crashes", .object = "process", .what = crash});
    }
    outcome_.judged = is_command() ? command_judge_.judged() : judge_.judged();
    outcome_.ledger = peers_.ledger();
    for (const LedgerEntry& entry : outcome_.ledger) hash_.add(entry);
    outcome_.trace_hash = hash_.value();
    return std::move(outcome_);
  }

  void on_step(const Step& step, const DiskView& disk) override {
    own_steps_[step.process] = step.own_step + 1;
    ++outcome_.steps;
    hash_.add(step);
    if (step.fault != StepFault::none) count_fault(step);
    if (step.kind == StepKind::connect && step.error == ECONNREFUSED && step.fault == StepFault::none) {
      ++outcome_.refusals_met;
    }
    if (options_.keeps_steps) outcome_.trace.push_back(step);
    is_command() ? command_judge_.on_step(step, disk) : judge_.on_step(step, disk);
  }

  void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView& disk) override {
    if (end == ProcessEnd::killed && outcome_.steps_at_first_kill.empty()) outcome_.steps_at_first_kill = own_steps_;
    hash_.add_end(process, static_cast<std::uint8_t>(end));
    is_command() ? command_judge_.on_process_end(process, end) : judge_.on_process_end(process, end, disk);
  }

 private:
  [[nodiscard]] bool is_command() const { return world_->command_subject() != nullptr; }

  void count_fault(const Step& step) {
    ++outcome_.disk_faults_met[static_cast<std::size_t>(step.kind)];
    if (step.fault == StepFault::short_transfer) ++outcome_.short_transfers_met;
    if (step.fault == StepFault::does_nothing) ++outcome_.idle_locks_met;
    if (step.fault == StepFault::error && step.error >= 0 && static_cast<std::size_t>(step.error) < kErrnosCounted) {
      ++outcome_.errnos_met[static_cast<std::size_t>(step.error)];
    }
  }

  void begin(const Plan& plan, const SimRunOptions& options) {
    plan_ = &plan;
    options_ = options;
    models_.clear();
    for (const PlanModel& model : plan.models) models_.push_back(model_of(model.name, model.size_bytes));
    std::string last(kLastModelName);
    while (std::any_of(plan.models.begin(), plan.models.end(), [&](const PlanModel& m) { return m.name == last; })) {
      last += '+';
    }
    models_.push_back(model_of(last, kLastModelBytes));
    peers_.offer(models_);
    peers_.restart({});
    hash_.clear();
    if (is_command()) {
      const Subject& subject = *world_->command_subject();
      command_judge_.begin(plan, models_, subject, entry_names(subject, models_));
    } else {
      judge_.begin(plan, models_);
    }
    outcome_ = SimOutcome{};
    if (const auto cleared = world_->clear(peers_); !cleared) outcome_.uncontrolled = cleared.error().message();
  }

  // Generating a model takes longer than running a plan with it.
  const Model& model_of(const std::string& name, std::uint64_t size_bytes) {
    const std::pair<std::string, std::uint64_t> key{name, size_bytes};
    auto found = known_models_.find(key);
    if (found == known_models_.end()) {
      if (known_models_.size() > kKnownModelsMax) known_models_.clear();
      found = known_models_.emplace(key, generated_model(name, size_bytes)).first;
    }
    return found->second;
  }

  StageEnd run_stage(const PlanStage& stage, Strategy& strategy) {
    own_steps_.assign(stage.processes.size(), 0);
    progress_.assign(stage.processes.size(), {});
    for (std::size_t i = 0; i < stage.processes.size(); ++i) progress_[i].first_step = stage.processes[i].idle_steps;
    outcome_.processes += stage.processes.size();
    if (!outcome_.uncontrolled.empty()) return {};
    strategy.begin();
    StageEnd end = world_->run(stage, models_, strategy, *this, [&](std::uint32_t process, OperationOutcome outcome) {
      on_outcome(stage.stage, process, std::move(outcome));
    });
    // Of all stages, an outcome has one of each.
    outcome_.uncontrolled = std::exchange(end.uncontrolled, {});
    if (!end.why_others_differ.empty()) outcome_.why_others_differ = std::exchange(end.why_others_differ, {});
    for (std::string& crash : std::exchange(end.crashes, {})) outcome_.crashes.push_back(std::move(crash));
    hash_.add_number(end.is_deadlock ? 1 : 0);
    if (is_command()) {
      command_judge_.on_stage_end(stage.stage, end, peers_.ledger(), world_->disk());
    } else {
      judge_.on_stage_end(stage.stage, end, peers_.ledger(), world_->disk());
    }
    return end;
  }

  void on_outcome(StageKind stage, std::uint32_t process, OperationOutcome outcome) {
    Progress& progress = progress_[process];
    outcome.stage = stage;
    outcome.process = process;
    outcome.index = progress.operations++;
    outcome.first_step = std::exchange(progress.first_step, own_steps_[process]);
    outcome.end_step = own_steps_[process];
    hash_.add(outcome);
    is_command() ? command_judge_.on_operation(outcome, world_->disk()) : judge_.on_operation(outcome, world_->disk());
    outcome_.operations.push_back(std::move(outcome));
  }

  void warm_up() {
    const StartState& start = plan_->start;
    if (start.warm.empty() && start.damage.empty()) return;
    PlanProcess process;
    for (const std::size_t model : start.warm) process.operations.push_back(Operation{OperationKind::get, model});
    // What stands in a directory that nobody has used yet was left by somebody who made it.
    if (start.warm.empty()) process.operations.push_back(Operation{OperationKind::recover, 0});
    DefaultSchedule one_after_the_other;
    (void)run_stage({.stage = StageKind::warm_up, .processes = {&process, 1}}, one_after_the_other);
    // What is damaged later has other times than what was published; within one tick of the file system's clock nobody
    // could tell.
    if (!start.damage.empty()) world_->let_time_pass(kBeforeDamage);
    for (const Damage& damage : start.damage) {
      if (apply(damage)) ++outcome_.damage_met[static_cast<std::size_t>(damage.kind)];
    }
  }

  // Whether there was something to damage.
  bool apply(const Damage& damage) {
    const DiskView& disk = world_->disk();
    const Model& model = models_.at(damage.model);
    const std::string key = modelcache::key_of(model.sha256);
    const std::string entry = "entries/" + key;
    Bytes bytes = *model.bytes;
    switch (damage.kind) {
      case DamageKind::flip_byte:
        if (bytes.empty()) return false;
        bytes[bytes.size() / 2] ^= std::byte{0xff};
        break;
      case DamageKind::cut:
        bytes.resize(bytes.size() / 2);
        break;
      case DamageKind::emptied:
        bytes.clear();
        break;
      case DamageKind::unlisted:
        if (disk.file_at(modelcache::kManifestName) == 0) return false;
        world_->remove_name(modelcache::kManifestName);
        return true;
      case DamageKind::manifest_garbage:
        if (disk.file_at("entries") == 0) return false;
        world_->write_file(modelcache::kManifestName, kGarbage);
        return true;
      case DamageKind::dead_temporary:
        if (disk.file_at("tmp") == 0) return false;
        bytes.resize(bytes.size() / 2);
        world_->write_file("tmp/" + modelcache::temporary_name(key, dead_world_identity(), damage.model), bytes);
        return true;
    }
    if (disk.file_at(entry) == 0) return false;
    world_->write_file(entry, bytes);
    return true;
  }

  void run_plan(Strategy& strategy) {
    world_->set_read_only(plan_->start.read_only);
    peers_.play(plan_->network);
    outcome_.run_ledger_begin = peers_.ledger().size();
    outcome_.run = run_stage({.stage = StageKind::run,
                              .processes = plan_->processes,
                              .disk = plan_->disk,
                              .process_faults = plan_->process_faults,
                              .time_runs_first = plan_->schedule.time_runs_first},
                             strategy);
    world_->set_read_only(false);
    outcome_.run_ledger_end = peers_.ledger().size();
    outcome_.process_faults_met = world_->process_faults_met();
  }

  void epilogue() {
    PlanProcess process;
    for (std::size_t i = 0; i < models_.size(); ++i) process.operations.push_back(Operation{OperationKind::get, i});
    peers_.play({});
    DefaultSchedule one_after_the_other;
    (void)run_stage({.stage = StageKind::epilogue, .processes = {&process, 1}}, one_after_the_other);
  }

  void note_files() {
    const DiskView& disk = world_->disk();
    disk.for_each_name([&](std::string_view path, FileNumber file) {
      const StepStat stat = disk.stat(file);
      std::string line =
          fmt::format("{}: file {} mode {:o} links {} size {}", path, file, stat.mode, stat.links, stat.size_bytes);
      if (stat.type == modelcache::FileType::regular) {
        const std::span<const std::byte> bytes = disk.bytes(file);
        line += " " + modelcache::sha256_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).hex();
      }
      outcome_.files.push_back(std::move(line));
    });
  }

  static constexpr std::size_t kKnownModelsMax = 256;
  static constexpr std::chrono::seconds kBeforeDamage{1};
  static constexpr std::array<std::byte, 3> kGarbage{std::byte{'{'}, std::byte{'"'}, std::byte{'x'}};

  // Of a process in the present stage.
  struct Progress {
    std::uint32_t operations = 0;  // that have ended
    std::uint32_t first_step = 0;  // of the next one
  };

  std::unique_ptr<PlanWorld> world_;
  ScriptedPeers peers_;
  StepJudge judge_;
  CommandJudge command_judge_;  // of subjects that are commands
  TraceHash hash_;
  std::map<std::pair<std::string, std::uint64_t>, Model> known_models_;

  // Of the present run.
  const Plan* plan_ = nullptr;
  SimRunOptions options_;
  std::vector<Model> models_;
  SimOutcome outcome_;
  // Of the present stage.
  std::vector<Progress> progress_;
  std::vector<std::uint32_t> own_steps_;
};

SimRunner::SimRunner() : SimRunner(make_sim_plan_world()) {}
SimRunner::SimRunner(std::unique_ptr<PlanWorld> world) : impl_(std::make_unique<Impl>(std::move(world))) {}
SimRunner::~SimRunner() = default;

SimOutcome SimRunner::run(const Plan& plan, Strategy& strategy, const SimRunOptions& options) {
  return impl_->run(plan, strategy, options);
}

}  // namespace stampede
