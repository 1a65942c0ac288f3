// Whether two runs of one plan are the same run, and where they begin to differ.
#ifndef STAMPEDE_RUN_WORLD_COMPARISON_H
#define STAMPEDE_RUN_WORLD_COMPARISON_H

#include <string>
#include <string_view>

#include "harness/run/sim_run.h"

namespace stampede {

// Compares everything that an outcome holds: steps with results and times, ends, schedules, operations, violations,
// what was judged, the ledger, and the files that are left. Empty where all is equal; else the first difference, one
// side a line, each named, behind the last steps that both share. REQUIRES: both runs kept their steps.
std::string first_difference(std::string_view one_name, const SimOutcome& one, std::string_view other_name,
                             const SimOutcome& other);

}  // namespace stampede

#endif  // STAMPEDE_RUN_WORLD_COMPARISON_H
