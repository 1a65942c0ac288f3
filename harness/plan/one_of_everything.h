// A plan that has one of everything, for tests.
#ifndef STAMPEDE_PLAN_ONE_OF_EVERYTHING_H
#define STAMPEDE_PLAN_ONE_OF_EVERYTHING_H

#include <cerrno>

#include "harness/plan/plan.h"

namespace stampede {

inline Plan plan_of_everything() {
  Plan plan;
  plan.models = {{"m0", 1024}, {"nets/m1.onnx", 70'000}};
  plan.processes.resize(2);
  plan.processes[0].operations = {{OperationKind::get, 0}, {OperationKind::list, 0}};
  plan.processes[1] = PlanProcess{.operations = {{OperationKind::remove, 1}},
                                  .verify = modelcache::VerifyPolicy::always,
                                  .lock_wait = std::chrono::milliseconds(20),
                                  .only_wait = true,
                                  .umask = 077,
                                  .descriptors_max = 9,
                                  .idle_steps = 7};
  plan.start = {.warm = {1}, .damage = {{DamageKind::cut, 1}, {DamageKind::unlisted, 0}}, .read_only = true};
  plan.network = {.faults = {*parse_turn("drip:1000+flip_byte:7"), FaultTurn{}}, .repeats = true, .every = 2};
  plan.disk = {DiskFault{.step = StepKind::write, .process = 1, .path = "tmp/", .nth = 3, .times = 0, .error = ENOSPC},
               DiskFault{.step = StepKind::try_lock, .path = {}, .effect = DiskEffect::does_nothing}};
  plan.process_faults = {{ProcessFaultKind::kill_before, 1, 17, {}},
                         {ProcessFaultKind::stop, 0, 3, std::chrono::milliseconds(5)},
                         {ProcessFaultKind::clock_step, 0, 4, std::chrono::hours(-1)}};
  plan.schedule = {.switches = {{0, 12, 1}, {1, 3, 0}}, .time_runs_first = true};
  plan.note = {.why = "it is needed",
               .found_by = "a person",
               .expect = "one_download",
               .kills = {"a"},
               .trace_hash = "0123456789abcdef"};
  return plan;
}

}  // namespace stampede

#endif  // STAMPEDE_PLAN_ONE_OF_EVERYTHING_H
