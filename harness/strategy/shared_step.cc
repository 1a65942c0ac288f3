// A table of steps, and the one folder that is private.
#include "harness/strategy/shared_step.h"

#include <string_view>

namespace stampede {

bool is_shared(const PendingStep& step) {
  constexpr std::string_view kPrivateFolder = "tmp/";
  switch (step.kind) {
    case StepKind::read:
    case StepKind::write:
    case StepKind::truncate:
    case StepKind::sync_file:
      return !std::string_view(step.path).starts_with(kPrivateFolder);
    case StepKind::close:
      return step.connection == 0;
    case StepKind::resolve:
    case StepKind::send:
    case StepKind::receive:
    case StepKind::now:
    case StepKind::wall_time:
    case StepKind::sleep_until:
    case StepKind::random:
    case StepKind::self:
    case StepKind::liveness:
      return false;
    case StepKind::open:
    case StepKind::sync_directory:
    case StepKind::rename:
    case StepKind::link:
    case StepKind::unlink:
    case StepKind::stat:
    case StepKind::stat_name:
    case StepKind::list:
    case StepKind::make_directory:
    case StepKind::try_lock:
    case StepKind::unlock:
    case StepKind::connect:
      return true;
  }
  return true;
}

}  // namespace stampede
