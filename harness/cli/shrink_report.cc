// Writes the results of shrinking as text and as JSON.
#include "harness/cli/shrink_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/cli/exit_statuses.h"
#include "harness/cli/subject_option.h"
#include "harness/plan/plan_json.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string_view name_of(const SmallestPlan& smallest) {
  if (!smallest.is_proof_wanted) return "none";
  switch (smallest.proof.verdict) {
    case Proof::Verdict::proven:
      return "proven";
    case Proof::Verdict::found_fewer:
      return "found_fewer";
    case Proof::Verdict::bound:
      return "bound";
    case Proof::Verdict::interrupted:
      return "interrupted";
    case Proof::Verdict::cannot:
      return "cannot";
  }
  return "?";
}

ordered_json json_of(const PlanSize& size) {
  return {{"processes", size.processes},
          {"operations", size.operations},
          {"faults", size.faults},
          {"models", size.models},
          {"switches", size.switches}};
}

}  // namespace

std::string four_lines(const std::string& what, const Plan& plan, const std::string& file, const std::string& subject) {
  const std::string text = fmt::format("violated: {}\nplan:     {}\n", what, print_line(plan));
  if (file.empty()) return text + "file:     could not be written; the plan is\n" + print_plan(plan);
  // A plan of commands names its subject, and `replay` takes no other.
  const bool is_named = !plan.subject.empty() || subject == kBuiltInSubject;
  const std::string option = is_named ? "" : " --subject " + subject;
  return text + fmt::format("replay:   stampede replay {}{}\nfile:     {}   (stampede show --explain says why)\n", file,
                            option, file);
}

std::string unshrunk_text(const Plan& plan, const StepViolation& violation) {
  return fmt::format("unshrunk: {}: {}\n          {}\n", violation.invariant, violation.what, print_line(plan));
}

std::string progress_text(const Plan& smaller, std::uint64_t replays) {
  const PlanSize size = size_of(smaller);
  return fmt::format("{}: {}, {}, {}, {}", counted(replays, "replay", "replays"),
                     counted(size.processes, "process", "processes"),
                     counted(size.operations, "operation", "operations"), counted(size.faults, "fault", "faults"),
                     counted(size.switches, "switch", "switches"));
}

std::string shrunk_text(const Plan& plan, const SmallestPlan& smallest, const std::string& file,
                        const std::string& subject) {
  const Shrunk& shrunk = smallest.shrunk;
  const PlanSize before = size_of(plan), after = size_of(shrunk.plan);
  std::string text = four_lines(shrunk.plan.note.why, shrunk.plan, file, subject);
  text += fmt::format("shrunk:   processes {} -> {}, operations {} -> {}, faults {} -> {}, switches {} -> {}; {}\n",
                      before.processes, after.processes, before.operations, after.operations, before.faults,
                      after.faults, before.switches, after.switches, counted(shrunk.replays, "replay", "replays"));
  if (shrunk.uncontrolled > 0) {
    text += fmt::format("          {} uncontrolled: {}\n", counted(shrunk.uncontrolled, "replay", "replays"),
                        shrunk.why_uncontrolled);
  }
  if (!shrunk.is_fixed_point) {
    text += fmt::format("          not to the end: {}\n", shrunk.interrupted ? "interrupted" : "too many replays");
  }
  text += fmt::format("proof:    {}\n", proof_text(smallest));
  if (!smallest.is_repeatable)
    text += fmt::format("DIVERGED: a strict replay of it differs: {}\n", smallest.difference);
  return text;
}

ordered_json json_of(const Plan& plan, const SmallestPlan& smallest, const std::string& file) {
  const Shrunk& shrunk = smallest.shrunk;
  return {{"invariant", shrunk.violation->invariant},
          {"object", shrunk.violation->object},
          {"what", shrunk.violation->what},
          {"step", shrunk.violation->step},
          {"plan", file},
          {"before", json_of(size_of(plan))},
          {"after", json_of(size_of(shrunk.plan))},
          {"replays", shrunk.replays},
          {"uncontrolled", shrunk.uncontrolled},
          {"fixed_point", shrunk.is_fixed_point},
          {"interrupted", shrunk.interrupted},
          {"proof", name_of(smallest)},
          {"proof_schedules", smallest.proof.schedules},
          {"repeatable", smallest.is_repeatable}};
}

int status_of(const SmallestPlan& smallest, bool is_saved) {
  if (!smallest.shrunk.violation) return smallest.shrunk.uncontrolled > 0 ? kCannotHere : kUsage;
  if (!smallest.is_repeatable) return kViolated;
  return is_saved ? kAllHeld : kUsage;
}

}  // namespace stampede
