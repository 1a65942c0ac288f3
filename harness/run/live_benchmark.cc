// Runs plans of the live world against the clock, and times its decisions.
#include "harness/run/live_benchmark.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <thread>

#include "harness/faults/scripted_peers.h"
#include "harness/run/command_plan.h"
#include "harness/run/figures.h"
#include "harness/run/live_calls.h"
#include "harness/run/live_job.h"
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

// Keeps how long after one step of a kind the next was taken.
class StepTimes final : public Observer {
 public:
  explicit StepTimes(StepKind kind) : kind_(kind) {}
  void on_step(const Step& step, const DiskView&) override {
    const auto now = Clock::now();
    if (step.kind == kind_ && last_ == kind_) spent_.push_back(now - before_);
    before_ = now;
    last_ = step.kind;
  }
  void on_process_end(std::uint32_t, ProcessEnd, const DiskView&) override {}
  [[nodiscard]] const std::vector<std::chrono::nanoseconds>& spent() const { return spent_; }

 private:
  StepKind kind_;
  StepKind last_ = StepKind::open;
  Clock::time_point before_;
  std::vector<std::chrono::nanoseconds> spent_;
};

// Measures a row once more.
using NextRun = std::function<LiveRun()>;

class Bench {
 public:
  Bench(const LiveBenchmarkPrograms& programs, const LiveBenchmarkSize& size, const LiveBenchmarkParts& parts)
      : programs_(programs), size_(size), parts_(parts) {}

  // Fills in the counts. Nothing where this machine cannot have the row.
  Result<NextRun> begin(const LiveScenario& scenario, LiveRow& row) {
    switch (scenario.measure) {
      case Measure::one_world:
        return schedules(scenario, row);
      case Measure::two_worlds:
        return two_worlds(scenario, row);
      case Measure::commands:
        return commands(scenario, row);
      case Measure::decision:
        return decisions(scenario, row);
    }
    return NextRun();
  }

 private:
  Result<NextRun> schedules(const LiveScenario& scenario, LiveRow& row) {
    auto world = make_live_plan_world(programs_.zygote);
    if (!world) return fail(std::move(world.error()));
    auto started = LiveWorld::start({.zygote = programs_.zygote});
    if (!started) return fail(std::move(started.error()));
    row.schedules = size_.schedules;
    row.processes = scenario.is_drawn ? 0 : three_get_one().processes.size();
    return [this, plans = plans_to_time(size_.schedules, scenario.is_drawn),
            runner = std::make_shared<SimRunner>(std::move(*world)),
            bare = std::shared_ptr<LiveWorld>(std::move(*started))] {
      LiveRun run{.tally = time_schedules(plans, *runner)};
      Nobody nobody;
      auto bound = parts_.bare_starts(plans, *bare, nobody);
      if (bound) run.bare_starts = *bound;
      if (!bound) run.error = std::move(bound.error());
      return run;
    };
  }

  // Each run of two worlds is followed by one of a single world.
  Result<NextRun> two_worlds(const LiveScenario& scenario, LiveRow& row) {
    row.schedules = 2 * size_.schedules;
    row.processes = three_get_one().processes.size();
    if (std::thread::hardware_concurrency() < 2) return NextRun();
    return [this, plans = plans_to_time(size_.schedules, scenario.is_drawn)] {
      LiveRun both = parts_.side_by_side(plans, 2, programs_.zygote);
      LiveRun one = parts_.side_by_side(plans, 1, programs_.zygote);
      both.alone = one.tally.seconds;
      both.tally.violations += one.tally.violations;
      both.tally.uncontrolled += one.tally.uncontrolled;
      if (!both.error) both.error = std::move(one.error);
      return both;
    };
  }

  Result<NextRun> commands(const LiveScenario& scenario, LiveRow& row) {
    auto subject = find_subject(scenario.call, programs_.subjects_directory);
    if (!subject) return fail(std::move(subject.error()));
    const Plan plan = as_command_plan(three_get_one(), subject->name);
    row.schedules = size_.command_schedules;
    row.processes = plan.processes.size();
    row.commands = plan.processes.size() + plan.models.size() + 1;  // a get each; the epilogue gets one model more
    if (!missing_needs(*subject).empty()) return NextRun();
    auto started = CommandBench::start(*subject, programs_.command_zygote);
    if (!started) return fail(std::move(started.error()));
    const std::shared_ptr<CommandBench> bench = std::move(*started);
    return [this, bench, plans = std::vector<Plan>(size_.command_schedules, plan),
            runner = std::make_shared<SimRunner>(bench->take_world()),
            model = generated_model(plan.models.front().name, plan.models.front().size_bytes)] {
      const Stopwatch watch;
      LiveRun run{.tally = time_schedules(plans, *runner)};
      run.all = watch.spent();
      run.epilogues = bench->take_epilogues();
      run.bare = bench->run_bare(model, size_.bare_commands);
      return run;
    };
  }

