// Whether two runs of one plan are the same run, and where they begin to differ.
#ifndef STAMPEDE_RUN_WORLD_COMPARISON_H
#define STAMPEDE_RUN_WORLD_COMPARISON_H

#include <string>
#include <string_view>
#include <vector>

#include "harness/run/sim_run.h"

namespace stampede {

// Compares everything that an outcome holds: steps with results and times, ends, schedules, operations, violations,
// what was judged, the ledger, faults that were met, and the files that are left. Empty where all is equal; else the
// first difference, one side a line, each named, behind the last steps that both share. REQUIRES: both runs kept their
// steps; they are two.
std::string first_difference(std::string_view one_name, const SimOutcome& one, std::string_view other_name,
                             const SimOutcome& other);

// In what a repetition is not the run that it repeats: its trace, or what was judged of the same trace. Empty where it
// is. No steps need be kept. REQUIRES: two runs.
std::string repetition_difference(const SimOutcome& first, const SimOutcome& second);

// "step 12: expected process 1 write tmp/... 10 at 0 -> 10, got the end": where two traces part. Empty where they do
// not. What is no part of a trace is not looked at.
std::string first_step_difference(const std::vector<Step>& expected, const std::vector<Step>& got);

}  // namespace stampede

#endif  // STAMPEDE_RUN_WORLD_COMPARISON_H
