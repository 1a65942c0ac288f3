// Cuts plans: renumbers what stays, keeps the order of the schedule, simplifies values.
#include "harness/run/plan_candidates.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>

namespace stampede {
namespace {

constexpr std::chrono::milliseconds kShortTime{1};

// Which indexes stay, and how they are numbered then.
class Numbering {
 public:
  Numbering(std::size_t count, const std::vector<std::size_t>& gone) : stays_(count, true), numbers_(count) {
    for (const std::size_t index : gone) stays_.at(index) = false;
    std::size_t next = 0;
    for (std::size_t i = 0; i < count; ++i) numbers_[i] = stays_[i] ? next++ : 0;
  }
  [[nodiscard]] bool stays(std::size_t index) const { return stays_.at(index); }
  [[nodiscard]] std::size_t operator[](std::size_t index) const { return numbers_.at(index); }

 private:
  std::vector<bool> stays_;
  std::vector<std::size_t> numbers_;
};

template <class Item>
void drop(std::vector<Item>& list, const std::vector<std::size_t>& gone) {
  const Numbering numbering(list.size(), gone);
  std::size_t index = 0;
  std::erase_if(list, [&](const Item&) { return !numbering.stays(index++); });
}

// Own steps after operations have gone.
class StepShift {
 public:
  explicit StepShift(std::size_t processes) : gone_(processes) {}
  void remove(std::size_t process, const StepRange& range) { gone_.at(process).push_back(range); }
  [[nodiscard]] std::uint32_t of(std::size_t process, std::uint32_t step) const {
    std::uint32_t before = 0;
    for (const StepRange& range : gone_.at(process)) {
      if (step > range.first) before += std::min(step, range.end) - range.first;
    }
    return step - before;
  }

 private:
  std::vector<std::vector<StepRange>> gone_;
};

// Numbers of actors after processes and operations have gone. In plans of the built-in cache an actor is a process.
class ActorNumbering {
 public:
  explicit ActorNumbering(const Numbering& processes, std::size_t count) : processes_(processes), gone_(count) {}
  void remove(std::size_t process, const StepRange& range) { gone_.at(process).push_back(range); }
  [[nodiscard]] bool stays(std::uint32_t actor) const {
    const std::vector<StepRange>& gone = gone_.at(planned_process(actor));
    return processes_.stays(planned_process(actor)) && std::none_of(gone.begin(), gone.end(), [&](const auto& range) {
             return birth(actor) >= range.first_actor && birth(actor) < range.end_actor;
           });
  }
  // REQUIRES: it stays.
  [[nodiscard]] std::uint32_t operator[](std::uint32_t actor) const {
    const std::size_t process = planned_process(actor);
    std::uint32_t earlier = 0;
    for (const StepRange& range : gone_[process]) {
      if (range.end_actor <= birth(actor)) earlier += range.end_actor - range.first_actor;
    }
    return static_cast<std::uint32_t>(processes_[process] + kPlanProcessesMax * (birth(actor) - earlier));
  }

 private:
  // Which one of its process's actors it is.
  static std::uint32_t birth(std::uint32_t actor) { return actor / static_cast<std::uint32_t>(kPlanProcessesMax); }

  const Numbering& processes_;
  std::vector<std::vector<StepRange>> gone_;
};

struct Cutting {
  Cutting(const Plan& plan, const PlanCut& cut)
      : processes(plan.processes.size(), cut.processes),
        models(plan.models.size(), cut.models),
        steps(plan.processes.size()),
        actors(processes, plan.processes.size()) {}
  Cutting(const Cutting&) = delete;
  Cutting& operator=(const Cutting&) = delete;

  // Own steps of an actor of a command go with him.
  [[nodiscard]] std::uint32_t step(std::uint32_t actor, std::uint32_t own_step) const {
    return actor < kPlanProcessesMax ? steps.of(actor, own_step) : own_step;
  }
  void remove(std::size_t process, const StepRange& range) {
    steps.remove(process, range);
    actors.remove(process, range);
  }

