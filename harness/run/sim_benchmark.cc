// Runs plans of the simulated world against the clock.
#include "harness/run/sim_benchmark.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

#include "harness/faults/scripted_peers.h"
#include "harness/run/sim_draw.h"
#include "harness/run/sim_exploration.h"
#include "harness/run/sim_run.h"
#include "harness/sim/sim_world.h"
#include "harness/strategy/default_schedule.h"
#include "harness/strategy/random_walk.h"
#include "harness/strategy/replay.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kSchedules = 2000;
constexpr std::uint64_t kWalkSeed = 1;

struct Scenario {
  std::string_view name, what;
  bool is_drawn;   // plans drawn from seeds, instead of three_get_one
  bool is_replay;  // of stored switches, instead of a random walk
};
constexpr Scenario kScenarios[] = {
    {"sim_same_model_3proc", "three get one new model of 1 KiB: random schedules of one plan", false, false},
    {"sim_drawn_plans", "plans drawn from seeds, with their faults; random schedules", true, false},
    {"replay_same_model_3proc", "the schedules of sim_same_model_3proc, from their switches", false, true},
    {"replay_drawn_plans", "the schedules of sim_drawn_plans, from their switches", true, true},
};

// The plans of a row, with the schedules that were recorded where they are to be replayed.
std::vector<Plan> plans_of(const Scenario& scenario, SimRunner& runner) {
  std::vector<Plan> plans;
  RandomWalk walk(kWalkSeed);
  for (std::uint64_t seed = 1; seed <= kSchedules; ++seed) {
    Plan plan = scenario.is_drawn ? draw_sim(seed).plan : three_get_one();
    if (scenario.is_replay) plan.schedule.switches = runner.run(plan, walk).run.switches;
    plans.push_back(std::move(plan));
  }
  return plans;
}

double run_once(const Scenario& scenario, const std::vector<Plan>& plans, SimRunner& runner, SimRow& row) {
  row.steps = row.violations = 0;
  RandomWalk walk(kWalkSeed);  // one object walks many schedules
  const auto started = Clock::now();
  for (const Plan& plan : plans) {
    std::optional<Replay> replay;
    if (scenario.is_replay) replay.emplace(plan.schedule, Replay::Mode::strict);
    const SimOutcome& outcome = runner.run(plan, replay ? static_cast<Strategy&>(*replay) : walk);
    row.steps += outcome.steps;
    row.violations += outcome.violations.size();
  }
  return std::chrono::duration<double>(Clock::now() - started).count();
}

class Nobody final : public Observer {
 public:
  void on_step(const Step&, const DiskView&) override {}
  void on_process_end(std::uint32_t, ProcessEnd, const DiskView&) override {}
};

// Seconds of a world in which three processes read the clock `steps` times in all, in as many runs as there are
// schedules.
double bare_steps(std::uint64_t steps, std::uint64_t schedules) {
  constexpr std::uint64_t kProcesses = 3;
  const std::uint64_t each = std::max<std::uint64_t>(1, steps / schedules / kProcesses);
  SimProcess process;
  process.body = [each](modelcache::Os& os) {
    for (std::uint64_t i = 0; i < each; ++i) (void)os.now();
  };
  const std::vector<SimProcess> processes(kProcesses, process);
  ScriptedPeers peers;
  SimWorld world;
  RandomWalk walk(1);
  Nobody nobody;
  const auto started = Clock::now();
  for (std::uint64_t i = 0; i < schedules; ++i) {
    world.clear(peers);
    SimStage stage;
    stage.processes = processes;
    (void)world.run(stage, walk, nobody);
  }
  return std::chrono::duration<double>(Clock::now() - started).count();
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

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
  for (const Scenario& scenario : kScenarios) names.emplace_back(scenario.name, scenario.what);
  return names;
}

std::vector<SimRow> run_sim_benchmark(const std::vector<std::string>& chosen, std::uint64_t runs,
                                      const std::function<bool()>& is_interrupted,
                                      const std::function<void(const std::string&)>& progress) {
  std::vector<SimRow> rows;
  SimRunner runner;
  for (const Scenario& scenario : kScenarios) {
    const bool is_chosen = chosen.empty() || std::any_of(chosen.begin(), chosen.end(), [&](const std::string& prefix) {
                             return scenario.name.starts_with(prefix);
                           });
    if (!is_chosen || is_interrupted()) continue;
    SimRow row;
    row.name = scenario.name;
    row.schedules = kSchedules;
    row.processes = scenario.is_drawn ? 0 : 3;
    progress(row.name + ", drawing");
    const std::vector<Plan> plans = plans_of(scenario, runner);
    std::vector<double> seconds, bounds;
    for (std::uint64_t i = 0; i < runs && !is_interrupted(); ++i) {
      progress(row.name + ", run " + std::to_string(i + 1) + " of " + std::to_string(runs));
      seconds.push_back(run_once(scenario, plans, runner, row));
      bounds.push_back(bare_steps(row.steps, row.schedules));
      ++row.runs;
    }
    row.seconds = median(seconds);
    if (row.seconds && *row.seconds > 0) {
      row.seconds_min = *std::min_element(seconds.begin(), seconds.end());
      row.seconds_max = *std::max_element(seconds.begin(), seconds.end());
      row.schedules_per_second = static_cast<double>(row.schedules) / *row.seconds;
      row.steps_per_second = static_cast<double>(row.steps) / *row.seconds;
      row.ratio_to_bare_steps = *median(bounds) / *row.seconds;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace stampede
