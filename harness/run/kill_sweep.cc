// Runs a plan once for each point at which a process can be killed, and for each pair of points.
#include "harness/run/kill_sweep.h"

#include <chrono>
#include <optional>
#include <utility>

#include "harness/run/trace.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

class Sweep {
 public:
  Sweep(const Plan& plan, const std::function<bool()>& is_interrupted, std::unique_ptr<PlanWorld> world)
      : plan_(plan),
        is_interrupted_(is_interrupted),
        started_(Clock::now()),
        without_kills_(plan.process_faults),
        runner_(std::move(world)) {
    result_.points = result_.expected = 2 * sum(run({}).run.own_steps);
  }

  KillSweep singles() {
    for_each_point(std::vector<std::uint32_t>(plan_.processes.size(), 0), run_once({}), [&](const ProcessFault& point) {
      judge({point});
      return !stops();
    });
    return take();
  }

  KillSweep pairs() {
    const std::vector<std::uint32_t> all = run_once({});
    result_.expected = 0;
    for_each_point(std::vector<std::uint32_t>(plan_.processes.size(), 0), all, [&](const ProcessFault& first) {
      const SimOutcome& outcome = run({first});
      std::vector<std::uint32_t> until = outcome.run.own_steps;
      std::vector<std::uint32_t> from = outcome.steps_at_first_kill;
      if (from.empty()) {  // the first kill did not come to pass: an expected run that is never made
        ++result_.expected;
        return !stops();
      }
      until[first.process] = from[first.process] = 0;
      result_.expected += 2 * (sum(until) - sum(from));
      for_each_point(from, until, [&](const ProcessFault& second) {
        judge({first, second});
        return !stops();
      });
      return !stops();
    });
    return take();
  }

 private:
  template <class Visit>
  void for_each_point(const std::vector<std::uint32_t>& from, const std::vector<std::uint32_t>& until, Visit visit) {
    for (std::size_t process = 0; process < until.size(); ++process) {
      for (std::uint32_t step = from[process]; step < until[process]; ++step) {
        for (const auto kind : {ProcessFaultKind::kill_before, ProcessFaultKind::kill_after}) {
          if (!visit(ProcessFault{.kind = kind, .process = process, .step = step})) return;
        }
      }
    }
  }

  static std::uint64_t sum(const std::vector<std::uint32_t>& steps) {
    std::uint64_t total = 0;
    for (const std::uint32_t count : steps) total += count;
    return total;
  }

  const SimOutcome& run(std::vector<ProcessFault> kills) {
    kills.insert(kills.begin(), without_kills_.begin(), without_kills_.end());
    plan_.process_faults = std::move(kills);
    replay_ = replay_sim(runner_, plan_, false);
    if (result_.uncontrolled.empty()) result_.uncontrolled = replay_.outcome.uncontrolled;
    return replay_.outcome;
  }

  std::vector<std::uint32_t> run_once(std::vector<ProcessFault> kills) { return run(std::move(kills)).run.own_steps; }

  void judge(const std::vector<ProcessFault>& kills) {
    const SimOutcome& outcome = run(kills);
    if (!result_.uncontrolled.empty()) return;
    ++result_.runs;
    result_.allowed |= allowed_by(plan_);
    result_.steps += outcome.steps;
    result_.processes += outcome.processes;
    result_.kills_before += outcome.process_faults_met[static_cast<std::size_t>(ProcessFaultKind::kill_before)];
    result_.kills_after += outcome.process_faults_met[static_cast<std::size_t>(ProcessFaultKind::kill_after)];
    std::size_t killed = 0;
    for (const ProcessEnd end : outcome.run.ends) killed += end == ProcessEnd::killed ? 1 : 0;
    result_.met += killed == kills.size() ? 1 : 0;
    for (std::size_t i = 0; i < outcome.judged.size(); ++i) {
      result_.judged[std::string(watched_invariants()[i].id)] += outcome.judged[i];
    }
    hash_.add_number(outcome.trace_hash);
    result_.violations += outcome.violations.size();
    if (outcome.violations.empty() || result_.discoveries.size() >= kSimDiscoveriesMax) return;
    SimDiscovery discovery{.seed = 0, .plan = plan_, .violations = outcome.violations, .divergence = {}};
    discovery.plan.schedule.switches = outcome.run.switches;
    discovery.plan.note.trace_hash = hash_text(outcome.trace_hash);
    result_.discoveries.push_back(std::move(discovery));
  }

  bool stops() {
    if (is_interrupted_()) result_.interrupted = true;
    return result_.interrupted || !result_.uncontrolled.empty();
  }

  KillSweep take() {
    result_.trace_hash = hash_.value();
    result_.seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    return std::move(result_);
  }

  Plan plan_;
  const std::function<bool()>& is_interrupted_;
  Clock::time_point started_;
  std::vector<ProcessFault> without_kills_;
  SimRunner runner_;
  SimReplay replay_;
  TraceHash hash_;
  KillSweep result_;
};

}  // namespace

KillSweep sweep_kills(const Plan& plan, const std::function<bool()>& is_interrupted, std::unique_ptr<PlanWorld> world) {
  return Sweep(plan, is_interrupted, std::move(world)).singles();
}

KillSweep sweep_kill_pairs(const Plan& plan, const std::function<bool()>& is_interrupted,
                           std::unique_ptr<PlanWorld> world) {
  return Sweep(plan, is_interrupted, std::move(world)).pairs();
}

}  // namespace stampede
