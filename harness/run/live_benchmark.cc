// Runs plans of the live world against the clock, and times its decisions.
#include "harness/run/live_benchmark.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <thread>

#include "harness/faults/scripted_peers.h"
#include "harness/live/live_world.h"
#include "harness/run/command_benchmark.h"
#include "harness/run/command_plan.h"
#include "harness/run/figures.h"
#include "harness/run/live_calls.h"
#include "harness/run/live_job.h"
#include "harness/run/posix_traced_calls.h"
#include "harness/run/scenario.h"
#include "harness/run/subject_catalogue.h"
#include "harness/strategy/default_schedule.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;
using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

enum class Measure : std::uint8_t { one_world, two_worlds, commands, decision };

struct LiveScenario {
  std::string_view name, what;
  Measure measure;
  bool is_drawn;          // plans drawn from seeds, instead of three_get_one
  std::string_view call;  // of decisions; the subject of commands
};
constexpr LiveScenario kLiveScenarios[] = {
    {"live_same_model_3proc", "sim_same_model_3proc on real processes and files", Measure::one_world, false, ""},
    {"live_drawn_plans", "sim_drawn_plans on real processes and files", Measure::one_world, true, ""},
    {"live_two_worlds", "live_same_model_3proc in two worlds at once, on a core each", Measure::two_worlds, false, ""},
    {"live_exec_modelcache", "three execute modelcache, dynamically linked, for one new model of 1 KiB",
     Measure::commands, false, "modelcache_command"},
    {"live_exec_shell", "the same with the shell cache: flock, curl, sha256sum, sync, mv", Measure::commands, false,
     "shell_cache"},
    {"live_decision_plain", "one process reads a byte again and again: what a decision costs", Measure::decision, false,
     kReadCalls},
    {"live_decision_path", "one process looks at a file by its name again and again", Measure::decision, false,
     kStatCalls},
};

// Seconds in which as many directories are emptied, and as many processes started that end at once.
Result<double> bare_starts(const std::vector<Plan>& plans, LiveWorld& world) {
  const std::string job = job_of(PlanProcess{}, {});
  ScriptedPeers peers;
  Nobody nobody;
  DefaultSchedule strategy;
  const auto started = Clock::now();
  for (const Plan& plan : plans) {
    if (auto cleared = world.clear(peers); !cleared) return fail(std::move(cleared.error()));
    for (const std::size_t count : bare_stages(plan)) {
      const std::vector<StageProcess> processes(count, StageProcess{.job = job});
      Stage stage;
      stage.processes = processes;
      const StageEnd end = world.run(stage, strategy, nobody);
      if (!end.uncontrolled.empty()) return fail(ErrorCode::io, "run", "bare starts", end.uncontrolled);
    }
  }
  return seconds_since(started);
}

// Keeps how long after one step of a kind the next was taken.
class StepTimes final : public Observer {
 public:
  explicit StepTimes(StepKind kind) : kind_(kind) {}
  void on_step(const Step& step, const DiskView&) override {
    const auto now = Clock::now();
    if (step.kind == kind_ && last_ == kind_) {
      microseconds_.push_back(std::chrono::duration<double, std::micro>(now - before_).count());
    }
    before_ = now;
    last_ = step.kind;
  }
  void on_process_end(std::uint32_t, ProcessEnd, const DiskView&) override {}
  [[nodiscard]] const std::vector<double>& microseconds() const { return microseconds_; }

 private:
  StepKind kind_;
  StepKind last_ = StepKind::open;
  Clock::time_point before_;
  std::vector<double> microseconds_;
};

class Bench {
 public:
  Bench(std::uint64_t runs, const LiveBenchmarkPrograms& programs, const std::function<bool()>& is_interrupted,
        const std::function<void(const std::string&)>& progress, const LiveBenchmarkSize& size)
      : runs_(runs), programs_(programs), is_interrupted_(is_interrupted), progress_(progress), size_(size) {}

  Result<LiveRow> measure(const LiveScenario& scenario) {
    LiveRow row;
    row.name = scenario.name;
    switch (scenario.measure) {
      case Measure::one_world:
        return schedules(scenario, std::move(row));
      case Measure::two_worlds:
        return two_worlds(scenario, std::move(row));
      case Measure::commands:
        return commands(scenario, std::move(row));
      case Measure::decision:
        return decisions(scenario, std::move(row));
    }
    return row;
  }

