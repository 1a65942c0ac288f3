// States what the cache promises as properties of plans: which invariants a claim is made of, and what is drawn.
#ifndef STAMPEDE_PROPERTIES_CLAIM_H
#define STAMPEDE_PROPERTIES_CLAIM_H

#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/plan_generator.h"

namespace stampede {

struct Claim {
  std::string_view name;                     // also of the file that a failure is written to
  std::vector<std::string_view> invariants;  // that must hold, and must have been judged; all where it is empty
  PlanLimits limits = {};                    // of the plans that are drawn
};

// Draws plans with RapidCheck, moves their processes by the mix of strategies in the simulated world, and fails where
// one of the claim's invariants is violated, or where a second run differs. What fails becomes smaller as in `stampede
// shrink`: processes, operations, faults, switches. The failure's text has four lines: what was violated, the smallest
// plan so far, the command that replays it, the file that holds it (in $STAMPEDE_FOUND, or a new directory).
// Prints how often each invariant was judged. Fails as well where one of the claim's was judged in no plan at all: a
// claim that is never tested is none.
void check_claim(const Claim& claim);

// Where failures are written: $STAMPEDE_FOUND, or a new directory that stays.
std::string folder_of_failures();

}  // namespace stampede

#endif  // STAMPEDE_PROPERTIES_CLAIM_H
