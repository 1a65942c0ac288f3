// Worlds for plans whose subject is a command.
#ifndef STAMPEDE_CLI_SUBJECT_WORLD_H
#define STAMPEDE_CLI_SUBJECT_WORLD_H

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/plan/plan.h"
#include "harness/run/sim_run.h"

namespace stampede {

// What starts the commands of a live world.
std::vector<std::string> command_zygote();
// Neither the built-in cache nor a plugin.
bool is_command_subject(const std::string& name_or_file);
// A live world for a subject by name or file. ERRORS: invalid_argument and those of find_subject, for what is none;
// as make_command_plan_world, and not_found for what the subject misses here.
modelcache::Result<std::unique_ptr<PlanWorld>> make_subject_world(const std::string& name_or_file, int core = -1);
// Whether the error says that it is no subject, rather than that it cannot run here.
bool is_no_subject(const modelcache::Error& error);

// Runners of plans by their subjects, made when they are first asked for.
class SubjectRunners {
 public:
  // REQUIRES: a plan that names a subject. ERRORS: as make_subject_world.
  modelcache::Result<SimRunner*> of(const Plan& plan);

 private:
  std::map<std::string, std::unique_ptr<SimRunner>> runners_;
};

// Stands in for worlds that cannot be had any more once work has begun, so that what was done until then is reported.
// For any thread.
class LostWorlds {
 public:
  // The world that was made; in its place, where there is none, one whose runs are all uncontrolled. The first reason
  // is told on standard error.
  std::unique_ptr<PlanWorld> replace(modelcache::Result<std::unique_ptr<PlanWorld>> made);
  [[nodiscard]] bool happened() const { return happened_; }
  // Of a command that would end with `status`.
  [[nodiscard]] int status_after(int status) const;

 private:
  std::atomic<bool> happened_ = false;
};

}  // namespace stampede

#endif  // STAMPEDE_CLI_SUBJECT_WORLD_H
