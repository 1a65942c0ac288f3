// What shrinking says: the failure in four lines, how much smaller it became, and whether it is proven.
#ifndef STAMPEDE_CLI_SHRINK_REPORT_H
#define STAMPEDE_CLI_SHRINK_REPORT_H

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/plan/plan.h"
#include "harness/run/smallest_plan.h"

namespace stampede {

// What was violated, the plan, the command that replays it, the file that holds it. Where `file` is empty, it could not
// be written, and the plan itself follows: it must not be lost.
std::string four_lines(const std::string& what, const Plan& plan, const std::string& file, const std::string& subject);

// "unshrunk: ..." with the plan below.
std::string unshrunk_text(const Plan& plan, const StepViolation& violation);

// While it shrinks: "34 replays: 2 processes, 2 operations, 0 faults, 3 switches".
std::string progress_text(const Plan& smaller, std::uint64_t replays);

// The four lines of the shrunk plan, then "shrunk:" and "proof:".
std::string shrunk_text(const Plan& plan, const SmallestPlan& smallest, const std::string& file,
                        const std::string& subject);
nlohmann::ordered_json json_of(const Plan& plan, const SmallestPlan& smallest, const std::string& file);

// The exit status of one plan; `is_saved`: where its result was to go.
int status_of(const SmallestPlan& smallest, bool is_saved);

}  // namespace stampede

#endif  // STAMPEDE_CLI_SHRINK_REPORT_H