  Numbering processes, models;
  StepShift steps;
  ActorNumbering actors;
};

void cut_operations(Plan& plan, const PlanCut& cut, const StepRanges& ranges, Cutting& cutting) {
  for (std::size_t p = 0; p < plan.processes.size(); ++p) {
    std::vector<Operation> kept;
    const std::vector<Operation>& operations = plan.processes[p].operations;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      Operation operation = operations[i];
      const bool is_cut =
          std::find(cut.operations.begin(), cut.operations.end(), std::pair(p, i)) != cut.operations.end();
      if (is_cut || (names_model(operation.kind) && !cutting.models.stays(operation.model))) {
        if (p < ranges.size() && i < ranges[p].size()) cutting.remove(p, ranges[p][i]);
        continue;
      }
      if (names_model(operation.kind)) operation.model = cutting.models[operation.model];
      kept.push_back(operation);
    }
    plan.processes[p].operations = std::move(kept);
  }
}

void cut_start(StartState& start, const PlanCut& cut, const Cutting& cutting) {
  drop(start.warm, cut.warm);
  drop(start.damage, cut.damage);
  std::erase_if(start.warm, [&](std::size_t model) { return !cutting.models.stays(model); });
  std::erase_if(start.damage, [&](const Damage& damage) {
    if (!names_model(damage.kind)) return false;
    const bool is_warm = std::find(start.warm.begin(), start.warm.end(), damage.model) != start.warm.end();
    return !cutting.models.stays(damage.model) || (touches_entry(damage.kind) && !is_warm);
  });
  for (std::size_t& model : start.warm) model = cutting.models[model];
  for (Damage& damage : start.damage) {
    if (names_model(damage.kind)) damage.model = cutting.models[damage.model];
  }
}

void cut_turns(FaultSequence& network, const std::vector<std::size_t>& turns) {
  for (const std::size_t turn : turns) network.faults.at(turn) = FaultTurn{};
  const auto is_good = [](const FaultTurn& turn) { return turn.parts.empty(); };
  if (std::all_of(network.faults.begin(), network.faults.end(), is_good)) network = {};
  while (!network.repeats && !network.faults.empty() && is_good(network.faults.back())) network.faults.pop_back();
}

void cut_faults(Plan& plan, const PlanCut& cut, const Cutting& cutting) {
  cut_turns(plan.network, cut.turns);
  drop(plan.disk, cut.disk);
  drop(plan.process_faults, cut.process_faults);
  std::erase_if(plan.disk, [&](const DiskFault& f) { return f.process && !cutting.processes.stays(*f.process); });
  std::erase_if(plan.process_faults, [&](const ProcessFault& f) { return !cutting.processes.stays(f.process); });
  for (DiskFault& fault : plan.disk) {
    if (fault.process) fault.process = cutting.processes[*fault.process];
  }
  for (ProcessFault& fault : plan.process_faults) {
    fault.step = cutting.steps.of(fault.process, fault.step);
    fault.process = cutting.processes[fault.process];
  }
}

// Where one or several actors that went stood between two that stay, the order of these two is kept.
void cut_switches(std::vector<Switch>& switches, const PlanCut& cut, const Cutting& cutting) {
  if (!cut.switches.empty()) drop(switches, cut.switches);
  std::vector<Switch> kept;
  const ActorNumbering& actors = cutting.actors;
  // From where those that went were entered; at the start nobody has moved.
  std::optional<Switch> entry;
  if (!actors.stays(0)) entry = Switch{0, 0, 0};
  for (const Switch& each : switches) {
    const bool from = actors.stays(each.process), to = actors.stays(each.to);
    if (from) {
      const Switch moved{actors[each.process], cutting.step(each.process, each.step), to ? actors[each.to] : 0};
      entry = to ? std::nullopt : std::optional(moved);
      if (to) kept.push_back(moved);
    } else if (to && entry) {
      entry->to = actors[each.to];
      if (entry->process != entry->to) kept.push_back(*entry);
      entry.reset();
    }
  }
  switches = std::move(kept);
}

std::vector<std::size_t> all_of(std::size_t count) {
  std::vector<std::size_t> indexes(count);
  std::iota(indexes.begin(), indexes.end(), std::size_t{0});
  return indexes;
}

std::uint64_t bits_of(std::uint64_t number) { return static_cast<std::uint64_t>(std::bit_width(number)); }

std::uint64_t bits_of(std::chrono::nanoseconds time) {
  return bits_of(static_cast<std::uint64_t>(time.count() < 0 ? -time.count() : time.count()));
}

std::uint64_t options_changed(const PlanProcess& process) {
  const PlanProcess plain;
  return std::uint64_t{process.verify != plain.verify} + std::uint64_t{process.lock_wait != plain.lock_wait} +
         std::uint64_t{process.only_wait != plain.only_wait} + std::uint64_t{process.umask != plain.umask} +
         std::uint64_t{process.descriptors_max != plain.descriptors_max} + bits_of(process.idle_steps);
}

std::uint64_t values_of(const Plan& plan) {
  std::uint64_t sum = 0;
  for (const PlanProcess& process : plan.processes) sum += options_changed(process);
  for (const PlanModel& model : plan.models) sum += bits_of(model.size_bytes);
  for (const DiskFault& fault : plan.disk) sum += fault.times == 0 ? 64 : bits_of(fault.times - 1);
  for (const ProcessFault& fault : plan.process_faults) sum += bits_of(fault.time);
  sum += bits_of(plan.network.every - 1) + std::uint64_t{plan.network.repeats};
  return sum + std::uint64_t{plan.schedule.time_runs_first};
}

// One thing of each kind made simpler; each is applied by itself, and all together first.
class Values {
 public:
  explicit Values(const Plan& plan) : plan_(plan) {
    Plan all = plan;
    for (std::size_t i = 0; i < plan.processes.size(); ++i) {
      if (options_changed(plan.processes[i]) == 0) continue;
      make_plain(all, i);
      add([&](Plan& one) { make_plain(one, i); });
    }
    for (std::size_t i = 0; i < plan.models.size(); ++i) {
      offer(plan.models[i].size_bytes > kSmallModelBytes, all.models[i].size_bytes, kSmallModelBytes,
            [&](Plan& one) { one.models[i].size_bytes = kSmallModelBytes; });
    }
    for (std::size_t i = 0; i < plan.disk.size(); ++i) {
      offer(plan.disk[i].times != 1, all.disk[i].times, std::uint64_t{1}, [&](Plan& one) { one.disk[i].times = 1; });
    }
    for (std::size_t i = 0; i < plan.process_faults.size(); ++i) {
      const bool is_long = plan.process_faults[i].time > kShortTime;
      offer(is_long, all.process_faults[i].time, std::chrono::nanoseconds(kShortTime),
            [&](Plan& one) { one.process_faults[i].time = kShortTime; });
    }
    offer(plan.network.every > 1, all.network.every, std::uint64_t{1}, [](Plan& one) { one.network.every = 1; });
    offer(plan.network.repeats, all.network.repeats, false, [](Plan& one) { one.network.repeats = false; });
    offer(plan.schedule.time_runs_first, all.schedule.time_runs_first, false,
          [](Plan& one) { one.schedule.time_runs_first = false; });
    if (simpler_.size() > 1 && values_of(all) < values_of(plan)) simpler_.insert(simpler_.begin(), std::move(all));
  }

