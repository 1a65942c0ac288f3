// What performs the operations of a controlled world's process, and how a shared library hands one out.
#ifndef STAMPEDE_PLAN_SUBJECT_PLUGIN_H
#define STAMPEDE_PLAN_SUBJECT_PLUGIN_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cache/os.h"
#include "harness/plan/model.h"
#include "harness/plan/operation_outcome.h"
#include "harness/plan/plan.h"

namespace stampede {

// What a client is made from. Owns nothing; all but the view outlives the client.
struct ClientSetting {
  modelcache::Os& os;
  std::string_view directory;  // of the cache, as `os` knows it
  const PlanProcess& process;
  const std::vector<Model>& models;
  std::string (*url_of)(const Model& model);  // where the world's server offers it
};

// One process of a plan. Owned by it.
class SubjectClient {
 public:
  virtual ~SubjectClient() = default;
  // Fills in what the cache returned; who performed it, and when, is the caller's. Everything that it does to the world
  // goes through the Os. Once the process was killed every call on the Os fails, and what is returned is thrown away.
  virtual OperationOutcome perform(const Operation& operation) = 0;
};

// A subject: the cache under test as the controlled worlds see it. The built-in one is `built_in_subject()`
// (harness/run/cache_client.h); a plugin's is what its one C function returns.
struct SubjectPlugin {
  // First, so that any build can read it: the layout of this struct.
  std::uint32_t version;
  // Names the build (sources of the cache and of the interface, compiler, flags). Types of the standard library cross
  // the border, so that only a plugin of the very same build can be used.
  const char* stamp;
  std::unique_ptr<SubjectClient> (*make_client)(const ClientSetting& setting);
  // Once in a process that will be forked, before anything that must differ between processes.
  void (*warm_up)();
  // Functions of the cache itself, one of each source file at best. The loader checks that they lie inside of the
  // library: else the dynamic linker has bound it to code of the same name in the host.
  const void* const* code;
  std::size_t code_count;
};
inline constexpr std::uint32_t kSubjectPluginVersion = 1;

// The one symbol that a plugin shows: `extern "C" const stampede::SubjectPlugin* stampede_subject_plugin()`.
inline constexpr const char* kSubjectPluginSymbol = "stampede_subject_plugin";

}  // namespace stampede

#endif  // STAMPEDE_PLAN_SUBJECT_PLUGIN_H
