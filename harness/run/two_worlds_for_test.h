// For tests: runs a plan in the simulated and in the live world, and keeps each trace as lines of text.
#ifndef STAMPEDE_RUN_TWO_WORLDS_FOR_TEST_H
#define STAMPEDE_RUN_TWO_WORLDS_FOR_TEST_H

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/key.h"
#include "harness/faults/scripted_peers.h"
#include "harness/live/live_world.h"
#include "harness/plan/model.h"
#include "harness/run/cache_client.h"
#include "harness/run/live_job.h"
#include "harness/sim/sim_world.h"
#include "harness/strategy/default_schedule.h"

namespace stampede {

inline std::string line_of(const Step& step) {
  std::ostringstream line;
  line << name_of(step.stage) << ' ' << step.process << '.' << step.own_step << ' ' << name_of(step.kind) << " '"
       << step.path << '\'';
  if (!step.to_path.empty()) line << " to '" << step.to_path << '\'';
  line << " file " << step.file << " connection " << step.connection << " offset " << step.offset << " size "
       << step.size << " mode " << step.mode << " -> error " << step.error << " result " << step.result << " replaced "
       << step.replaced << " fault " << static_cast<int>(step.fault) << " at " << step.at.count();
  if (step.stat) {
    line << " stat " << static_cast<int>(step.stat->type) << ' ' << std::oct << step.stat->mode << std::dec << ' '
         << step.stat->links << ' ' << step.stat->size_bytes;
  }
  for (const std::string& name : step.names) line << ' ' << name;
  return line.str();
}

inline std::string line_of(std::uint32_t process, std::uint32_t end_step, const OperationOutcome& outcome) {
  std::ostringstream line;
  line << process << " before step " << end_step << ": operation " << name_of(outcome.operation.kind) << ' '
       << (outcome.error ? modelcache::name_of(*outcome.error) : "succeeded") << ' ' << outcome.message << ' '
       << outcome.path << " hit " << outcome.claims_hit << " attempts " << outcome.claimed_attempts << " lock "
       << static_cast<int>(outcome.lock) << " reports " << outcome.reports.size();
  for (const modelcache::Entry& entry : outcome.entries) line << ' ' << entry.path << ' ' << entry.size_bytes;
  for (const modelcache::VerifyReport& report : outcome.reports) line << ' ' << report.entry.key << report.detail;
  if (outcome.recovery) line << " removed " << outcome.recovery->temporaries_removed;
  return line.str();
}

// What is left in the directory, with bytes.
inline void add_files(const DiskView& disk, std::vector<std::string>& lines) {
  disk.for_each_name([&](std::string_view path, FileNumber file) {
    const StepStat stat = disk.stat(file);
    std::ostringstream line;
    line << path << " file " << file << ' ' << std::oct << stat.mode << std::dec << ' ' << stat.links << ' '
         << stat.size_bytes;
    if (stat.type == modelcache::FileType::regular) {
      const auto bytes = disk.bytes(file);
      line << ' ' << modelcache::sha256_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).hex();
    }
    lines.push_back(line.str());
  });
}

struct StagePlan {
  Stage stage = Stage::run;
  std::vector<PlanProcess> processes;
  std::span<const DiskFault> disk = {};
  std::span<const ProcessFault> process_faults = {};
  bool time_runs_first = false;
};

// One of the worlds, with a trace. The owner of the lines that it keeps.
class TracedWorld : public Observer {
 public:
  std::vector<std::string> lines;
  std::string trouble;  // why the trace says nothing; empty where it does
  std::uint64_t steps = 0;

