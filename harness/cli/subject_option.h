// The cache under test of the controlled worlds, as `--subject` names it.
#ifndef STAMPEDE_CLI_SUBJECT_OPTION_H
#define STAMPEDE_CLI_SUBJECT_OPTION_H

#include <memory>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/run/plan_world.h"

namespace stampede {

// What the option is when it is not given: the cache that this program was linked with.
inline constexpr const char* kBuiltInSubject = "modelcache";

// This program, to start it again.
inline constexpr const char* kOwnProgram = "/proc/self/exe";

// Whether a controlled world can have that subject: the built-in one, or a plugin that can be loaded. ERRORS: those of
// load_subject; invalid_argument for subjects of the free world.
modelcache::Result<void> check_subject(const std::string& subject);

// What forks the built-in cache's processes of the live world: the small program beside this one, or this one.
std::vector<std::string> built_in_zygote();

// A world for the calling thread, with processes that use `subject`. `core` as for make_live_plan_world.
// REQUIRES: check_subject(subject). ERRORS: those of the live world.
modelcache::Result<std::unique_ptr<PlanWorld>> make_world_with(const std::string& subject, bool is_live, int core = -1);

}  // namespace stampede

#endif  // STAMPEDE_CLI_SUBJECT_OPTION_H
