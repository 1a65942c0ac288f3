// Goes from mutant to mutant, so that one world is there at a time.
#include "harness/run/sharp_replay.h"

#include <algorithm>
#include <set>

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

bool names(const Plan& plan, const Mutant& mutant) {
  const auto& kills = plan.note.kills;
  return std::find(kills.begin(), kills.end(), mutant.name) != kills.end();
}

void take(const SharpCheck& check, const Mutant& mutant, ReplayReport& report) {
  report.kills.push_back({mutant.name, check.invariant});
  if (check.kills || report.verdict != ReplayVerdict::as_expected) return;
  report.verdict = check.uncontrolled.empty() ? ReplayVerdict::dull : ReplayVerdict::uncontrolled;
  report.detail = check.uncontrolled.empty() ? "the mutant " + mutant.name + " breaks nothing on it any more"
                                             : mutant.name + ": " + check.uncontrolled;
}

}  // namespace

SharpCheck check_sharp(SimRunner& mutant, const Plan& plan) {
  SharpCheck check;
  const SimReplay replay = replay_sim(mutant, plan, false);
  check.uncontrolled = replay.outcome.uncontrolled;
  if (!check.uncontrolled.empty()) return check;
  const auto& violations = replay.outcome.violations;
  const auto found = std::find_if(violations.begin(), violations.end(), [&](const StepViolation& violation) {
    return violation.invariant != plan.note.expect;
  });
  check.kills = found != violations.end();
  if (check.kills) check.invariant = found->invariant;
  return check;
}

Result<std::vector<Mutant>> mutants_to_kill(const std::vector<std::pair<std::string, Plan>>& plans,
                                            const std::vector<Mutant>& known) {
  std::set<std::string> wanted;
  for (const auto& [file, plan] : plans) {
    for (const std::string& name : plan.note.kills) {
      wanted.insert(name);
      if (std::any_of(known.begin(), known.end(), [&](const Mutant& each) { return each.name == name; })) continue;
      return fail(ErrorCode::invalid_argument, "read plan", file + ": kills",
                  "expected names of mutants (stampede mutants --help), got \"" + name + "\"");
    }
  }
  if (wanted.empty()) {
    return fail(ErrorCode::invalid_argument, "replay", "--sharp", "no plan names a mutant in \"kills\"");
  }
  std::vector<Mutant> mutants;
  for (const Mutant& each : known) {
    if (wanted.contains(each.name)) mutants.push_back(each);
  }
  return mutants;
}

void sharpen(const std::vector<std::pair<std::string, Plan>>& plans, const std::vector<Mutant>& mutants,
             const std::function<std::unique_ptr<PlanWorld>(const Mutant&)>& make_world,
             const std::function<bool()>& is_interrupted, std::vector<ReplayReport>& reports) {
  for (const Mutant& mutant : mutants) {
    SimRunner runner(make_world(mutant));
    for (std::size_t i = 0; i < plans.size(); ++i) {
      if (is_interrupted()) return;
      if (names(plans[i].second, mutant)) take(check_sharp(runner, plans[i].second), mutant, reports[i]);
    }
  }
}

}  // namespace stampede
