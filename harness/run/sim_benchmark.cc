// Runs plans of the simulated world against the clock.
#include "harness/run/sim_benchmark.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

#include "harness/faults/scripted_peers.h"
#include "harness/run/figures.h"
#include "harness/run/scenario.h"
#include "harness/run/sim_draw.h"
#include "harness/run/sim_exploration.h"
#include "harness/sim/sim_world.h"
#include "harness/strategy/default_schedule.h"
#include "harness/strategy/random_walk.h"
#include "harness/strategy/replay.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kWalkSeed = 1;
constexpr std::uint64_t kBareProcesses = 3;

struct SimScenario {
  std::string_view name, what;
  bool is_drawn;   // plans drawn from seeds, instead of three_get_one
  bool is_replay;  // of stored switches, instead of a random walk
};
constexpr SimScenario kSimScenarios[] = {
    {"sim_same_model_3proc", "three get one new model of 1 KiB: random schedules of one plan", false, false},
    {"sim_drawn_plans", "plans drawn from seeds, with their faults; random schedules", true, false},
    {"replay_same_model_3proc", "the schedules of sim_same_model_3proc, from their switches", false, true},
    {"replay_drawn_plans", "the schedules of sim_drawn_plans, from their switches", true, true},
};

}  // namespace

void ScheduleTally::add(const SimOutcome& outcome) {
  steps += outcome.steps;
  violations += outcome.violations.size();
  uncontrolled += outcome.uncontrolled.empty() ? 0 : 1;
}

void ScheduleTally::add_beside(const ScheduleTally& other) {
  seconds = std::max(seconds, other.seconds);
  steps += other.steps;
  violations += other.violations;
  uncontrolled += other.uncontrolled;
}

void ScheduleRow::add(const ScheduleTally& run, bool is_whole) {
  violations += run.violations;
  uncontrolled += run.uncontrolled;
  if (!is_whole) return;
  steps = run.steps;
  ++runs;
}

void ScheduleRow::fill_in(const std::vector<double>& times) {
  take_seconds(times, *this);
  if (schedules > 0) schedules_per_second = quotient(static_cast<double>(schedules), seconds);
}

std::vector<Plan> plans_to_time(std::uint64_t schedules, bool are_drawn) {
  std::vector<Plan> plans;
  for (std::uint64_t seed = 1; seed <= schedules; ++seed) {
    plans.push_back(are_drawn ? draw_sim(seed).plan : three_get_one());
  }
  return plans;
}

ScheduleTally time_schedules(const std::vector<Plan>& plans, SimRunner& runner, bool replays) {
  ScheduleTally tally;
  RandomWalk walk(kWalkSeed);  // one object walks many schedules
  const auto started = Clock::now();
  for (const Plan& plan : plans) {
    std::optional<Replay> replay;
    if (replays) replay.emplace(plan.schedule, Replay::Mode::strict);
    tally.add(runner.run(plan, replay ? static_cast<Strategy&>(*replay) : walk));
  }
  tally.seconds = seconds_since(started);
  return tally;
}

double bare_steps(std::uint64_t steps, std::uint64_t schedules, Observer& observer) {
  const std::uint64_t each = bare_steps_each(steps, schedules);
  StageProcess process;
  process.body = [each](modelcache::Os& os) {
    for (std::uint64_t i = 0; i < each; ++i) (void)os.now();
  };
  const std::vector<StageProcess> processes(kBareProcesses, process);
  ScriptedPeers peers;
  SimWorld world;
  RandomWalk walk(1);
  const auto started = Clock::now();
  for (std::uint64_t i = 0; i < schedules; ++i) {
    world.clear(peers);
    Stage stage;
    stage.processes = processes;
    (void)world.run(stage, walk, observer);
  }
  return seconds_since(started);
}

std::uint64_t bare_steps_each(std::uint64_t steps, std::uint64_t schedules) {
  return std::max<std::uint64_t>(1, steps / schedules / kBareProcesses);
}

void fill_in(const std::vector<double>& seconds, const std::vector<double>& bounds, SimRow& row) {
  row.fill_in(seconds);
  row.steps_per_second = quotient(static_cast<double>(row.steps), row.seconds);
  row.ratio_to_bare_steps = quotient(median(bounds), row.seconds);
}

Plan three_get_one() {
  Plan plan;
  plan.models = {{"m0", 1024}};
  PlanProcess process;
  process.operations = {Operation{OperationKind::get, 0}};
  plan.processes = {process, process, process};
  return plan;
}

std::vector<std::pair<std::string, std::string>> sim_scenario_names() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const SimScenario& scenario : kSimScenarios) names.emplace_back(scenario.name, scenario.what);
  return names;
}

std::vector<SimRow> run_sim_benchmark(const std::vector<std::string>& chosen, std::uint64_t runs,
                                      const std::function<bool()>& is_interrupted,
                                      const std::function<void(const std::string&)>& progress, std::uint64_t schedules,
                                      const SimBenchmarkParts& parts) {
  std::vector<SimRow> rows;
  SimRunner runner(parts.make_world());
  Nobody nobody;
  for (const SimScenario& scenario : kSimScenarios) {
    if (!is_chosen(scenario.name, chosen) || is_interrupted()) continue;
    SimRow row;
    row.name = scenario.name;
    row.schedules = schedules;
    row.processes = scenario.is_drawn ? 0 : 3;
    progress(row.name + ", drawing");
    std::vector<Plan> plans = plans_to_time(schedules, scenario.is_drawn);
    RandomWalk walk(kWalkSeed);
    for (Plan& plan : plans) {
      if (scenario.is_replay) plan.schedule.switches = runner.run(plan, walk).run.switches;
    }
    std::vector<double> seconds, bounds;
    for (std::uint64_t i = 0; i < runs && !is_interrupted(); ++i) {
      progress(row.name + ", run " + std::to_string(i + 1) + " of " + std::to_string(runs));
      const ScheduleTally tally = time_schedules(plans, runner, scenario.is_replay);
      seconds.push_back(tally.seconds);
      bounds.push_back(parts.bare_steps(tally.steps, schedules, nobody));
      row.add(tally);
    }
    fill_in(seconds, bounds, row);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace stampede
