// Plans as JSON, both ways.
#ifndef STAMPEDE_PLAN_PLAN_JSON_H
#define STAMPEDE_PLAN_PLAN_JSON_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cache/result.h"
#include "harness/plan/plan.h"

namespace stampede {

inline constexpr int kPlanVersion = 1;
inline constexpr std::size_t kPlanFileBytesMax = 16 * 1024 * 1024;

// JSON, in which comments are allowed; corpus/README.md explains one line by line. "plan": 1 comes first. Everything
// that is left out has its default.
// ERRORS: invalid_argument: `file`, the key's path, what was expected, and what came. Unknown and repeated keys are
// refused, and so is whatever `check` refuses. too_large above kPlanFileBytesMax.
modelcache::Result<Plan> parse_plan(std::string_view text, std::string_view file);
// ERRORS: besides, not_found, denied, io.
modelcache::Result<Plan> read_plan(const std::string& path);

// One line a model, process and fault; defaults are left out. `parse_plan` gives the same plan back.
// REQUIRES: check(plan).
std::string print_plan(const Plan& plan);
// False where it could not be written whole.
bool save_plan(const Plan& plan, const std::string& file);

// Of what the plan does: its note does not count. The same in every build (FNV-1a over the text).
std::uint64_t plan_hash(const Plan& plan);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_PLAN_JSON_H
