// A row for each invariant that asks for more than every plan has.
#include "harness/judge/allowed_invariants.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "harness/judge/step_judge.h"

namespace stampede {
namespace {

using enum OperationKind;

constexpr std::string_view kOfCommands[] = {
    "bytes_are_what_was_asked", "visible_means_complete", "published_bytes_never_change",
    "no_entry_vanishes",        "one_download",           "no_spurious_failure",
    "published_modes",          "nothing_left_over",      "everyone_comes_to_an_end",
    "recovery_needs_no_hands"};

bool does(const Plan& plan, std::initializer_list<OperationKind> kinds) {
  return std::ranges::any_of(plan.processes, [&](const PlanProcess& process) {
    return std::ranges::find_first_of(process.operations, kinds, {}, &Operation::kind) != process.operations.end();
  });
}

bool has_faults(const Plan& plan) {
  return !plan.network.faults.empty() || !plan.disk.empty() || !plan.process_faults.empty();
}

// A directory that is damaged before anybody used it is made by a recovery.
bool recovers(const Plan& plan) {
  return does(plan, {repair, recover}) || (plan.start.warm.empty() && !plan.start.damage.empty());
}

struct Need {
  std::string_view invariant;
  bool (*is_met)(const Plan&);
};
constexpr Need kNeeds[] = {
    {"honest_errors",
     [](const Plan& plan) { return has_faults(plan) || plan.start.read_only || does(plan, {find, remove}); }},
    {"retries_pause", has_faults},
    {"upkeep_mends_what_it_can", recovers},
    {"nobody_lists_lies", [](const Plan& plan) { return recovers(plan) || does(plan, {list, verify, remove}); }},
    {"no_entry_vanishes", [](const Plan& plan) { return does(plan, {remove, repair}); }},
};

}  // namespace

InvariantSet allowed_by(const Plan& plan) {
  InvariantSet allowed;
  for (std::size_t i = 0; i < watched_invariants().size(); ++i) {
    const std::string_view id = watched_invariants()[i].id;
    const auto* const need = std::ranges::find(kNeeds, id, &Need::invariant);
    const bool is_met = need == std::end(kNeeds) || need->is_met(plan);
    allowed.set(i, plan.subject.empty() ? is_met : std::ranges::find(kOfCommands, id) != std::end(kOfCommands));
  }
  return allowed;
}

}  // namespace stampede
