// A controlled world as the runner of plans sees it: the simulated one, or the live one.
#ifndef STAMPEDE_RUN_PLAN_WORLD_H
#define STAMPEDE_RUN_PLAN_WORLD_H

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/os.h"
#include "cache/result.h"
#include "harness/plan/model.h"
#include "harness/plan/operation_outcome.h"
#include "harness/plan/plan.h"
#include "harness/plan/subject.h"
#include "harness/plan/subject_plugin.h"
#include "harness/run/cache_client.h"
#include "harness/strategy/strategy.h"
#include "harness/world/disk_view.h"
#include "harness/world/observer.h"
#include "harness/world/peers.h"
#include "harness/world/stage_end.h"

namespace stampede {

struct PlanStage {
  StageKind stage = StageKind::run;
  std::span<const PlanProcess> processes = {};
  std::span<const DiskFault> disk = {};
  std::span<const ProcessFault> process_faults = {};
  bool time_runs_first = false;
};

// Owned by one thread; runs many plans, one after the other. Who performs the operations is its subject.
class PlanWorld {
 public:
  // What an operation came to, as the subject filled it in; nobody has moved since. Of processes that have died,
  // nothing.
  using OnOutcome = std::function<void(std::uint32_t process, OperationOutcome outcome)>;

  virtual ~PlanWorld() = default;
  // Who performs the operations, where it is a command; null for the built-in cache.
  [[nodiscard]] virtual const Subject* command_subject() const { return nullptr; }
  // An empty directory at time zero. `peers` must live until the next `clear`. ERRORS: those of the world.
  virtual modelcache::Result<void> clear(Peers& peers) = 0;
  virtual StageEnd run(const PlanStage& stage, const std::vector<Model>& models, Strategy& strategy, Observer& observer,
                       const OnOutcome& on_outcome) = 0;
  // Of the present or last stage.
  [[nodiscard]] virtual std::array<std::uint64_t, kProcessFaultKinds> process_faults_met() const = 0;
  [[nodiscard]] virtual const DiskView& disk() const = 0;
  // Between stages, by hand; see sim_world.h.
  virtual void write_file(std::string_view path, std::span<const std::byte> bytes) = 0;
  virtual void remove_name(std::string_view path) = 0;
  virtual void set_read_only(bool is_read_only) = 0;
  virtual void let_time_pass(std::chrono::nanoseconds time) = 0;
};

// Over a world that has the directory: what differs from world to world is how a stage is run.
template <class World>
class PlanWorldOver : public PlanWorld {
 public:
  [[nodiscard]] std::array<std::uint64_t, kProcessFaultKinds> process_faults_met() const override {
    return world_->process_faults_met();
  }
  [[nodiscard]] const DiskView& disk() const override { return world_->disk(); }
  void write_file(std::string_view path, std::span<const std::byte> bytes) override { world_->write_file(path, bytes); }
  void remove_name(std::string_view path) override { world_->remove_name(path); }
  void set_read_only(bool is_read_only) override { world_->set_read_only(is_read_only); }
  void let_time_pass(std::chrono::nanoseconds time) override { world_->let_time_pass(time); }

 protected:
  explicit PlanWorldOver(std::unique_ptr<World> world) : world_(std::move(world)) {}

  std::unique_ptr<World> world_;
};

std::unique_ptr<PlanWorld> make_sim_plan_world(const SubjectPlugin& subject = built_in_subject());
// Stands for one that could not be had: every run in it is uncontrolled, for that reason.
std::unique_ptr<PlanWorld> make_lost_plan_world(modelcache::Error why);
// Real processes, forked from a zygote: `zygote` is a program and arguments that lead to `run_live_zygote` with
// `perform_live_job` and a subject. The calling thread stays on one core, `core` or the present one, as long as the
// world lives. ERRORS: as LiveWorld::start.
modelcache::Result<std::unique_ptr<PlanWorld>> make_live_plan_world(std::vector<std::string> zygote, int core = -1);
// Commands of a subject, executed: `zygote` leads to `run_command_zygote`. Plans have gets alone (command_plan.h).
// `directory` is as in LiveOptions. REQUIRES: a subject with a command. ERRORS: as CommandWorld::start.
modelcache::Result<std::unique_ptr<PlanWorld>> make_command_plan_world(const Subject& subject,
                                                                       std::vector<std::string> zygote, int core = -1,
                                                                       const std::string& directory = "");

}  // namespace stampede

#endif  // STAMPEDE_RUN_PLAN_WORLD_H