 private:
  bool goes_on(const LiveRow& row) {
    if (row.runs == runs_ || is_interrupted_()) return false;
    progress_(row.name + ", run " + std::to_string(row.runs + 1) + " of " + std::to_string(runs_));
    return true;
  }

  Result<LiveRow> schedules(const LiveScenario& scenario, LiveRow row) {
    auto world = make_live_plan_world(programs_.zygote);
    if (!world) return fail(std::move(world.error()));
    auto bare = LiveWorld::start({.zygote = programs_.zygote});
    if (!bare) return fail(std::move(bare.error()));
    SimRunner runner(std::move(*world));
    const std::vector<Plan> plans = plans_to_time(size_.schedules, scenario.is_drawn);
    row.schedules = plans.size();
    row.processes = scenario.is_drawn ? 0 : plans.front().processes.size();
    LiveSamples samples;
    while (goes_on(row)) {
      const ScheduleTally run = time_schedules(plans, runner);
      const auto bound = bare_starts(plans, **bare);
      if (!bound) return fail(bound.error());
      samples.seconds.push_back(run.seconds);
      samples.bare_starts.push_back(*bound);
      row.add(run);
    }
    fill_in(samples, row);
    return row;
  }

  // Each run of two worlds is followed by one of a single world.
  Result<LiveRow> two_worlds(const LiveScenario& scenario, LiveRow row) {
    const std::vector<Plan> plans = plans_to_time(size_.schedules, scenario.is_drawn);
    row.schedules = 2 * plans.size();
    row.processes = plans.front().processes.size();
    if (std::thread::hardware_concurrency() < 2) return row;
    LiveSamples samples;
    while (goes_on(row)) {
      auto both = run_side_by_side(plans, 2);
      auto one = run_side_by_side(plans, 1);
      if (!both) return fail(std::move(both.error()));
      if (!one) return fail(std::move(one.error()));
      samples.seconds.push_back(both->seconds);
      samples.alone.push_back(one->seconds);
      row.add(*both);
    }
    fill_in(samples, row);
    return row;
  }

  // World i on core i, in a thread of its own; the seconds of the slowest.
  Result<ScheduleTally> run_side_by_side(const std::vector<Plan>& plans, std::size_t count) {
    std::vector<Result<ScheduleTally>> runs(count);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        auto world = make_live_plan_world(programs_.zygote, static_cast<int>(i));
        if (!world) {
          runs[i] = fail(std::move(world.error()));
          return;
        }
        SimRunner runner(std::move(*world));
        runs[i] = time_schedules(plans, runner);
      });
    }
    for (std::thread& thread : threads) thread.join();
    ScheduleTally all;
    for (Result<ScheduleTally>& run : runs) {
      if (!run) return fail(std::move(run.error()));
      all.seconds = std::max(all.seconds, run->seconds);
      all.steps += run->steps;
      all.violations += run->violations;
      all.uncontrolled += run->uncontrolled;
    }
    return all;
  }

  Result<LiveRow> commands(const LiveScenario& scenario, LiveRow row) {
    auto subject = find_subject(scenario.call, programs_.subjects_directory);
    if (!subject) return fail(std::move(subject.error()));
    const std::vector<Plan> plans(size_.command_schedules, as_command_plan(three_get_one(), subject->name));
    const Plan& plan = plans.front();
    row.schedules = plans.size();
    row.processes = plan.processes.size();
    row.commands = plan.processes.size() + plan.models.size() + 1;  // a get each; the epilogue gets one model more
    if (!missing_needs(*subject).empty()) return row;
    auto bench = CommandBench::start(*subject, programs_.command_zygote);
    if (!bench) return fail(std::move(bench.error()));
    SimRunner runner((*bench)->take_world());
    const Model model = generated_model(plan.models.front().name, plan.models.front().size_bytes);
    LiveSamples samples;
    while (goes_on(row)) {
      const Stopwatch watch;
      const ScheduleTally run = time_schedules(plans, runner);
      const SpentTime all = watch.spent(), epilogues = (*bench)->take_epilogues();
      samples.seconds.push_back(run.seconds);
      samples.without_epilogues.push_back(run.seconds - epilogues.seconds);
      samples.cpu.push_back(all.cpu_seconds);
      if (const auto bare = (*bench)->run_bare(model, size_.bare_commands)) {
        samples.bare_commands.push_back(bare->seconds / static_cast<double>(size_.bare_commands));
        samples.bare_commands_cpu.push_back(bare->cpu_seconds / static_cast<double>(size_.bare_commands));
      }
      row.add(run);
    }
    fill_in(samples, row);
    return row;
  }

  Result<LiveRow> decisions(const LiveScenario& scenario, LiveRow row) {
    auto world = LiveWorld::start({.zygote = programs_.calls_zygote});
    if (!world) return fail(std::move(world.error()));
    const std::vector<StageProcess> processes = {{.job = live_calls_job(scenario.call, size_.calls)}};
    Stage stage;
    stage.processes = processes;
    ScriptedPeers peers;
    DefaultSchedule strategy;
    row.processes = 1;
    LiveSamples samples;
    while (goes_on(row)) {
      if (auto cleared = (*world)->clear(peers); !cleared) return fail(std::move(cleared.error()));
      StepTimes times(scenario.call == kReadCalls ? StepKind::read : StepKind::stat_name);
      const auto started = Clock::now();
      const StageEnd end = (*world)->run(stage, strategy, times);
      samples.seconds.push_back(seconds_since(started));
      if (const auto middle = median(times.microseconds())) samples.decisions.push_back(*middle);
      if (const auto time = time_traced_calls(programs_.program, scenario.call, size_.traced_calls)) {
        samples.traced.push_back(std::chrono::duration<double, std::micro>(*time).count());
      }
      row.add({.steps = end.steps, .uncontrolled = end.uncontrolled.empty() ? 0U : 1U});
    }
    fill_in(samples, row);
    return row;
  }

  std::uint64_t runs_;
  const LiveBenchmarkPrograms& programs_;
  const std::function<bool()>& is_interrupted_;
  const std::function<void(const std::string&)>& progress_;
  const LiveBenchmarkSize& size_;
};

}  // namespace

