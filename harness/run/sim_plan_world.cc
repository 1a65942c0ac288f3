// Plans in the simulated world: each process is the cache's code on a fiber.
#include <string>
#include <utility>

#include "harness/faults/scripted_peers.h"
#include "harness/run/plan_world.h"
#include "harness/sim/sim_world.h"

namespace stampede {
namespace {

class SimPlanWorld final : public PlanWorldOver<SimWorld> {
 public:
  explicit SimPlanWorld(const SubjectPlugin& subject)
      : PlanWorldOver(std::make_unique<SimWorld>()), subject_(subject) {}

  modelcache::Result<void> clear(Peers& peers) override {
    world_->clear(peers);
    return {};
  }

  StageEnd run(const PlanStage& stage, const std::vector<Model>& models, Strategy& strategy, Observer& observer,
               const OnOutcome& on_outcome) override {
    processes_.clear();
    for (std::uint32_t i = 0; i < stage.processes.size(); ++i) {
      StageProcess process;
      process.umask = stage.processes[i].umask;
      process.descriptors_max = stage.processes[i].descriptors_max;
      process.body = [&, i](modelcache::Os& os) { perform(i, stage.processes[i], models, os, on_outcome); };
      processes_.push_back(std::move(process));
    }
    return world_->run({.stage = stage.stage,
                        .processes = processes_,
                        .disk = stage.disk,
                        .process_faults = stage.process_faults,
                        .time_runs_first = stage.time_runs_first},
                       strategy, observer);
  }

 private:
  void perform(std::uint32_t process, const PlanProcess& planned, const std::vector<Model>& models, modelcache::Os& os,
               const OnOutcome& on_outcome) {
    const auto client = subject_.make_client({os, kSimCacheDirectory, planned, models, ScriptedPeers::url});
    for (const Operation& operation : planned.operations) {
      OperationOutcome outcome = client->perform(operation);
      if (world_->has_died(process)) return;  // what a dead process returns says nothing
      on_outcome(process, std::move(outcome));
    }
  }

  const SubjectPlugin& subject_;
  std::vector<StageProcess> processes_;
};

// Whose directory stays empty.
class LostPlanWorld final : public PlanWorldOver<SimWorld> {
 public:
  explicit LostPlanWorld(modelcache::Error why) : PlanWorldOver(std::make_unique<SimWorld>()), why_(std::move(why)) {}

  modelcache::Result<void> clear(Peers&) override { return modelcache::fail(why_); }
  StageEnd run(const PlanStage&, const std::vector<Model>&, Strategy&, Observer&, const OnOutcome&) override {
    StageEnd end;
    end.uncontrolled = why_.message();
    return end;
  }

 private:
  modelcache::Error why_;
};

}  // namespace

std::unique_ptr<PlanWorld> make_lost_plan_world(modelcache::Error why) {
  return std::make_unique<LostPlanWorld>(std::move(why));
}

std::unique_ptr<PlanWorld> make_sim_plan_world(const SubjectPlugin& subject) {
  return std::make_unique<SimPlanWorld>(subject);
}

}  // namespace stampede
