// Draws what one connection gets.
#ifndef STAMPEDE_PLAN_TURN_GENERATOR_H
#define STAMPEDE_PLAN_TURN_GENERATOR_H

#include <span>

#include "harness/plan/choices.h"
#include "harness/plan/fault_turn.h"
#include "harness/plan/plan.h"

namespace stampede {

// A turn with one part, sometimes with a second one that does not contradict it, and sometimes none. Places are near
// the edges of the models' bodies; pieces are large enough for some dozen receives. Choices of zeros give no part.
FaultTurn draw_turn(Choices& choices, std::span<const PlanModel> models);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_TURN_GENERATOR_H
