// Plans in the live world: each process is a real one that is told what to do.
#include <utility>

#include "harness/live/live_world.h"
#include "harness/run/live_job.h"
#include "harness/run/plan_world.h"

namespace stampede {
namespace {

class LivePlanWorld final : public PlanWorldOver<LiveWorld> {
 public:
  explicit LivePlanWorld(std::unique_ptr<LiveWorld> world) : PlanWorldOver(std::move(world)) {}

  modelcache::Result<void> clear(Peers& peers) override { return world_->clear(peers); }

  StageEnd run(const PlanStage& stage, const std::vector<Model>& models, Strategy& strategy, Observer& observer,
               const OnOutcome& on_outcome) override {
    processes_.clear();
    for (const PlanProcess& planned : stage.processes) {
      processes_.push_back(
          {.umask = planned.umask, .descriptors_max = planned.descriptors_max, .job = job_of(planned, models)});
    }
    Stage live{.stage = stage.stage,
               .processes = processes_,
               .disk = stage.disk,
               .process_faults = stage.process_faults,
               .time_runs_first = stage.time_runs_first};
    live.on_report = [&](std::uint32_t process, const StageReport& report) {
      on_outcome(process, read_outcome(report.text));
    };
    return world_->run(live, strategy, observer);
  }

 private:
  std::vector<StageProcess> processes_;
};

}  // namespace

modelcache::Result<std::unique_ptr<PlanWorld>> make_live_plan_world(std::vector<std::string> zygote, int core) {
  auto world = LiveWorld::start({.zygote = std::move(zygote), .core = core});
  if (!world) return modelcache::fail(std::move(world.error()));
  return std::unique_ptr<PlanWorld>(std::make_unique<LivePlanWorld>(std::move(*world)));
}

}  // namespace stampede
