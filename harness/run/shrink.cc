// Tries cuts, the largest first, until none keeps the violation.
#include "harness/run/shrink.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "harness/plan/plan_json.h"
#include "harness/run/causal_order.h"

namespace stampede {
namespace {

class Shrinker {
 public:
  Shrinker(const Plan& plan, const RunTrial& run, const ShrinkOptions& options)
      : run_(run), options_(options), best_(plan) {}

  Shrunk shrink() {
    const Trial first = run_once(best_);
    if (!first.violation) return std::move(result_);
    ran_ = best_;
    ran_.schedule.switches = first.all_switches;
    take(best_, first);
    keep_causes();
    cut_to_fixed_point();
    if (!confirm()) {
      cuts_at_failure_ = false;
      take(ran_, run_once(ran_));
      cut_to_fixed_point();
    }
    result_.plan = std::move(best_);
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool is_over() {
    if (options_.is_interrupted()) result_.interrupted = true;
    return result_.interrupted || result_.replays >= options_.replays_max;
  }

  static std::string key_of(const Plan& plan) {
    Plan bare = plan;
    bare.note = {};
    return print_plan(bare);
  }

  Trial run_once(const Plan& plan) {
    ++result_.replays;
    known_.insert(key_of(plan));
    Trial trial = run_(plan);
    if (!trial.uncontrolled.empty() && result_.uncontrolled++ == 0) result_.why_uncontrolled = trial.uncontrolled;
    return trial;
  }

  // `plan` was run and has the violation: what remains of it are the switches that it took before the failure.
  void take(const Plan& plan, const Trial& trial) {
    best_ = plan;
    best_.schedule.switches = cuts_at_failure_ ? trial.switches : trial.all_switches;
    known_.insert(key_of(best_));
    seen_ = trial;
    result_.violation = trial.violation;
    result_.trace_hash = trial.trace_hash;
  }

  // Whether the plan is smaller, was not run yet, and has the violation; then it is the best.
  bool accepts(const Plan& smaller) {
    if (is_over() || known_.contains(key_of(smaller))) return false;
    const Trial trial = run_once(smaller);
    if (!trial.violation) return false;
    Plan taken = smaller;
    taken.schedule.switches = cuts_at_failure_ ? trial.switches : trial.all_switches;
    if (size_of(taken) >= size_of(best_)) return false;
    ran_ = smaller;
    ran_.schedule.switches = trial.all_switches;
    take(smaller, trial);
    options_.progress(best_, result_.replays);
    return true;
  }

  // Without what had no part yet when it failed, then also without what cannot have caused it.
  void keep_causes() {
    PlanCut idle;
    for (std::size_t p = 0; p < best_.processes.size(); ++p) {
      if (seen_.steps_taken[p] == 0) idle.processes.push_back(p);
      for (std::size_t i = seen_.operations_begun[p]; i < best_.processes[p].operations.size(); ++i) {
        idle.operations.emplace_back(p, i);
      }
    }
    if (idle.processes.size() == best_.processes.size()) idle.processes.pop_back();
    const Plan all = best_;
    reorder(idle);
    if (best_ == all) accepts(without(best_, idle));
  }

  void reorder(const PlanCut& idle) {
    // Who meets whom is found by pairs of steps: for longer runs that takes longer than all else.
    constexpr std::size_t kStepsReorderedMax = 20'000;
    if (seen_.steps.size() > kStepsReorderedMax) return;
    for (const bool only_causes : {true, false}) {
      Plan ordered = best_;
      ordered.schedule.switches = fewest_moves(best_, seen_.steps, seen_.killed, only_causes);
      if (accepts(without(ordered, idle))) return;
    }
  }

  void cut_everything(bool is_first) {
    cut_groups();
    reorder_if_long();
    cut_models();
    cut_processes();
    reorder_if_long();
    cut_switches(is_first ? best_.schedule.switches.size() : 1);
    join_blocks();
    cut_operations();
    cut_faults();
    cut_values();
  }

  void reorder_if_long() {
    if (best_.schedule.switches.size() > kSwitchesToReorder) reorder({});
  }

  // All of the surroundings first; then group by group.
  void cut_groups() {
    const Plan plain = without_surroundings();
    if (size_of(plain) < size_of(best_) && accepts(plain)) return;
    if (best_.schedule.time_runs_first) {
      Plan later = best_;
      later.schedule.time_runs_first = false;
      accepts(later);
    }
    const auto cut_group = [&](std::size_t count, std::vector<std::size_t> PlanCut::* part) {
      if (count > 1) accepts(without(best_, cut_of(count, part)));
    };
    cut_group(best_.network.faults.size(), &PlanCut::turns);
    cut_group(best_.disk.size(), &PlanCut::disk);
    cut_group(best_.process_faults.size(), &PlanCut::process_faults);
    cut_group(best_.start.damage.size(), &PlanCut::damage);
  }

  [[nodiscard]] Plan without_surroundings() const {
    Plan plain = best_;
    plain.network = {};
    plain.disk.clear();
    plain.process_faults.clear();
    plain.start = {};
    plain.schedule.time_runs_first = false;
    for (std::size_t i = 0; i < plain.processes.size(); ++i) make_plain(plain, i);
    for (PlanModel& model : plain.models) model.size_bytes = std::min(model.size_bytes, kSmallModelBytes);
    return plain;
  }

  static PlanCut cut_of(std::size_t count, std::vector<std::size_t> PlanCut::* part) {
    PlanCut cut;
    (cut.*part).resize(count);
    std::iota((cut.*part).begin(), (cut.*part).end(), std::size_t{0});
    return cut;
  }

  // All models that it is not about at once, then each.
  void cut_models() {
    PlanCut others;
    for (std::size_t i = 0; i < best_.models.size(); ++i) {
      if (best_.models[i].name != result_.violation->object) others.models.push_back(i);
    }
    if (others.models.size() > 1 && others.models.size() < best_.models.size())
      accepts(without(best_, others, seen_.ranges));
    for (std::size_t i = best_.models.size(); i-- > 0;) {
      PlanCut cut;
      cut.models = {i};
      if (best_.models.size() > 1) accepts(without(best_, cut, seen_.ranges));
    }
  }

  // Those last who took the last step before the failure, or are named by it.
  void cut_processes() {
    for (std::size_t i = best_.processes.size(); i-- > 0 && best_.processes.size() > 1;) {
      PlanCut cut;
      cut.processes = {i};
      accepts(without(bridged(i), cut));
    }
  }

  // The plan with the forced moves to and from that process as switches, so that the order of its neighbours is kept.
  [[nodiscard]] Plan bridged(std::size_t process) const {
    Plan plan = best_;
    std::vector<Switch> switches;
    std::size_t next = 0;  // of the plan's own
    for (const Switch& move : seen_.moves) {
      const bool is_own = next < best_.schedule.switches.size() && best_.schedule.switches[next] == move;
      if (is_own) ++next;
      const bool is_around = planned_process(move.process) == process || planned_process(move.to) == process;
      if (is_own || is_around) switches.push_back(move);
    }
    switches.insert(switches.end(), best_.schedule.switches.begin() + static_cast<std::ptrdiff_t>(next),
                    best_.schedule.switches.end());
    plan.schedule.switches = std::move(switches);
    return plan;
  }

  // Chunks of that size first, then of half, down to single ones, until no single one can go. What succeeds is tried
  // again with twice as much.
  void cut_switches(std::size_t chunk) {
    while (chunk > 0 && !best_.schedule.switches.empty() && !is_over()) {
      bool has_cut = false;
      std::size_t size = chunk;
      for (std::size_t first = 0; first < best_.schedule.switches.size();) {
        const bool is_cut = accepts(without(best_, switches_from(first, size)));
        has_cut = has_cut || is_cut;
        if (!is_cut && size == chunk) first += chunk;
        size = is_cut ? 2 * size : chunk;
      }
      chunk = chunk == 1 ? (has_cut ? 1 : 0) : std::min(best_.schedule.switches.size(), (chunk + 1) / 2);
    }
  }

  // Steps that a process takes in a row, by their places among those seen.
  struct Block {
    std::uint32_t process = 0;
    std::size_t begin = 0, end = 0;
  };
  [[nodiscard]] std::vector<Block> blocks() const {
    std::vector<Block> list;
    for (std::size_t i = 0; i < seen_.steps.size(); ++i) {
      const std::uint32_t process = seen_.steps[i].process;
      if (list.empty() || list.back().process != process) list.push_back({process, i, i});
      list.back().end = i + 1;
    }
    return list;
  }

  // To drop a switch changes all that follows. To put a block of a process beside the one before changes less, and
  // saves the moves between them (Jalbert and Sen, FSE 2010).
  void join_blocks() {
    for (bool has_joined = true; has_joined && best_.schedule.switches.size() >= kSwitchesToJoin && !is_over();) {
      has_joined = false;
      const std::vector<Block> list = blocks();
      for (std::size_t i = list.size(); i-- > 0 && !has_joined;) {
        std::size_t before = i;
        while (before-- > 0 && list[before].process != list[i].process) continue;
        if (before >= i) continue;
        has_joined = accepts(in_order(list, i, before + 1)) || accepts(in_order(list, before, i - 1));
      }
    }
  }

  // The plan with these blocks, one of them moved to another place.
  [[nodiscard]] Plan in_order(std::vector<Block> list, std::size_t from, std::size_t to) const {
    const Block moved = list[from];
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(from));
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(to), moved);
    std::vector<std::size_t> order;
    for (const Block& block : list) {
      for (std::size_t i = block.begin; i < block.end; ++i) order.push_back(i);
    }
    Plan plan = best_;
    plan.schedule.switches = moves_of(seen_.steps, order);
    return plan;
  }

