// The benchmark's rows of the live world: how many schedules a second, and what a decision costs, beside their bounds.
#ifndef STAMPEDE_RUN_LIVE_BENCHMARK_H
#define STAMPEDE_RUN_LIVE_BENCHMARK_H

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/result.h"
#include "harness/live/live_world.h"
#include "harness/plan/plan.h"
#include "harness/run/command_benchmark.h"
#include "harness/run/posix_traced_calls.h"
#include "harness/run/sim_benchmark.h"
#include "harness/world/observer.h"

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

// What one run of a row came to, and the measurement of its bound that follows it; nothing where a row has none of a
// kind.
struct LiveRun {
  ScheduleTally tally;
  std::optional<modelcache::Error> error = {};                   // then nothing but what was found counts
  std::optional<double> bare_starts = {}, alone = {};            // seconds
  std::optional<SpentTime> all = {}, epilogues = {}, bare = {};  // of commands; the last: of size.bare_commands
  std::vector<std::chrono::nanoseconds> decisions = {};          // from each to the next
  std::optional<std::chrono::nanoseconds> traced = {};           // of a call
};

// Seconds in which as many directories are emptied, and as many processes started that end at once.
modelcache::Result<double> bare_starts(const std::vector<Plan>& plans, LiveWorld& world, Observer& observer);
// World i on core i, in a thread of its own; the seconds of the slowest.
LiveRun run_side_by_side(const std::vector<Plan>& plans, std::size_t count, const std::vector<std::string>& zygote);

// Tests have others.
struct LiveBenchmarkParts {
  std::function<modelcache::Result<double>(const std::vector<Plan>&, LiveWorld&, Observer&)> bare_starts =
      stampede::bare_starts;
  std::function<LiveRun(const std::vector<Plan>&, std::size_t, const std::vector<std::string>&)> side_by_side =
      run_side_by_side;
  std::function<std::optional<std::chrono::nanoseconds>(const std::string&, std::string_view, std::uint64_t)> traced =
      time_traced_calls;
};

struct LiveBenchmark {
  std::vector<LiveRow> rows;
  std::optional<modelcache::Error> error;  // why there are no more; as LiveWorld::start
};

// The rows whose names begin with one of `chosen`; all where that is empty. Each run is followed by one measurement of
// its bound. A row that this machine cannot have (a second core, strace, a program) says so by a figure that is not
// there.
LiveBenchmark run_live_benchmark(const std::vector<std::string>& chosen, std::uint64_t runs,
                                 const LiveBenchmarkPrograms& programs, const std::function<bool()>& is_interrupted,
                                 const std::function<void(const std::string&)>& progress,
                                 const LiveBenchmarkSize& size = {}, const LiveBenchmarkParts& parts = {});

// What a row's runs gave, in seconds of a run where nothing else is said; empty where a row has none of a kind.
struct LiveSamples {
  std::vector<double> seconds, bare_starts, alone;
  // Of rows of commands. The bare ones are of one command.
  std::vector<double> without_epilogues, cpu, bare_commands, bare_commands_cpu;
  std::vector<double> decisions, traced;  // microseconds of a decision, of a call
};

// Adds what one run gave; nothing of one that failed.
void add(const LiveRun& run, const LiveBenchmarkSize& size, LiveSamples& samples);
// The figures of a row. REQUIRES: its counts.
void fill_in(const LiveSamples& samples, LiveRow& row);
// How many processes the bound of a plan starts, a stage each.
std::vector<std::size_t> bare_stages(const Plan& plan);

}  // namespace stampede

#endif  // STAMPEDE_RUN_LIVE_BENCHMARK_H