  // The whole of a plan: warm-up, damage, processes, epilogue.
  void run(const Plan& plan, const std::vector<Model>& models, Strategy& strategy) {
    lines.clear();
    trouble.clear();
    models_ = &models;
    peers_.offer(models);
    peers_.restart({});
    clear(peers_);
    warm_up(plan);
    set_read_only(plan.start.read_only);
    peers_.play(plan.network);
    strategy.begin();
    run_stage({Stage::run, plan.processes, plan.disk, plan.process_faults, plan.schedule.time_runs_first}, strategy);
    set_read_only(false);
    peers_.play({});
    PlanProcess last;
    for (std::size_t i = 0; i < models.size(); ++i) last.operations.push_back({OperationKind::get, i});
    DefaultSchedule one_after_the_other;
    run_stage({Stage::epilogue, {last}}, one_after_the_other);
    add_files(disk(), lines);
    for (const LedgerEntry& entry : peers_.ledger()) {
      lines.push_back("connection " + std::to_string(entry.connection) + " of " + std::to_string(entry.listener) + ' ' +
                      entry.target + " sent " + std::to_string(entry.body_bytes_sent) + " at " +
                      std::to_string(entry.ended_at.count()));
    }
  }

  void on_step(const Step& step, const DiskView& view) override {
    ++steps;
    lines.push_back(line_of(step) + " open " + std::to_string(view.open_descriptors()));
  }
  void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView&) override {
    lines.push_back(std::to_string(process) + " end " + std::to_string(static_cast<int>(end)));
  }

 protected:
  virtual void clear(Peers& peers) = 0;
  virtual StageEnd run_processes(const StagePlan& stage, Strategy& strategy) = 0;
  virtual void write_file(std::string_view path, std::span<const std::byte> bytes) = 0;
  virtual void remove_name(std::string_view path) = 0;
  virtual void set_read_only(bool is_read_only) = 0;
  [[nodiscard]] virtual const DiskView& disk() const = 0;
  [[nodiscard]] const std::vector<Model>& models() const { return *models_; }

 private:
  void run_stage(const StagePlan& stage, Strategy& strategy) {
    const StageEnd end = run_processes(stage, strategy);
    std::ostringstream line;
    line << name_of(stage.stage) << " took " << end.steps << " steps, " << end.preemptions << " preemptions, "
         << end.moves << " moves, " << end.virtual_time.count() << " ns; deadlock " << end.is_deadlock << ' '
         << end.stuck;
    for (const Switch& change : end.switches) line << ' ' << change.process << '.' << change.step << '>' << change.to;
    lines.push_back(line.str());
  }

  void warm_up(const Plan& plan) {
    PlanProcess process;
    for (const std::size_t model : plan.start.warm) process.operations.push_back({OperationKind::get, model});
    if (plan.start.warm.empty() && plan.start.damage.empty()) return;
    if (plan.start.warm.empty()) process.operations.push_back({OperationKind::recover, 0});
    DefaultSchedule one_after_the_other;
    run_stage({Stage::warm_up, {process}}, one_after_the_other);
    for (const Damage& damage : plan.start.damage) apply(damage);
  }

  void apply(const Damage& damage) {
    const Model& model = models().at(damage.model);
    const std::string key = modelcache::key_of(model.sha256);
    std::string path = "entries/" + key;
    Bytes bytes = *model.bytes;
    if (damage.kind == DamageKind::flip_byte && !bytes.empty()) bytes[bytes.size() / 2] ^= std::byte{0xff};
    if (damage.kind == DamageKind::cut) bytes.resize(bytes.size() / 2);
    if (damage.kind == DamageKind::emptied) bytes.clear();
    if (damage.kind == DamageKind::unlisted) return remove_name(modelcache::kManifestName);
    if (damage.kind == DamageKind::manifest_garbage) path = modelcache::kManifestName;
    if (damage.kind == DamageKind::dead_temporary) {
      bytes.resize(bytes.size() / 2);
      path = "tmp/" + modelcache::temporary_name(key, dead_world_identity(), damage.model);
    } else if (disk().file_at(path) == 0) {
      return;
    }
    write_file(path, bytes);
  }

  ScriptedPeers peers_;
  const std::vector<Model>* models_ = nullptr;
};

class TracedSim final : public TracedWorld {
 public:
  void on_step(const Step& step, const DiskView& view) override {
    own_steps_[step.process] = step.own_step + 1;
    TracedWorld::on_step(step, view);
  }

