// Loads plugins, and hands their file on to zygotes.
#include "harness/cli/subject_option.h"

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

Result<std::unique_ptr<PlanWorld>> make_world_with(const std::string& subject, bool is_live, int core) {
  if (is_live) {
    std::vector<std::string> zygote = {"/proc/self/exe", "live-zygote"};
    if (subject != kBuiltInSubject) zygote.insert(zygote.end(), {"--subject", subject});
    return make_live_plan_world(std::move(zygote), core);
  }
  const auto found = subject_of(subject);
  if (!found) return fail(found.error());
  return make_sim_plan_world(**found);
}

}  // namespace stampede
