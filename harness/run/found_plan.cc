// Runs a plan twice, and keeps what failed.
#include "harness/run/found_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "harness/plan/plan_json.h"
#include "harness/run/trace.h"
#include "harness/run/world_comparison.h"
#include "harness/strategy/replay.h"

namespace stampede {
namespace {

bool is_meant(const StepViolation& violation, std::span<const std::string_view> invariants) {
  return invariants.empty() || std::find(invariants.begin(), invariants.end(), violation.invariant) != invariants.end();
}

}  // namespace

std::optional<FoundPlan> find_failure(SimRunner& runner, const Plan& plan, Strategy& strategy,
                                      std::string_view found_by, std::span<const std::string_view> invariants,
                                      std::vector<std::uint64_t>* judged) {
  const SimOutcome first = runner.run(plan, strategy);
  FoundPlan found{plan, {}};
  found.plan.schedule.switches = first.run.switches;
  found.plan.note.found_by = found_by;
  found.plan.note.trace_hash = hash_text(first.trace_hash);
  if (judged != nullptr) {
    judged->resize(first.judged.size());
    for (std::size_t i = 0; i < first.judged.size(); ++i) (*judged)[i] += first.judged[i];
  }
  for (const StepViolation& violation : first.violations) {
    if (!is_meant(violation, invariants)) continue;
    found.what = violation.invariant + ": " + violation.what;
    found.plan.note.expect = violation.invariant;
    return found;
  }
  Replay again(found.plan.schedule, Replay::Mode::strict);
  const SimOutcome second = runner.run(found.plan, again);
  const std::string difference = again.divergence().empty() ? repetition_difference(first, second) : again.divergence();
  if (difference.empty()) return std::nullopt;
  found.what = "divergence: two runs of one plan differ: " + difference;
  return found;
}

std::string report_found(const FoundPlan& found, const std::string& folder, std::string_view name) {
  Plan plan = found.plan;
  plan.note.why = found.what.substr(0, found.what.find('\n'));  // a note has one line
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string path = (std::filesystem::path(folder) / fmt::format("{}.json", name)).string();
  const bool is_saved = save_plan(plan, path);
  const std::string head = fmt::format("violated: {}\nplan:     {}\n", found.what, print_line(plan));
  if (!is_saved) return head + "file:     could not be written; the plan is\n" + print_plan(plan);
  return head + fmt::format("replay:   stampede replay {}\nfile:     {}   (stampede show draws it)\n", path, path);
}

}  // namespace stampede
