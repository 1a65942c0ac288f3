// Which invariants the surroundings of a plan let be judged: to the others it says nothing.
#ifndef STAMPEDE_JUDGE_ALLOWED_INVARIANTS_H
#define STAMPEDE_JUDGE_ALLOWED_INVARIANTS_H

#include <bitset>

#include "harness/plan/plan.h"

namespace stampede {

// By place in `watched_invariants`.
using InvariantSet = std::bitset<64>;

// Those whose needs the plan may meet; of commands the ten of command_judge.h. A fault may never come up, so that what
// is allowed is still judged 0 times.
InvariantSet allowed_by(const Plan& plan);

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_ALLOWED_INVARIANTS_H