  std::vector<Plan> take() { return std::move(simpler_); }

 private:
  template <class Edit>
  void add(const Edit& edit) {
    Plan one = plan_;
    edit(one);
    simpler_.push_back(std::move(one));
  }
  template <class Value, class Edit>
  void offer(bool is_changed, Value& in_all, const Value& plain, const Edit& edit) {
    if (!is_changed) return;
    in_all = plain;
    add(edit);
  }

  const Plan& plan_;
  std::vector<Plan> simpler_;
};

void add_faults(const Plan& plan, bool in_groups, std::vector<Plan>& list) {
  const auto add = [&](std::size_t count, std::vector<std::size_t> PlanCut::* part) {
    if (in_groups) {
      PlanCut cut;
      cut.*part = all_of(count);
      if (count > 1) list.push_back(without(plan, cut));
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      PlanCut cut;
      cut.*part = {i};
      list.push_back(without(plan, cut));
    }
  };
  add(plan.network.faults.size(), &PlanCut::turns);
  add(plan.disk.size(), &PlanCut::disk);
  add(plan.process_faults.size(), &PlanCut::process_faults);
  add(plan.start.damage.size(), &PlanCut::damage);
  add(plan.start.warm.size(), &PlanCut::warm);
  if (in_groups || !plan.start.read_only) return;
  list.push_back(plan);
  list.back().start.read_only = false;
}

void add_switches(const Plan& plan, std::vector<Plan>& list) {
  const std::size_t count = plan.schedule.switches.size();
  for (std::size_t chunk = count; chunk > 0; chunk = chunk == 1 ? 0 : (chunk + 1) / 2) {
    for (std::size_t first = 0; first < count; first += chunk) {
      PlanCut cut;
      for (std::size_t i = first; i < std::min(first + chunk, count); ++i) cut.switches.push_back(i);
      list.push_back(without(plan, cut));
    }
  }
}

}  // namespace

