// A die that is weighted by the steps to go.
#include "harness/strategy/uniform_walk.h"

namespace stampede {

UniformWalk::UniformWalk(const Learned& learned, std::uint64_t seed)
    : learned_(learned), pending_(learned), choices_(choices_of_seed(seed)) {}

void UniformWalk::begin() {
  pending_.begin();
  taken_.assign(taken_.size(), 0);
}

std::uint64_t UniformWalk::to_go(const Candidate& candidate) const {
  const auto& own = learned_.own_shared_steps;
  const std::uint32_t all = candidate.process < own.size() ? own[candidate.process] : 0;
  return all > taken_[candidate.process] ? all - taken_[candidate.process] : 1;
}

std::size_t UniformWalk::choose(const Decision& decision) {
  if (taken_.size() <= decision.candidates.back().process) taken_.resize(decision.candidates.back().process + 1);
  for (const Candidate& candidate : decision.candidates) {
    PendingSteps::Known* known = nullptr;
    (void)pending_.look(candidate, known);
  }
  if (const std::size_t own = pending_.first_private(decision); own < decision.candidates.size()) return own;
  std::uint64_t all = 0;
  for (const Candidate& candidate : decision.candidates) all += to_go(candidate);
  std::uint64_t drawn = choices_->below(all);
  std::size_t index = 0;
  while (drawn >= to_go(decision.candidates[index])) drawn -= to_go(decision.candidates[index++]);
  ++taken_[decision.candidates[index].process];
  return index;
}

}  // namespace stampede
