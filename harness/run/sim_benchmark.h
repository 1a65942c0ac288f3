// The benchmark's rows of the simulated world: how many schedules a second, beside what bounds them; and what rows of
// all controlled worlds have in common.
#ifndef STAMPEDE_RUN_SIM_BENCHMARK_H
#define STAMPEDE_RUN_SIM_BENCHMARK_H

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/run/sim_run.h"

namespace stampede {

// What the schedules of one run came to.
struct ScheduleTally {
  double seconds = 0;
  std::uint64_t steps = 0, violations = 0, uncontrolled = 0;
  void add(const SimOutcome& outcome);
  void add_beside(const ScheduleTally& other);  // of another world, at the same time
};

struct ScheduleRow {
  std::string name;
  std::uint64_t runs = 0;       // that were measured
  std::uint64_t schedules = 0;  // of one run; 0 for rows of decisions
  std::uint64_t steps = 0;      // of one run, warm-ups and epilogues included; or calls of one run
  std::uint64_t processes = 0;  // of one schedule, the plan's own; 0 where plans differ
  std::optional<double> seconds, seconds_min, seconds_max;  // of one run; medians over the runs, like what follows
  std::optional<double> schedules_per_second;
  std::uint64_t violations = 0, uncontrolled = 0;  // of all runs

  void add(const ScheduleTally& run, bool is_whole = true);  // else nothing but what was found counts
  void fill_in(const std::vector<double>& times);            // of its runs, in seconds
};

struct SimRow : ScheduleRow {
  std::optional<double> steps_per_second;
  // Bound / measured: a world that takes as many steps, each a reading of its clock, in as many processes, watched by
  // nobody. What is left is the cache's own work, the server's, and the judge's.
  std::optional<double> ratio_to_bare_steps;
};

// Name and description of every row, in their order.
std::vector<std::pair<std::string, std::string>> sim_scenario_names();

// Three processes that get one model of 1 KiB into an empty cache: the workload by which the simulator is measured.
Plan three_get_one();

// Watches a bound.
class Nobody final : public Observer {
 public:
  void on_step(const Step&, const DiskView&) override {}
  void on_process_end(std::uint32_t, ProcessEnd, const DiskView&) override {}
};

// Seconds of a world in which three processes read the clock `steps` times in all, in as many runs as there are
// schedules.
double bare_steps(std::uint64_t steps, std::uint64_t schedules, Observer& observer);

// Tests have others.
struct SimBenchmarkParts {
  std::function<std::unique_ptr<PlanWorld>()> make_world = [] { return make_sim_plan_world(); };
  std::function<double(std::uint64_t, std::uint64_t, Observer&)> bare_steps = stampede::bare_steps;
};

// The rows whose names begin with one of `chosen`; all where that is empty. Each run is followed by one measurement of
// the bound. On one thread.
std::vector<SimRow> run_sim_benchmark(const std::vector<std::string>& chosen, std::uint64_t runs,
                                      const std::function<bool()>& is_interrupted,
                                      const std::function<void(const std::string&)>& progress,
                                      std::uint64_t schedules = 2000,  // of one run
                                      const SimBenchmarkParts& parts = {});

// `three_get_one` that often; or plans drawn from as many seeds.
std::vector<Plan> plans_to_time(std::uint64_t schedules, bool are_drawn);
// Runs each by one random walk; or, where `replays`, by the switches of its own schedule.
ScheduleTally time_schedules(const std::vector<Plan>& plans, SimRunner& runner, bool replays = false);

// The figures of a row from its runs and as many measurements of the bound. REQUIRES: its counts.
void fill_in(const std::vector<double>& seconds, const std::vector<double>& bounds, SimRow& row);
// Of the bound's processes: at least one.
std::uint64_t bare_steps_each(std::uint64_t steps, std::uint64_t schedules);

}  // namespace stampede

#endif  // STAMPEDE_RUN_SIM_BENCHMARK_H
