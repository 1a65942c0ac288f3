// Names of steps and stages.
#include "harness/plan/step.h"

#include <iterator>

#include "cache/door.h"

namespace stampede {

static_assert(std::size(modelcache::kDoor) == kStepKinds, "one kind for each row of the door's table");

std::string_view name_of(StepKind kind) { return modelcache::kDoor[static_cast<std::size_t>(kind)].method; }

std::optional<StepKind> step_kind_named(std::string_view name) {
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    if (modelcache::kDoor[i].method == name) return static_cast<StepKind>(i);
  }
  return std::nullopt;
}

std::string_view name_of(StageKind stage) {
  switch (stage) {
    case StageKind::warm_up:
      return "warm_up";
    case StageKind::run:
      return "run";
    case StageKind::epilogue:
      return "epilogue";
  }
  return "";
}

}  // namespace stampede