std::vector<std::size_t> bare_stages(const Plan& plan) {
  std::vector<std::size_t> stages = {plan.processes.size(), 1};  // the plan's, and the epilogue
  if (!plan.start.warm.empty()) stages.push_back(1);
  return stages;
}

void fill_in(const LiveSamples& samples, LiveRow& row) {
  row.fill_in(samples.seconds);
  row.decision_microseconds = median(samples.decisions);
  row.strace_microseconds = median(samples.traced);
  row.ratio_to_bare_starts = quotient(median(samples.bare_starts), row.seconds);
  if (const auto alone = median(samples.alone)) row.ratio_to_one_world = quotient(2 * *alone, row.seconds);
  const auto cpu = median(samples.cpu), bare = median(samples.bare_commands),
             bare_cpu = median(samples.bare_commands_cpu);
  const auto schedules = static_cast<double>(row.schedules);
  if (cpu) row.cpu_milliseconds = quotient(*cpu * 1e3, schedules);
  if (!cpu || !bare || !bare_cpu) return;
  const double commands = static_cast<double>(row.commands) * schedules;
  const double of_plans = static_cast<double>(row.processes) * schedules;
  row.ratio_to_bare_starts = quotient(*bare * commands, row.seconds);
  row.ratio_of_plans_to_bare_starts = quotient(*bare * of_plans, median(samples.without_epilogues));
  row.cpu_ratio_to_bare_starts = quotient(*bare_cpu * commands, cpu);
}

std::vector<std::pair<std::string, std::string>> live_scenario_names() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const LiveScenario& scenario : kLiveScenarios) names.emplace_back(scenario.name, scenario.what);
  return names;
}

Result<std::vector<LiveRow>> run_live_benchmark(const std::vector<std::string>& chosen, std::uint64_t runs,
                                                const LiveBenchmarkPrograms& programs,
                                                const std::function<bool()>& is_interrupted,
                                                const std::function<void(const std::string&)>& progress,
                                                const LiveBenchmarkSize& size) {
  std::vector<LiveRow> rows;
  Bench bench(runs, programs, is_interrupted, progress, size);
  for (const LiveScenario& scenario : kLiveScenarios) {
    if (!is_chosen(scenario.name, chosen) || is_interrupted()) continue;
    auto row = bench.measure(scenario);
    if (!row) return fail(std::move(row.error()));
    rows.push_back(std::move(*row));
  }
  return rows;
}

}  // namespace stampede
