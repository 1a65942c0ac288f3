// A world that wraps another and falsifies what comes of some of its runs, or makes it up.
#ifndef STAMPEDE_RUN_TAMPERED_WORLD_FOR_TEST_H
#define STAMPEDE_RUN_TAMPERED_WORLD_FOR_TEST_H

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/plan/plan_json.h"
#include "harness/run/plan_world.h"

namespace stampede {

// What is done to one run; what is empty leaves it alone. All but `instead` concern the plan's processes alone.
struct Tampering {
  std::function<void(PlanWorld&)> before = nullptr;  // to the directory
  std::function<void(Step&)> step = nullptr;         // before anybody is told of it
  std::function<void(OperationOutcome&)> operation = nullptr;
  std::function<void(PlanWorld&, const PlanStage&)> after = nullptr;  // to the directory
  std::function<void(StageEnd&)> end = nullptr;
  std::function<void(Peers&)> peers = nullptr;  // before anything else
  bool cannot_be_cleared = false;
  std::size_t processes_max = SIZE_MAX;                                    // only the first of them run
  std::function<StageEnd(const PlanStage&, Observer&)> instead = nullptr;  // of every stage: nothing is run
};

class TamperedWorld final : public PlanWorldOver<PlanWorld> {
 public:
  // `of_run` is asked at the beginning of each run, which are counted from 1.
  explicit TamperedWorld(std::function<Tampering(int run)> of_run,
                         std::unique_ptr<PlanWorld> world = make_sim_plan_world())
      : PlanWorldOver(std::move(world)), of_run_(std::move(of_run)) {}

  modelcache::Result<void> clear(Peers& peers) override {
    now_ = of_run_(++runs_);
    peers_ = &peers;
    if (now_.cannot_be_cleared) return modelcache::fail(modelcache::ErrorCode::io, "clear", "a world", "broken");
    return world_->clear(peers);
  }
  StageEnd run(const PlanStage& stage, const std::vector<Model>& models, Strategy& strategy, Observer& observer,
               const OnOutcome& on_outcome) override {
    if (now_.peers && stage.stage == StageKind::run) now_.peers(*peers_);
    if (now_.instead) return now_.instead(stage, observer);
    if (stage.stage != StageKind::run) return world_->run(stage, models, strategy, observer, on_outcome);
    Told told(observer, now_);
    if (now_.before) now_.before(*world_);
    PlanStage fewer = stage;
    fewer.processes = stage.processes.first(std::min(stage.processes.size(), now_.processes_max));
    StageEnd end = world_->run(fewer, models, strategy, told, [&](std::uint32_t process, OperationOutcome outcome) {
      outcome.process = process;
      if (now_.operation) now_.operation(outcome);
      on_outcome(process, std::move(outcome));
    });
    if (now_.after) now_.after(*world_, stage);
    if (now_.end) now_.end(end);
    return end;
  }

 private:
  struct Told final : Observer {
    Told(Observer& observer, const Tampering& tampering) : observer_(observer), tampering_(tampering) {}
    void on_step(const Step& step, const DiskView& disk) override {
      Step told = step;
      if (tampering_.step) tampering_.step(told);
      observer_.on_step(told, disk);
    }
    void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView& disk) override {
      observer_.on_process_end(process, end, disk);
    }
    Observer& observer_;
    const Tampering& tampering_;
  };

  std::function<Tampering(int run)> of_run_;
  Tampering now_;
  Peers* peers_ = nullptr;
  int runs_ = 0;
};

// Each makes a run another one; of plans with a get in process 0, which ends.
struct NamedTampering {
  std::string name;
  bool changes_trace = true;
  Tampering tampering;
};
inline std::vector<NamedTampering> ways_to_tamper() {
  const auto idle = [](Step& step) { step.size = step.kind == StepKind::now ? 7 : step.size; };
  return {
      {"a step", true, {.step = idle}},
      {"a result", true, {.operation = [](OperationOutcome& outcome) { outcome.message += "falsified"; }}},
      {"an end", true, {.end = [](StageEnd& end) { end.is_deadlock = true; }}},
      {"a violation", false, {.operation = [](OperationOutcome& outcome) { ++outcome.operation.model; }}},
      {"what is judged", false, {.end = [](StageEnd& end) { end.ends[0] = ProcessEnd::killed; }}},
  };
}

// Does that to one run of a world, and nothing to all others.
inline std::function<Tampering(int run)> tamper_with(int wanted, Tampering tampering) {
  return [wanted, tampering = std::move(tampering)](int run) { return run == wanted ? tampering : Tampering{}; };
}

// A name that nobody made: `nothing_left_over` says so.
inline void litter(PlanWorld& world, const PlanStage&) { world.write_file("stray", {}); }

// What tells drawn plans from each other, as a world sees it.
inline std::string key_of(const PlanStage& stage) {
  Plan plan;
  for (std::size_t i = 0; i < kPlanModelsMax; ++i) plan.models.push_back({"m" + std::to_string(i), 1});
  plan.processes.assign(stage.processes.begin(), stage.processes.end());
  plan.disk.assign(stage.disk.begin(), stage.disk.end());
  plan.process_faults.assign(stage.process_faults.begin(), stage.process_faults.end());
  plan.schedule.time_runs_first = stage.time_runs_first;
  return print_plan(plan);
}
inline std::string key_of(const Plan& plan) {
  return key_of(PlanStage{.stage = StageKind::run,
                          .processes = plan.processes,
                          .disk = plan.disk,
                          .process_faults = plan.process_faults,
                          .time_runs_first = plan.schedule.time_runs_first});
}

}  // namespace stampede

#endif  // STAMPEDE_RUN_TAMPERED_WORLD_FOR_TEST_H
