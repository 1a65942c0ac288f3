// Searches for a plan on which a mutant breaks an invariant and the good cache does not.
#ifndef STAMPEDE_RUN_MUTANT_SEARCH_H
#define STAMPEDE_RUN_MUTANT_SEARCH_H

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/run/mutant_catalogue.h"
#include "harness/run/shrink.h"
#include "harness/run/shrink_proof.h"
#include "harness/run/sim_draw.h"
#include "harness/run/sim_run.h"

namespace stampede {

struct MutantSearchOptions {
  std::uint64_t seed = 0;       // of the first search's first plan; each next plan has the next
  std::uint64_t runs = 10'000;  // plans of one search at most
  std::uint64_t seeds = 1;      // searches of each mutant; the next one begins where this one must end
  unsigned jobs = 1;            // threads, each with worlds of its own
  std::uint32_t skew = 0;       // see `skewed`
  StrategyChoice strategy = {.kind = StrategyKind::mix};
  bool shrinks = false;  // what was found
  // Of the proof that fewer switches do not do it, which may find that they do; 0: no proof.
  std::uint64_t proof_schedules_max = ProofOptions{}.schedules_max;
  // Makes a world for the calling thread, with the plugin in the file given, or without one with the good cache.
  // REQUIRES: the file can be loaded.
  std::function<std::unique_ptr<PlanWorld>(const std::string& file)> make_world;
  std::function<bool()> is_interrupted = [] { return false; };
};

// What became of one search.
struct MutantSearch {
  std::string mutant;
  std::uint64_t seed = 0;       // of its first plan
  bool is_over = false;         // false where it was interrupted: nothing follows from it
  bool is_killed = false;       // the last plan broke an invariant, does so again, and the good cache holds on it
  std::uint64_t plans = 0;      // that were run on the mutant until then
  std::uint64_t schedules = 0;  // of them: some strategies learn a plan in a run before, which counts as well
  double seconds = 0;           // until then; on this machine, beside whatever else it does
  StepViolation violation;      // the first one of the plan that killed it
  std::string strategy;         // that moved its processes; of a mix, its part
  Plan plan;                    // with the schedule that did it, as it was drawn
  // Where it was shrunk: the smallest plan with that violation, on which the good cache holds as well.
  std::optional<Shrunk> shrunk;
  bool is_proven = false;          // fewer switches do not do it
  std::uint64_t uncontrolled = 0;  // plans that the live world lost control of: not judged
  std::uint64_t fleeting = 0;      // plans whose violation did not come again with the same schedule: no kill
  // Of the good cache, where it breaks an invariant on a plan that the mutant broke one on; the search goes on.
  std::string good_breaks;
};

// All searches of all mutants, mutant by mutant. `on_search` is told of each one when it is over, on the thread that
// did it, one at a time.
std::vector<MutantSearch> search_mutants(const std::vector<Mutant>& mutants, const MutantSearchOptions& options,
                                         const std::function<void(const MutantSearch&)>& on_search);

}  // namespace stampede

#endif  // STAMPEDE_RUN_MUTANT_SEARCH_H
