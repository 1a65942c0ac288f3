// Looks for the passing run that differs least, and for the first pair of steps that it takes the other way round.
#include "harness/run/explanation.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "harness/run/causal_order.h"
#include "harness/run/sim_exploration.h"

namespace stampede {
namespace {

// How far a switch is moved: longer than an operation is.
constexpr std::int64_t kMovesMax = 150;
// Of commands, which take a hundred times as long: about a minute.
constexpr std::uint64_t kCommandRunsMax = 400;

class Explainer {
 public:
  Explainer(SimRunner& runner, const Plan& plan, const FindViolation& find) : runner_(runner), find_(find) {
    explanation_.failing = run(plan);
    cut_at_violation(explanation_.failing, warm_up_steps_);
  }

  Explanation explain() {
    move_switches();
    if (!explanation_.passing) drop_switches();
    if (!explanation_.passing) drop_faults();
    if (explanation_.passing && explanation_.change != Explanation::Change::fault_dropped) find_pair();
    return std::move(explanation_);
  }

 private:
  [[nodiscard]] bool is_command() const { return !explanation_.failing.plan.subject.empty(); }

  ExplainedRun run(const Plan& plan) {
    ++explanation_.runs;
    SimReplay replay = replay_sim(runner_, plan, false, {.keeps_steps = true});
    ExplainedRun result{plan, {}, find_(replay.outcome)};
    if (!result.violation && !replay.outcome.violations.empty()) result.violation = replay.outcome.violations.front();
    if (!replay.outcome.uncontrolled.empty()) result.violation.emplace().what = replay.outcome.uncontrolled;
    warm_up_steps_ = 0;
    for (Step& step : replay.outcome.trace) {
      if (step.stage == StageKind::warm_up) ++warm_up_steps_;
      if (step.stage == StageKind::run) result.steps.push_back(std::move(step));
    }
    return result;
  }

  static void cut_at_violation(ExplainedRun& run, std::uint64_t warm_up_steps) {
    if (!run.violation || run.violation->step <= warm_up_steps) return;
    run.steps.resize(std::min<std::size_t>(run.steps.size(), run.violation->step - warm_up_steps));
  }

  bool passes(const Plan& plan, Explanation::Change change, std::size_t place, std::int64_t moved_by) {
    ExplainedRun tried = run(plan);
    if (tried.violation) return false;
    explanation_.change = change;
    explanation_.changed_switch = place;
    explanation_.moved_by = moved_by;
    explanation_.passing = std::move(tried);
    return true;
  }

  // Nearest first over all switches, later ones before earlier ones.
  void move_switches() {
    const std::vector<Switch>& switches = explanation_.failing.plan.schedule.switches;
    for (std::int64_t distance = 1; distance <= kMovesMax; ++distance) {
      for (const std::int64_t moved_by : {distance, -distance}) {
        for (std::size_t i = switches.size(); i-- > 0;) {
          if (std::int64_t{switches[i].step} + moved_by < 0) continue;
          if (is_command() && explanation_.runs >= kCommandRunsMax) return;
          Plan moved = explanation_.failing.plan;
          Switch& each = moved.schedule.switches[i];
          each.step = static_cast<std::uint32_t>(std::int64_t{each.step} + moved_by);
          if (passes(moved, Explanation::Change::switch_moved, i, moved_by)) return;
        }
      }
    }
  }

  void drop_switches() {
    for (std::size_t i = explanation_.failing.plan.schedule.switches.size(); i-- > 0;) {
      PlanCut cut;
      cut.switches = {i};
      if (passes(without(explanation_.failing.plan, cut), Explanation::Change::switch_dropped, i, 0)) return;
    }
  }

  void drop_faults() {
    const Plan& plan = explanation_.failing.plan;
    const auto drop_each = [&](std::size_t count, std::vector<std::size_t> PlanCut::* part) {
      for (std::size_t i = 0; i < count && !explanation_.passing; ++i) {
        PlanCut cut;
        cut.*part = {i};
        passes(without(explanation_.failing.plan, cut), Explanation::Change::fault_dropped, 0, 0);
      }
    };
    drop_each(plan.process_faults.size(), &PlanCut::process_faults);
    drop_each(plan.disk.size(), &PlanCut::disk);
    drop_each(plan.network.faults.size(), &PlanCut::turns);
    drop_each(plan.start.damage.size(), &PlanCut::damage);
    drop_each(plan.start.warm.size(), &PlanCut::warm);
  }