 protected:
  void clear(Peers& peers) override { world_.clear(peers); }
  StageEnd run_processes(const StagePlan& stage, Strategy& strategy) override {
    own_steps_.assign(stage.processes.size(), 0);
    std::vector<SimProcess> processes;
    for (std::uint32_t i = 0; i < stage.processes.size(); ++i) {
      const PlanProcess& planned = stage.processes[i];
      processes.push_back({.umask = planned.umask,
                           .descriptors_max = planned.descriptors_max,
                           .body = [this, i, &planned](modelcache::Os& os) { perform(i, planned, os); }});
    }
    return world_.run({.stage = stage.stage,
                       .processes = processes,
                       .disk = stage.disk,
                       .process_faults = stage.process_faults,
                       .time_runs_first = stage.time_runs_first},
                      strategy, *this);
  }
  void write_file(std::string_view path, std::span<const std::byte> bytes) override { world_.write_file(path, bytes); }
  void remove_name(std::string_view path) override { world_.remove_name(path); }
  void set_read_only(bool is_read_only) override { world_.set_read_only(is_read_only); }
  [[nodiscard]] const DiskView& disk() const override { return world_.disk(); }

 private:
  void perform(std::uint32_t process, const PlanProcess& planned, modelcache::Os& os) {
    CacheClient client(os, std::string(kWorldCacheDirectory), planned, models());
    for (const Operation& operation : planned.operations) {
      const OperationOutcome outcome = client.perform(operation);
      if (world_.has_died(process)) return;
      lines.push_back(line_of(process, own_steps_[process], outcome));
    }
  }

  SimWorld world_;
  std::vector<std::uint32_t> own_steps_;
};

class TracedLive final : public TracedWorld {
 public:
  explicit TracedLive(LiveWorld& world) : world_(world) {}

 protected:
  void clear(Peers& peers) override {
    if (const auto cleared = world_.clear(peers); !cleared) trouble = cleared.error().message();
  }
  StageEnd run_processes(const StagePlan& stage, Strategy& strategy) override {
    std::vector<LiveProcess> processes;
    for (const PlanProcess& planned : stage.processes) {
      processes.push_back(
          {.umask = planned.umask, .descriptors_max = planned.descriptors_max, .job = job_of(planned, models())});
    }
    auto end = world_.run({.stage = stage.stage,
                           .processes = processes,
                           .disk = stage.disk,
                           .process_faults = stage.process_faults,
                           .time_runs_first = stage.time_runs_first,
                           .on_report =
                               [&](std::uint32_t process, std::uint32_t own_steps, std::string_view report) {
                                 lines.push_back(line_of(process, own_steps, read_outcome(report)));
                               }},
                          strategy, *this);
    if (!end) {
      trouble = end.error().message();
      return {};
    }
    if (!end->uncontrolled.empty()) trouble = end->uncontrolled;
    for (const std::string& crash : end->crashes) lines.push_back(crash);
    return *end;
  }
  void write_file(std::string_view path, std::span<const std::byte> bytes) override { world_.write_file(path, bytes); }
  void remove_name(std::string_view path) override { world_.remove_name(path); }
  void set_read_only(bool is_read_only) override { world_.set_read_only(is_read_only); }
  [[nodiscard]] const DiskView& disk() const override { return world_.disk(); }

 private:
  LiveWorld& world_;
};

// The first difference, side by side, behind the lines that both share; empty where there is none.
inline std::string first_difference(const std::vector<std::string>& sim, const std::vector<std::string>& live) {
  const std::size_t both = std::min(sim.size(), live.size());
  const std::size_t at = static_cast<std::size_t>(
      std::mismatch(sim.begin(), sim.begin() + static_cast<std::ptrdiff_t>(both), live.begin()).first - sim.begin());
  if (at == sim.size() && at == live.size()) return {};
  std::string text;
  for (std::size_t i = at < 3 ? 0 : at - 3; i < at; ++i) text += "both  " + sim[i] + '\n';
  text += "sim   " + (at < sim.size() ? sim[at] : std::string("(ended)")) + '\n';
  return text + "live  " + (at < live.size() ? live[at] : std::string("(ended)")) + '\n';
}

}  // namespace stampede

#endif  // STAMPEDE_RUN_TWO_WORLDS_FOR_TEST_H
