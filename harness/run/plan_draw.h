// Draws plans of the free world from a seed.
#ifndef STAMPEDE_RUN_PLAN_DRAW_H
#define STAMPEDE_RUN_PLAN_DRAW_H

#include <cstdint>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/plan/free_plan.h"

namespace stampede {

struct DrawOptions {
  std::vector<Model> models;
  std::size_t processes = 8;
  std::size_t operations_per_process = 0;  // 0: every model once
  bool separate_directories = false;       // one each instead of one for all
  double fault_share = 0;                  // probability that a connection gets a fault
  // What is drawn from, evenly: "reset_in_body" with a place drawn anew each time, and in a quarter of the turns with a
  // second part drawn likewise, where that does not contradict it; "reset_in_body:10" and "drip:10+flip_byte:7" as they
  // are. Empty: every kind that a turn can have.
  std::vector<std::string> faults;
  std::size_t refused_models = 0;
  std::size_t kills = 0;  // processes that get SIGKILL when their request, drawn evenly, has come
};

// ERRORS: invalid_argument: no models, more refused ones than there are, a share that is none, an unknown fault, or
// `refused`, which no turn can have.
modelcache::Result<void> check(const DrawOptions& options);

// The same plan for the same seed and options, in every build. Each process gets the models in an order of its own;
// where it has more operations than there are models, in one order after the other. There is a drawn turn for every
// attempt that the processes can make by the cache's default; where redirects make more connections than that, the rest
// are good. Stalls and drips take milliseconds.
// REQUIRES: check(options).
FreePlan draw_plan(const DrawOptions& options, std::uint64_t seed);

}  // namespace stampede

#endif  // STAMPEDE_RUN_PLAN_DRAW_H
