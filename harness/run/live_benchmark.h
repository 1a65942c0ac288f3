// The benchmark's rows of the live world: how many schedules a second, and what a decision costs, beside their bounds.
#ifndef STAMPEDE_RUN_LIVE_BENCHMARK_H
#define STAMPEDE_RUN_LIVE_BENCHMARK_H

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cache/result.h"
#include "harness/plan/plan.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {

struct LiveRow : ScheduleRow {
  // Bound / measured: as many processes of the same zygote that end at once, in a directory that is emptied as often.
  std::optional<double> ratio_to_bare_starts;
  // Two worlds on a core each: their schedules per second / those of one.
  std::optional<double> ratio_to_one_world;
  // From one step of a process to its next, at the median: told the result, it runs, makes its next call, is stopped,
  // chosen, and its call performed. And the same call of a process that strace follows, as that sees it itself.
  std::optional<double> decision_microseconds, strace_microseconds;
  // Of executed commands, whose `ratio_to_bare_starts` is of as many commands as a schedule has, its epilogue's too,
  // each run bare (command_benchmark.h). The same without epilogues: of the plan's own commands alone.
  std::uint64_t commands = 0;  // of one schedule, the epilogue's too
  std::optional<double> ratio_of_plans_to_bare_starts;
  // CPU time of a schedule, supervisor and all processes; and bound / measured of it, which other work on the machine
  // changes less.
  std::optional<double> cpu_milliseconds, cpu_ratio_to_bare_starts;
};

// Programs and arguments, all of this build.
struct LiveBenchmarkPrograms {
  std::vector<std::string> zygote;          // as make_live_plan_world takes it
  std::vector<std::string> calls_zygote;    // leads to run_live_zygote with perform_live_calls
  std::string program;                      // with the command `live-calls`
  std::vector<std::string> command_zygote;  // as make_command_plan_world takes it
  std::string subjects_directory;           // for find_subject
};

// Of one run of a row, or of one measurement of its bound.
struct LiveBenchmarkSize {
  std::uint64_t schedules = 300, command_schedules = 50, calls = 20'000, traced_calls = 5'000;
  std::size_t bare_commands = 150;
};

// Name and description of every row, in their order.
std::vector<std::pair<std::string, std::string>> live_scenario_names();

// The rows whose names begin with one of `chosen`; all where that is empty. Each run is followed by one measurement of
// its bound. A row that this machine cannot have (a second core, strace, a program) says so by a figure that is not
// there. ERRORS: as LiveWorld::start.
modelcache::Result<std::vector<LiveRow>> run_live_benchmark(const std::vector<std::string>& chosen, std::uint64_t runs,
                                                            const LiveBenchmarkPrograms& programs,
                                                            const std::function<bool()>& is_interrupted,
                                                            const std::function<void(const std::string&)>& progress,
                                                            const LiveBenchmarkSize& size = {});

// What a row's runs gave, in seconds of a run where nothing else is said; empty where a row has none of a kind.
struct LiveSamples {
  std::vector<double> seconds, bare_starts, alone;
  // Of rows of commands. The bare ones are of one command.
  std::vector<double> without_epilogues, cpu, bare_commands, bare_commands_cpu;
  std::vector<double> decisions, traced;  // microseconds of a decision, of a call
};

// The figures of a row. REQUIRES: its counts.
void fill_in(const LiveSamples& samples, LiveRow& row);
// How many processes the bound of a plan starts, a stage each.
std::vector<std::size_t> bare_stages(const Plan& plan);

}  // namespace stampede

#endif  // STAMPEDE_RUN_LIVE_BENCHMARK_H
