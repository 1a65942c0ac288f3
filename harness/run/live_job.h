// What a process of the live world is told to do, and what it tells, as bytes.
#ifndef STAMPEDE_RUN_LIVE_JOB_H
#define STAMPEDE_RUN_LIVE_JOB_H

#include <string>
#include <string_view>
#include <vector>

#include "harness/live/live_zygote.h"
#include "harness/plan/model.h"
#include "harness/plan/operation_outcome.h"
#include "harness/plan/plan.h"
#include "harness/plan/subject_plugin.h"

namespace stampede {

// The bytes go from one process of this build to another, so they have no version. `read_outcome` aborts on others.
std::string job_of(const PlanProcess& process, const std::vector<Model>& models);
// As the subject filled it in; who performed it, and when, is for the reader to say.
OperationOutcome read_outcome(std::string_view report);

// What the process makes of its job, and how it reports. A job that is none aborts.
struct LiveJob {
  PlanProcess process;
  std::vector<Model> models;  // without their bytes
};
LiveJob read_job(std::string_view job);
std::string report_of(const OperationOutcome& outcome);

// For run_live_zygote: performs the operations of a job with the subject, and reports each.
void perform_live_job(const SubjectPlugin& subject, const LiveTask& task);
// The whole life of a zygote whose processes use the subject; returns its exit status.
int run_subject_zygote(const SubjectPlugin& subject);

}  // namespace stampede

#endif  // STAMPEDE_RUN_LIVE_JOB_H
