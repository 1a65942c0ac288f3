// Priorities and change points.
#include "harness/strategy/pct.h"

#include <algorithm>

namespace stampede {
namespace {

// Of processes that have met no change point: above all that change points give. So many that no two are alike.
constexpr std::uint64_t kFirstPriority = std::uint64_t{1} << 62;

}  // namespace

Pct::Pct(std::uint32_t depth, const Learned& learned, std::uint64_t seed)
    : depth_(depth), steps_max_(learned.shared_steps), pending_(learned), choices_(choices_of_seed(seed)) {}

void Pct::begin() {
  pending_.begin();
  change_points_.clear();
  for (std::uint32_t i = 1; i < depth_; ++i) {
    change_points_.push_back({static_cast<std::uint32_t>(choices_->below(steps_max_)), i});
  }
  shared_steps_ = 0;
}

std::size_t Pct::highest(const Decision& decision) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < decision.candidates.size(); ++i) {
    if (pending_.of(decision.candidates[i]).priority > pending_.of(decision.candidates[best]).priority) best = i;
  }
  return best;
}

// Private steps of the highest need no change point before them: one before its next shared step does the same.
std::size_t Pct::choose(const Decision& decision) {
  for (const Candidate& candidate : decision.candidates) {
    PendingSteps::Known* known = nullptr;
    if (pending_.look(candidate, known) && known->priority == 0) {
      known->priority = kFirstPriority + choices_->below(kFirstPriority);
    }
  }
  for (;;) {
    const std::size_t index = highest(decision);
    PendingSteps::Known& process = pending_.of(decision.candidates[index]);
    if (!process.is_shared) return index;
    const auto due = std::find_if(change_points_.begin(), change_points_.end(),
                                  [&](const ChangePoint& point) { return point.step == shared_steps_; });
    if (due == change_points_.end()) {
      ++shared_steps_;
      return index;
    }
    process.priority = due->priority;
    change_points_.erase(due);
  }
}

}  // namespace stampede
