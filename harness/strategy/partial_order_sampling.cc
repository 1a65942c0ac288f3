// Priorities of steps, and which of them race.
#include "harness/strategy/partial_order_sampling.h"

#include "harness/strategy/step_access.h"

namespace stampede {

PartialOrderSampling::PartialOrderSampling(const Learned& learned, std::uint64_t seed)
    : pending_(learned), choices_(choices_of_seed(seed)) {}

std::size_t PartialOrderSampling::choose(const Decision& decision) {
  for (const Candidate& candidate : decision.candidates) {
    PendingSteps::Known* known = nullptr;
    if (pending_.look(candidate, known) && known->is_shared) known->priority = draw();
  }
  if (const std::size_t own = pending_.first_private(decision); own < decision.candidates.size()) return own;
  std::size_t best = 0;
  for (std::size_t i = 1; i < decision.candidates.size(); ++i) {
    if (pending_.of(decision.candidates[i]).priority > pending_.of(decision.candidates[best]).priority) best = i;
  }
  draw_again(decision, best);
  return best;
}

void PartialOrderSampling::draw_again(const Decision& decision, std::size_t taken) {
  const PathAliases no_aliases;  // a race that is missed for a file with two names costs a draw, and no order
  for (std::size_t i = 0; i < decision.candidates.size(); ++i) {
    if (i == taken || !may_conflict(*decision.candidates[taken].pending, *decision.candidates[i].pending, no_aliases)) {
      continue;
    }
    pending_.of(decision.candidates[i]).priority = draw();
  }
}

}  // namespace stampede