  [[nodiscard]] PlanCut switches_from(std::size_t first, std::size_t count) const {
    PlanCut cut;
    const std::size_t end = std::min(first + count, best_.schedule.switches.size());
    for (std::size_t i = first; i < end; ++i) cut.switches.push_back(i);
    return cut;
  }

  // One that is its process's only one goes with the process.
  void cut_operations() {
    for (std::size_t p = 0; p < best_.processes.size(); ++p) {
      for (std::size_t i = best_.processes[p].operations.size(); i-- > 0;) {
        PlanCut cut;
        cut.operations = {{p, i}};
        if (best_.processes[p].operations.size() > 1) accepts(without(best_, cut, seen_.ranges));
      }
    }
  }

  void cut_faults() {
    cut_each(best_.network.faults, &PlanCut::turns);
    cut_each(best_.disk, &PlanCut::disk);
    cut_each(best_.process_faults, &PlanCut::process_faults);
    cut_each(best_.start.damage, &PlanCut::damage);
    cut_each(best_.start.warm, &PlanCut::warm);
    if (!best_.start.read_only) return;
    Plan writable = best_;
    writable.start.read_only = false;
    accepts(writable);
  }

  template <class Item>
  void cut_each(const std::vector<Item>& list, std::vector<std::size_t> PlanCut::* part) {
    for (std::size_t i = list.size(); i-- > 0;) {
      PlanCut cut;
      cut.*part = {i};
      if (i < list.size()) accepts(without(best_, cut));
    }
  }

