// A subject that says of every get that it has the model, and does nothing: each is a violation.
#ifndef STAMPEDE_RUN_IDLE_SUBJECT_FOR_TEST_H
#define STAMPEDE_RUN_IDLE_SUBJECT_FOR_TEST_H

#include <memory>

#include "harness/run/plan_world.h"
#include "harness/run/sim_benchmark.h"
#include "harness/run/sim_run.h"

namespace stampede {

class IdleClient final : public SubjectClient {
 public:
  OperationOutcome perform(const Operation& operation) override {
    OperationOutcome outcome;
    outcome.operation = operation;
    return outcome;
  }
};

inline const SubjectPlugin& idle_subject() {
  static constexpr SubjectPlugin kSubject{.version = kSubjectPluginVersion,
                                          .stamp = "",
                                          .make_client = [](const ClientSetting&) -> std::unique_ptr<SubjectClient> {
                                            return std::make_unique<IdleClient>();
                                          },
                                          .warm_up = [] {},
                                          .code = nullptr,
                                          .code_count = 0};
  return kSubject;
}

// Of one run of `three_get_one`, which in no world has another schedule.
inline std::uint64_t violations_of_the_idle() {
  SimRunner runner(make_sim_plan_world(idle_subject()));
  return time_schedules({three_get_one()}, runner).violations;
}

}  // namespace stampede

#endif  // STAMPEDE_RUN_IDLE_SUBJECT_FOR_TEST_H