  using Places = std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t>;
  static Places places_in(const std::vector<Step>& steps) {
    Places places;
    for (std::size_t i = 0; i < steps.size(); ++i) places[{steps[i].process, steps[i].own_step}] = i;
    return places;
  }
  // Where the same step of the same process is, if it took one.
  static std::optional<std::size_t> place_of(const Step& step, const Places& places, const std::vector<Step>& steps) {
    const auto found = places.find({step.process, step.own_step});
    const bool is_same =
        found != places.end() && steps[found->second].kind == step.kind && steps[found->second].path == step.path;
    return is_same ? std::optional(found->second) : std::nullopt;
  }

  // Up to the first conflict that comes the other way round every process takes the same steps in both runs, so that
  // own steps tell which is which; after it the one that it concerns may go another way.
  void find_pair() {
    const std::vector<Step>&failing = explanation_.failing.steps, &passing = explanation_.passing->steps;
    const Places in_failing = places_in(failing);
    for (std::size_t later = 0; later < passing.size(); ++later) {
      const auto first = place_of(passing[later], in_failing, failing);
      if (!first) continue;
      for (std::size_t i = later; i-- > 0;) {
        if (!conflict(passing[i], passing[later]) ||
            own_steps_before(*first, passing[i].process) > passing[i].own_step) {
          continue;
        }
        explanation_.pair = RacingPair{*first, place_of(passing[i], in_failing, failing), i, later};
        return;
      }
    }
    find_moved_pair();
  }

  // Where no conflict tells, as with violations that are about two things: the step that the switch was moved over, and
  // one of the process switched to that lies on its other side now.
  void find_moved_pair() {
    if (explanation_.change != Explanation::Change::switch_moved) return;
    const std::vector<Step>&failing = explanation_.failing.steps, &passing = explanation_.passing->steps;
    const Places in_failing = actor_places_in(failing), in_passing = actor_places_in(passing);
    const Switch& each = explanation_.failing.plan.schedule.switches[explanation_.changed_switch];
    const std::int64_t moved = std::int64_t{each.step} - 1 + std::max<std::int64_t>(explanation_.moved_by, 0);
    const std::pair<std::uint32_t, std::uint32_t> crossed{each.process, static_cast<std::uint32_t>(moved)};
    const auto failing_crossed = find(in_failing, crossed), passing_crossed = find(in_passing, crossed);
    for (std::size_t i = failing.size(); i-- > 0 && passing_crossed;) {
      const ActorStep step = actor_step(failing[i]);
      if (step.actor != each.to || (failing_crossed && *failing_crossed < i)) continue;
      const auto there = find(in_passing, {step.actor, step.own_step});
      if (!there || *there < *passing_crossed) continue;
      explanation_.pair = RacingPair{i, failing_crossed, *passing_crossed, *there};
      return;
    }
  }
  static Places actor_places_in(const std::vector<Step>& steps) {
    Places places;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const ActorStep step = actor_step(steps[i]);
      places[{step.actor, step.own_step}] = i;
    }
    return places;
  }
  static std::optional<std::size_t> find(const Places& places, const Places::key_type& key) {
    const auto found = places.find(key);
    return found == places.end() ? std::nullopt : std::optional(found->second);
  }

  // How many steps that process had taken in the failing run by then.
  [[nodiscard]] std::uint32_t own_steps_before(std::size_t place, std::uint32_t process) const {
    for (std::size_t i = place; i-- > 0;) {
      const Step& step = explanation_.failing.steps[i];
      if (step.process == process) return step.own_step + 1;
    }
    return 0;
  }

  SimRunner& runner_;
  const FindViolation& find_;
  std::uint64_t warm_up_steps_ = 0;  // of the last run
  Explanation explanation_;
};

}  // namespace

Explanation explain(SimRunner& runner, const Plan& plan, const FindViolation& find) {
  return Explainer(runner, plan, find).explain();
}

}  // namespace stampede
