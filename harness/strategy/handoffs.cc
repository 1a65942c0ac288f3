// Remembers who touched each object last.
#include "harness/strategy/handoffs.h"

#include <string_view>

#include "harness/strategy/shared_step.h"

namespace stampede {

ObjectRole role_of(std::string_view path) {
  if (path == "locks/manifest.lock") return ObjectRole::manifest_lock;
  if (path.starts_with("locks/")) return ObjectRole::entry_lock;
  if (path.starts_with("entries/")) return ObjectRole::entry;
  if (path.starts_with("tmp/")) return ObjectRole::temporary;
  if (path == "manifest.json") return ObjectRole::manifest;
  if (path.empty() || path == "entries" || path == "locks" || path == "tmp") return ObjectRole::folder;
  return ObjectRole::other;
}

std::size_t handoff_number(ObjectRole role, StepKind before, StepKind after) {
  const std::size_t pair = static_cast<std::size_t>(before) * kStepKinds + static_cast<std::size_t>(after);
  return static_cast<std::size_t>(role) * kStepKinds * kStepKinds + pair;
}

void HandoffWatch::begin() {
  last_.clear();
  inner_.begin();
}

std::size_t HandoffWatch::choose(const Decision& decision) {
  const std::size_t index = inner_.choose(decision);
  const Candidate& chosen = decision.candidates[index];
  const PendingStep& step = *chosen.pending;
  if (!is_shared(step)) return index;
  const Touch now{chosen.process, step.kind};
  touch(step.kind == StepKind::connect ? "network:" : step.path, now);
  if (!step.to_path.empty()) touch(step.to_path, now);
  return index;
}

void HandoffWatch::touch(const std::string& path, Touch touch) {
  const auto [place, is_new] = last_.try_emplace(path, touch);
  if (!is_new && place->second.process != touch.process) {
    on_handoff_(handoff_number(role_of(path), place->second.kind, touch.kind));
  }
  place->second = touch;
}

}  // namespace stampede
