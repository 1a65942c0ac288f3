// Runs a plan twice, and keeps what failed.
#include "harness/run/found_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "harness/plan/plan_json.h"
#include "harness/run/trace.h"
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
  const SimOutcome& first = runner.run(plan, strategy);
  const std::vector<StepViolation> violations = first.violations;
  const std::vector<std::uint64_t> judged_first = first.judged;
  const std::uint64_t hash = first.trace_hash;
  FoundPlan found{plan, {}};
  found.plan.schedule.switches = first.run.switches;
  found.plan.note.found_by = found_by;
  found.plan.note.trace_hash = hash_text(hash);
  if (judged != nullptr) {
    judged->resize(judged_first.size());
    for (std::size_t i = 0; i < judged_first.size(); ++i) (*judged)[i] += judged_first[i];
  }
  for (const StepViolation& violation : violations) {
    if (!is_meant(violation, invariants)) continue;
    found.what = violation.invariant + ": " + violation.what;
    found.plan.note.expect = violation.invariant;
    return found;
  }
  Replay again(found.plan.schedule, Replay::Mode::strict);
  const SimOutcome& second = runner.run(found.plan, again);
  if (!again.divergence().empty()) {
    found.what = "divergence: " + again.divergence();
  } else if (second.trace_hash != hash) {
    found.what = "divergence: two runs of one plan differ";
  } else if (second.judged != judged_first || second.violations.size() != violations.size()) {
    found.what = "divergence: two runs of one plan take the same steps, and are judged differently";
  } else {
    return std::nullopt;
  }
  return found;
}

std::string report_found(const FoundPlan& found, const std::string& folder, std::string_view name) {
  Plan plan = found.plan;
  plan.note.why = found.what;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string path = (std::filesystem::path(folder) / fmt::format("{}.json", name)).string();
  std::ofstream file(path);
  file << print_plan(plan);
  file.close();
  const std::string head = fmt::format("violated: {}\nplan:     {}\n", found.what, print_line(plan));
  if (!file) return head + "file:     could not be written; the plan is\n" + print_plan(plan);
  return head + fmt::format("replay:   stampede replay {}\nfile:     {}   (stampede show draws it)\n", path, path);
}

}  // namespace stampede