PlanSize size_of(const Plan& plan) {
  PlanSize size;
  size.processes = plan.processes.size();
  for (const PlanProcess& process : plan.processes) size.operations += process.operations.size();
  for (const FaultTurn& turn : plan.network.faults) size.faults += turn.parts.empty() ? 0 : 1;
  size.faults += plan.disk.size() + plan.process_faults.size() + plan.start.damage.size() + plan.start.warm.size() +
                 std::uint64_t{plan.start.read_only};
  size.models = plan.models.size();
  size.switches = plan.schedule.switches.size();
  size.values = values_of(plan);
  return size;
}

Plan without(const Plan& plan, const PlanCut& cut, const StepRanges& ranges) {
  Plan smaller = plan;
  Cutting cutting(plan, cut);
  cut_operations(smaller, cut, ranges, cutting);
  drop(smaller.processes, cut.processes);
  drop(smaller.models, cut.models);
  cut_start(smaller.start, cut, cutting);
  cut_faults(smaller, cut, cutting);
  cut_switches(smaller.schedule.switches, cut, cutting);
  return smaller;
}

void make_plain(Plan& plan, std::size_t process) {
  PlanProcess plain;
  plain.operations = std::move(plan.processes.at(process).operations);
  StepShift steps(plan.processes.size());
  steps.remove(process, {0, plan.processes[process].idle_steps});
  plan.processes[process] = std::move(plain);
  for (Switch& each : plan.schedule.switches) {
    if (each.process == process) each.step = steps.of(process, each.step);
  }
  for (ProcessFault& fault : plan.process_faults) fault.step = steps.of(fault.process, fault.step);
}

std::vector<Plan> simpler_values(const Plan& plan) { return Values(plan).take(); }

std::vector<Plan> candidates(const Plan& plan) {
  std::vector<Plan> list;
  for (std::size_t i = plan.processes.size(); i-- > 0 && plan.processes.size() > 1;) {
    PlanCut cut;
    cut.processes = {i};
    list.push_back(without(plan, cut));
  }
  for (std::size_t i = plan.models.size(); i-- > 0;) {
    PlanCut cut;
    cut.models = {i};
    list.push_back(without(plan, cut));
  }
  add_faults(plan, true, list);
  for (std::size_t p = 0; p < plan.processes.size(); ++p) {
    for (std::size_t i = plan.processes[p].operations.size(); i-- > 0;) {
      PlanCut cut;
      cut.operations = {{p, i}};
      list.push_back(without(plan, cut));
    }
  }
  add_faults(plan, false, list);
  add_switches(plan, list);
  for (Plan& simpler : simpler_values(plan)) list.push_back(std::move(simpler));
  const PlanSize size = size_of(plan);
  std::erase_if(list, [&](const Plan& smaller) { return size_of(smaller) >= size; });
  return list;
}

}  // namespace stampede
