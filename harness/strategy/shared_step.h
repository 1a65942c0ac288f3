// Which steps touch what processes share.
#ifndef STAMPEDE_STRATEGY_SHARED_STEP_H
#define STAMPEDE_STRATEGY_SHARED_STEP_H

#include "harness/plan/step.h"

namespace stampede {

// False for steps that commute with every step of the others, as far as their kind and path tell: the clock, sleep,
// chance and identity; the resolver; sends, receives and closes of an own connection; bytes and syncs of files under
// tmp/, which are private until they are linked or renamed. Connects are shared (the i-th gets the i-th turn), and so
// are names, locks, lists, closes of files (which may drop a lock), and all else below the cache directory. A
// preemption before a step that is not shared finds nothing that one before the next shared step would not find. Blind
// to: who looks into another process's file under tmp/ (a cache that adopts partial files), and liveness, whose answer
// changes when its process ends.
bool is_shared(const PendingStep& step);

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_SHARED_STEP_H
