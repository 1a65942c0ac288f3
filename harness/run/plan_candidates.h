// Smaller plans made of one: what shrinking tries, in the shrinker and in properties alike.
#ifndef STAMPEDE_RUN_PLAN_CANDIDATES_H
#define STAMPEDE_RUN_PLAN_CANDIDATES_H

#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "harness/plan/plan.h"

namespace stampede {

// How much there is to a plan, the weightiest first: it is smaller where it has fewer processes, then where it has
// fewer operations, and so on. Every plan that shrinking accepts is smaller than the one before, so shrinking ends.
struct PlanSize {
  std::uint64_t processes = 0;
  std::uint64_t operations = 0;
  std::uint64_t faults = 0;  // turns that are not good, disk and process faults, damage, warm models, read-only
  std::uint64_t models = 0;
  std::uint64_t switches = 0;
  std::uint64_t values = 0;  // options that are not the defaults, and sizes and times in bits
  friend auto operator<=>(const PlanSize&, const PlanSize&) = default;
};
PlanSize size_of(const Plan& plan);

// Own steps [first, end); of commands also the actors p + 64 k with k in [first_actor, end_actor), who work for this
// operation alone.
struct StepRange {
  std::uint32_t first = 0, end = 0;
  std::uint32_t first_actor = 0, end_actor = 0;
};
// Of each process, of each operation: what goes when the operation goes. May be shorter than the plan's lists; what is
// missing is not known.
using StepRanges = std::vector<std::vector<StepRange>>;

// What goes, by index. Whatever names a process or model that goes, goes too.
struct PlanCut {
  std::vector<std::size_t> processes = {}, models = {}, warm = {}, damage = {}, turns = {}, disk = {};
  std::vector<std::size_t> process_faults = {}, switches = {};
  std::vector<std::pair<std::size_t, std::size_t>> operations = {};  // process, operation
};

// All that remains is numbered anew. A turn that goes becomes a good response, so that later connections keep theirs. A
// switch to a process that goes leads to where the next switch leads away from it: that is what is left of the order.
// Keys of own steps move down with the operations that went, where `ranges` knows their steps. So do actors: those of
// operations and processes that went go, and those that were born after them, or work for later processes, are numbered
// as they will be then.
// REQUIRES: indexes in range; a process that stays. ENSURES: check() accepts the result where it accepted `plan`.
Plan without(const Plan& plan, const PlanCut& cut, const StepRanges& ranges = {});

// Gives the process the default options; its keys of own steps move down with its idle steps.
void make_plain(Plan& plan, std::size_t process);

// Of models: one piece of a response's body. What is smaller stays as it is.
inline constexpr std::uint64_t kSmallModelBytes = 1024;

// The plan with simpler values, all at once first, then one by one: default options, small models, times and counts.
std::vector<Plan> simpler_values(const Plan& plan);

// Smaller plans, best first: without processes, models, whole groups of faults, operations, single faults, switches in
// halves, quarters and so on down to single ones, and with simpler values.
// ENSURES: size_of each is less than size_of(plan), and check() accepts each where it accepts `plan`.
std::vector<Plan> candidates(const Plan& plan);

}  // namespace stampede

#endif  // STAMPEDE_RUN_PLAN_CANDIDATES_H
