// What a search outside of the commands leaves of a plan that failed: a file, and four lines for people.
#ifndef STAMPEDE_RUN_FOUND_PLAN_H
#define STAMPEDE_RUN_FOUND_PLAN_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/run/sim_run.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// The plan with the schedule that did it, and a note that says what broke and what found it.
struct FoundPlan {
  Plan plan;
  std::string what;  // "one_download: process 1 downloads m0, which is there already"
};

// Runs the plan under `strategy`, then again, following the switches of the first run strictly. What is found is one
// of `invariants` violated (any where the list is empty), or two runs that differ in a step, a result or a verdict.
// `found_by` goes into the note. `judged`, where given, gets what the first run was judged by added, by place in
// watched_invariants(). Empty where all held.
std::optional<FoundPlan> find_failure(SimRunner& runner, const Plan& plan, Strategy& strategy,
                                      std::string_view found_by, std::span<const std::string_view> invariants = {},
                                      std::vector<std::uint64_t>* judged = nullptr);

// Writes the plan to FOLDER/NAME.json (the folder is made where it is missing; an older file goes), and says in four
// lines what was violated, the plan, the command that replays it, and the file. Where it cannot be written, the plan
// itself stands in the place of the last two.
std::string report_found(const FoundPlan& found, const std::string& folder, std::string_view name);

}  // namespace stampede

#endif  // STAMPEDE_RUN_FOUND_PLAN_H
