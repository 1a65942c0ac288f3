// Loads plugins, and hands their file on to zygotes.
#include "harness/cli/subject_option.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "harness/run/posix_subject_library.h"

namespace stampede {

using modelcache::fail;
using modelcache::Result;

namespace {

Result<const SubjectPlugin*> subject_of(const std::string& subject) {
  if (subject == kBuiltInSubject) return &built_in_subject();
  if (subject.ends_with(".so")) return load_subject(subject);
  return fail(modelcache::ErrorCode::invalid_argument, "choose subject", subject,
              "the worlds sim and live take modelcache, or a plugin: a file that ends in .so");
}

}  // namespace

Result<void> check_subject(const std::string& subject) {
  const auto found = subject_of(subject);
  if (!found) return fail(found.error());
  return {};
}

std::vector<std::string> built_in_zygote() {
  std::error_code error;
  const auto own = std::filesystem::read_symlink(kOwnProgram, error);
  const auto small = own.parent_path() / "stampede-live-zygote";
  if (!error && std::filesystem::exists(small, error)) return {small.string()};
  return {kOwnProgram, "live-zygote"};
}

Result<std::unique_ptr<PlanWorld>> make_world_with(const std::string& subject, bool is_live, int core) {
  if (is_live) {
    if (subject == kBuiltInSubject) return make_live_plan_world(built_in_zygote(), core);
    return make_live_plan_world({kOwnProgram, "live-zygote", "--subject", subject}, core);
  }
  const auto found = subject_of(subject);
  if (!found) return fail(found.error());
  return make_sim_plan_world(**found);
}

}  // namespace stampede
