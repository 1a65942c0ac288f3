// Which steps of a trace depend on each other, and the order with the fewest moves that keeps these dependencies.
#ifndef STAMPEDE_RUN_CAUSAL_ORDER_H
#define STAMPEDE_RUN_CAUSAL_ORDER_H

#include <cstdint>
#include <span>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/plan/step.h"

namespace stampede {

// Whether the order of two steps of different processes can matter: both touch a name, file, lock or list that one of
// them changes, or both connect. As far as kinds, paths and file numbers tell.
bool conflict(const Step& one, const Step& other);

// Whether steps conflict that touch files under tmp/, which shared_step.h takes to be private.
bool shares_private_files(std::span<const Step> steps);

// The switches of a schedule in which these steps come in that order, forced moves among them.
std::vector<Switch> moves_of(std::span<const Step> steps, std::span<const std::size_t> order);

// The switches of a schedule with few moves after which every two steps that conflict come in the order of `steps`,
// which are those of the plan's processes, in their order; so do steps that a disk fault counts, and the last step of
// who was killed (`killed`) and whatever follows. Where `only_causes` is set, just what must come before the last of
// them, by the order of each process and by conflicts; everything else comes after it, by default.
// Moves that are forced are among the switches: a lenient replay takes those that are the default as nothing.
// Greedy (to find the fewest is hard): who moves goes on while he may, then who can go furthest.
std::vector<Switch> fewest_moves(const Plan& plan, std::span<const Step> steps,
                                 const std::vector<std::uint32_t>& killed, bool only_causes);

}  // namespace stampede

#endif  // STAMPEDE_RUN_CAUSAL_ORDER_H
