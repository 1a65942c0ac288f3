// A subject that does nothing, as a plugin of several builds: right ones, and such as a loader must refuse.
#include <cstdlib>
#include <iterator>

#include "harness/plan/subject_plugin.h"

#ifndef PLUGIN_STAMP
#include "harness/run/subject_stamp.h"
#define PLUGIN_STAMP stampede::kSubjectStamp
#endif
#ifndef PLUGIN_CLIENTS
#define PLUGIN_CLIENTS make_client
#endif
#ifndef PLUGIN_CODE_COUNT
#define PLUGIN_CODE_COUNT std::size(kCode)
#endif
#ifndef PLUGIN_RESULT
#define PLUGIN_RESULT &kSubject
#endif
#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION stampede::kSubjectPluginVersion
#endif

namespace stampede {

int code_of_subject();

// The host has functions of these names too (posix_subject_library_test.cc).
#ifndef PLUGIN_HAS_NO_CODE
// Neither copied to where it is called, nor replaced by its result.
volatile int result_of_code = 1;
__attribute__((noinline)) int code_of_subject() { return result_of_code; }
#endif

}  // namespace stampede

extern "C" int more_code_of_subject();
extern "C" int more_code_of_subject() { return 1; }

namespace {

class IdleClient final : public stampede::SubjectClient {
 public:
  stampede::OperationOutcome perform(const stampede::Operation& operation) override {
    stampede::OperationOutcome outcome;
    outcome.operation = operation;
#ifdef PLUGIN_CALLS_ITS_CODE
    outcome.claimed_attempts = static_cast<unsigned>(stampede::code_of_subject());
#endif
#ifdef PLUGIN_COUNTS_ITS_CALLS
    static unsigned calls = 0;  // of all runs, so that none is like another
    outcome.claimed_attempts = ++calls;
#endif
    return outcome;
  }
};

std::unique_ptr<stampede::SubjectClient> make_client(const stampede::ClientSetting&) {
  return std::make_unique<IdleClient>();
}
void warm_up() {}

}  // namespace

extern "C" __attribute__((visibility("default"))) const stampede::SubjectPlugin* stampede_subject_plugin();

extern "C" const stampede::SubjectPlugin* stampede_subject_plugin() {
  static const void* const kCode[] = {reinterpret_cast<const void*>(&make_client),
#ifdef PLUGIN_NAMES_MORE_CODE
                                      reinterpret_cast<const void*>(&more_code_of_subject)
#endif
  };
  [[maybe_unused]] static const stampede::SubjectPlugin kSubject{.version = PLUGIN_VERSION,
                                                                 .stamp = PLUGIN_STAMP,
                                                                 .make_client = PLUGIN_CLIENTS,
                                                                 .warm_up = warm_up,
                                                                 .code = kCode,
                                                                 .code_count = PLUGIN_CODE_COUNT};
  return PLUGIN_RESULT;
}