  void cut_values() {
    bool has_changed = true;
    while (has_changed && !is_over()) {
      has_changed = false;
      for (const Plan& simpler : simpler_values(best_)) {
        if (size_of(simpler) < size_of(best_) && accepts(simpler)) {
          has_changed = true;
          break;
        }
      }
    }
  }

  void cut_to_fixed_point() {
    PlanSize before;
    bool is_first = true;
    do {
      before = size_of(best_);
      cut_everything(std::exchange(is_first, false));
    } while (size_of(best_) < before && !is_over());
    result_.is_fixed_point = !is_over();
  }

  // Runs the best plan as it is. Switches after the failure were left out, and have no effect on what comes before; but
  // something that comes later may be needed to see it.
  bool confirm() {
    if (best_.schedule.switches == ran_.schedule.switches) return true;
    const Trial trial = run_once(best_);
    if (trial.violation) take(best_, trial);
    return trial.violation.has_value();
  }

  static constexpr std::size_t kSwitchesToReorder = 3, kSwitchesToJoin = 3;

  const RunTrial& run_;
  const ShrinkOptions& options_;
  Plan best_;  // without switches after the failure
  Plan ran_;   // the same with all that its run took
  Trial seen_;
  bool cuts_at_failure_ = true;
  std::set<std::string> known_;  // plans that were run, or are the same as one
  Shrunk result_;
};

}  // namespace

Shrunk shrink(const Plan& plan, const RunTrial& run, const ShrinkOptions& options) {
  Shrunk result = Shrinker(plan, run, options).shrink();
  if (!result.violation) result.plan = plan;
  return result;
}

}  // namespace stampede
