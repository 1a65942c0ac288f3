// Even choices among candidates.
#include "harness/strategy/random_walk.h"

namespace stampede {

RandomWalk::RandomWalk(std::uint64_t seed) : own_(choices_of_seed(seed)), choices_(*own_) {}

RandomWalk::RandomWalk(Choices& choices) : choices_(choices) {}

std::size_t RandomWalk::choose(const Decision& decision) { return choices_.below(decision.candidates.size()); }

}  // namespace stampede
