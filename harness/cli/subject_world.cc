// Finds the subject, looks whether it can run, makes its world.
#include "harness/cli/subject_world.h"

#include <utility>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/subject_option.h"
#include "harness/run/plan_world.h"
#include "harness/run/subject_catalogue.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr std::string_view kCannotRun = "run subject";

}  // namespace

std::vector<std::string> command_zygote() { return {"/proc/self/exe", "live-command-zygote"}; }

bool is_command_subject(const std::string& name_or_file) {
  return name_or_file != kBuiltInSubject && !name_or_file.ends_with(".so");
}

Result<std::unique_ptr<PlanWorld>> make_subject_world(const std::string& name_or_file, int core) {
  auto subject = find_subject(name_or_file, shipped_subjects_directory());
  if (!subject) return fail(std::move(subject.error()));
  if (!subject->command) {
    return fail(ErrorCode::invalid_argument, "find subject", name_or_file, "expected one that is a command");
  }
  const std::vector<SubjectNeed> missing = missing_needs(*subject);
  if (!missing.empty()) {
    return fail(ErrorCode::not_found, kCannotRun, subject->name, "missing " + describe(missing));
  }
  return make_command_plan_world(*subject, command_zygote(), core);
}

bool is_no_subject(const modelcache::Error& error) {
  return error.code == ErrorCode::invalid_argument || (error.code == ErrorCode::not_found && error.step != kCannotRun);
}

Result<SimRunner*> SubjectRunners::of(const Plan& plan) {
  auto& runner = runners_[plan.subject];
  if (runner == nullptr) {
    auto world = make_subject_world(plan.subject);
    if (!world) return fail(std::move(world.error()));
    runner = std::make_unique<SimRunner>(std::move(*world));
  }
  return runner.get();
}

std::unique_ptr<PlanWorld> LostWorlds::replace(Result<std::unique_ptr<PlanWorld>> made) {
  if (made) return std::move(*made);
  if (!happened_.exchange(true)) (void)refuse("no world any more: " + made.error().message());
  return make_lost_plan_world(std::move(made.error()));
}

int LostWorlds::status_after(int status) const { return happened_ ? combined(status, kCannotHere) : status; }

}  // namespace stampede