  Result<NextRun> decisions(const LiveScenario& scenario, LiveRow& row) {
    auto started = LiveWorld::start({.zygote = programs_.calls_zygote});
    if (!started) return fail(std::move(started.error()));
    row.processes = 1;
    return [this, call = scenario.call, world = std::shared_ptr<LiveWorld>(std::move(*started)),
            peers = std::make_shared<ScriptedPeers>()] {
      LiveRun run;
      const std::vector<StageProcess> processes = {{.job = live_calls_job(call, size_.calls)}};
      Stage stage;
      stage.processes = processes;
      DefaultSchedule strategy;
      StepTimes times(call == kReadCalls ? StepKind::read : StepKind::stat_name);
      auto cleared = world->clear(*peers);
      if (!cleared) run.error = std::move(cleared.error());
      if (!cleared) return run;
      const auto begin = Clock::now();
      const StageEnd end = world->run(stage, strategy, times);
      run.tally.seconds = seconds_since(begin);
      run.tally.steps = end.steps;
      run.tally.uncontrolled = end.uncontrolled.empty() ? 0 : 1;
      run.decisions = times.spent();
      run.traced = parts_.traced(programs_.program, call, size_.traced_calls);
      return run;
    };
  }

  const LiveBenchmarkPrograms& programs_;
  const LiveBenchmarkSize& size_;
  const LiveBenchmarkParts& parts_;
};

}  // namespace

Result<double> bare_starts(const std::vector<Plan>& plans, LiveWorld& world, Observer& observer) {
  const std::string job = job_of(PlanProcess{}, {});
  ScriptedPeers peers;
  DefaultSchedule strategy;
  const auto started = Clock::now();
  for (const Plan& plan : plans) {
    if (auto cleared = world.clear(peers); !cleared) return fail(std::move(cleared.error()));
    for (const std::size_t count : bare_stages(plan)) {
      const std::vector<StageProcess> processes(count, StageProcess{.job = job});
      Stage stage;
      stage.processes = processes;
      const StageEnd end = world.run(stage, strategy, observer);
      if (!end.uncontrolled.empty()) return fail(ErrorCode::io, "run", "bare starts", end.uncontrolled);
    }
  }
  return seconds_since(started);
}

LiveRun run_side_by_side(const std::vector<Plan>& plans, std::size_t count, const std::vector<std::string>& zygote) {
  std::vector<LiveRun> runs(count);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      auto world = make_live_plan_world(zygote, static_cast<int>(i));
      if (!world) {
        runs[i].error = std::move(world.error());
        return;
      }
      SimRunner runner(std::move(*world));
      runs[i].tally = time_schedules(plans, runner);
    });
  }
  for (std::thread& thread : threads) thread.join();
  LiveRun all;
  for (LiveRun& run : runs) {
    all.tally.add_beside(run.tally);
    if (run.error) all.error = std::move(run.error);
  }
  return all;
}

std::vector<std::size_t> bare_stages(const Plan& plan) {
  std::vector<std::size_t> stages = {plan.processes.size(), 1};  // the plan's, and the epilogue
  if (!plan.start.warm.empty()) stages.push_back(1);
  return stages;
}

void add(const LiveRun& run, const LiveBenchmarkSize& size, LiveSamples& samples) {
  if (run.error) return;
  const auto microseconds = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double, std::micro>(time).count();
  };
  samples.seconds.push_back(run.tally.seconds);
  if (run.bare_starts) samples.bare_starts.push_back(*run.bare_starts);
  if (run.alone) samples.alone.push_back(*run.alone);
  if (run.all) samples.cpu.push_back(run.all->cpu_seconds);
  if (run.epilogues) samples.without_epilogues.push_back(run.tally.seconds - run.epilogues->seconds);
  if (run.bare) {
    samples.bare_commands.push_back(run.bare->seconds / static_cast<double>(size.bare_commands));
    samples.bare_commands_cpu.push_back(run.bare->cpu_seconds / static_cast<double>(size.bare_commands));
  }
  std::vector<double> decisions;
  for (const auto time : run.decisions) decisions.push_back(microseconds(time));
  if (const auto middle = median(decisions)) samples.decisions.push_back(*middle);
  if (run.traced) samples.traced.push_back(microseconds(*run.traced));
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

LiveBenchmark run_live_benchmark(const std::vector<std::string>& chosen, std::uint64_t runs,
                                 const LiveBenchmarkPrograms& programs, const std::function<bool()>& is_interrupted,
                                 const std::function<void(const std::string&)>& progress, const LiveBenchmarkSize& size,
                                 const LiveBenchmarkParts& parts) {
  LiveBenchmark all;
  Bench bench(programs, size, parts);
  for (const LiveScenario& scenario : kLiveScenarios) {
    if (all.error || !is_chosen(scenario.name, chosen) || is_interrupted()) continue;
    LiveRow row;
    row.name = scenario.name;
    auto next = bench.begin(scenario, row);
    if (!next) {
      all.error = std::move(next.error());
      break;
    }
    LiveSamples samples;
    while (*next && !all.error && row.runs < runs && !is_interrupted()) {
      progress(row.name + ", run " + std::to_string(row.runs + 1) + " of " + std::to_string(runs));
      LiveRun run = (*next)();
      add(run, size, samples);
      row.add(run.tally, !run.error);
      all.error = std::move(run.error);
    }
    fill_in(samples, row);
    all.rows.push_back(std::move(row));
  }
  return all;
}

}  // namespace stampede
