// Runs plans of the simulated world on several threads, in blocks whose results are put together by seed.
#include "harness/run/sim_exploration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "harness/run/command_plan.h"
#include "harness/run/trace.h"
#include "harness/strategy/bounded_exhaustive.h"
#include "harness/strategy/pct.h"
#include "harness/strategy/replay.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

// Large enough that handing them out costs nothing, small enough that an interrupt is heard at once: a run of a command
// takes a thousand times as long as one of the cache.
std::uint64_t runs_of_a_block(const SimExplorationOptions& options) {
  const bool is_command = !options.command_subject.empty() || (options.plan && !options.plan->subject.empty());
  return is_command ? 1 : 64;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Where two runs that should be the same part.
std::string first_difference(const std::vector<Step>& expected, const std::vector<Step>& got) {
  const std::size_t both = std::min(expected.size(), got.size());
  const auto text = [](const Step& step) { return fmt::format("process {} {}", step.process, describe(step, false)); };
  for (std::size_t i = 0; i < both; ++i) {
    TraceHash left, right;
    left.add(expected[i]);
    right.add(got[i]);
    if (left.value() != right.value()) {
      return fmt::format("step {}: expected {}, got {}", i + 1, text(expected[i]), text(got[i]));
    }
  }
  if (expected.size() == got.size()) return "";
  if (expected.size() > both) return fmt::format("step {}: expected {}, got the end", both + 1, text(expected[both]));
  return fmt::format("step {}: expected the end, got {}", both + 1, text(got[both]));
}

// Counts by place, turned into names when they are put together.
struct Counts {
  std::uint64_t plans = 0, schedules = 0, repetitions = 0, steps = 0, processes = 0, preemptions = 0;
  std::uint64_t violations = 0, divergences = 0;
  std::vector<std::uint64_t> judged;
  std::array<std::uint64_t, kOperationKinds> operations{};
  std::vector<std::uint64_t> network;
  std::array<std::uint64_t, kStepKinds> disk{};
  std::array<std::uint64_t, kErrnosCounted> errnos{};
  std::uint64_t short_transfers = 0, idle_locks = 0;
  std::array<std::uint64_t, kProcessFaultKinds> process{};
  std::array<std::uint64_t, kDamageKinds> damage{};
  std::uint64_t read_only = 0, time_first = 0, warm = 0;
  std::uint64_t uncontrolled = 0;
  std::string why_uncontrolled;
  std::map<std::string, StrategyTally> strategies;
  std::map<std::uint32_t, std::uint64_t> pct_runs;  // by depth
  std::uint64_t shared_steps_seen = 0;              // by PCT
  TraceHash hash;
  std::vector<SimDiscovery> discoveries;
};

// One thread's: a world, and the runs of a block.
class Explorer {
 public:
  // `learned` is of the only plan, and outlives it; without one, each plan is learned when it is drawn.
  explicit Explorer(const SimExplorationOptions& options, const Learned* learned = nullptr)
      : options_(options), learned_(learned), runner_(options.make_world()) {
    if (options.make_repeating_world) repeater_.emplace(options.make_repeating_world());
  }

  void run_block(std::uint64_t first, std::uint64_t count, Counts& counts) {
    for (std::uint64_t i = first; i < first + count; ++i) {
      const std::uint64_t seed = options_.seed + options_.shard + i * options_.shards;
      if (options_.plan) {
        // Neighbouring seeds must not give neighbouring choices: the generator behind them sees to that.
        run(seed, *options_.plan, pick(options_.strategy, seed), learned_, counts);
      } else {
        const std::string& subject = options_.command_subject;
        SimDraw draw =
            subject.empty() ? draw_sim(seed, options_.processes) : draw_for_command(seed, options_.processes, subject);
        if (options_.skew > 0) draw.plan = skewed(std::move(draw.plan), options_.skew);
        const PickedStrategy picked = pick(options_.strategy, draw.strategy_seed);
        const std::uint64_t before = counts.schedules;
        Learned learned;
        if (needs_learning(picked.choice)) learned = learn_from(seed, draw.plan, LearningScope::one_run, counts);
        run(seed, draw.plan, picked, &learned, counts);
        counts.plans += counts.schedules > before ? 1 : 0;
      }
    }
  }

  // They are judged and counted like all others, and not repeated.
  Learned learn_from(std::uint64_t seed, const Plan& plan, LearningScope scope, Counts& counts) {
    return learn(scope, [&](const StrategyChoice& choice, Strategy& strategy) {
      run(seed, plan, choice, strategy, false, counts);
    });
  }

  // The run, and its repetition where that is wanted.
  void run(std::uint64_t seed, const Plan& plan, const StrategyChoice& choice, Strategy& strategy, bool is_repeated,
           Counts& counts) {
    const SimOutcome& outcome = runner_.run(plan, strategy);
    if (lost_control(outcome, counts)) return;
    count(plan, outcome, counts);
    StrategyTally& tally = counts.strategies[print(choice)];
    ++tally.runs;
    tally.hits += outcome.violations.empty() ? 0 : 1;
    const std::uint64_t hash = outcome.trace_hash;
    const std::vector<StepViolation> violations = outcome.violations;
    const std::vector<std::uint64_t> judged = outcome.judged;
    Schedule schedule{outcome.run.switches, plan.schedule.time_runs_first};
    std::string divergence;
    if (is_repeated) {
      ++counts.repetitions;
      Replay again(schedule, Replay::Mode::strict);
      const SimOutcome& second = repeater().run(plan, again);
      if (lost_control(second, counts)) return;
      const bool is_judged_alike = second.judged == judged && second.violations.size() == violations.size();
      if (second.trace_hash != hash || !is_judged_alike || !again.divergence().empty()) {
        if (!second.why_others_differ.empty()) {
          if (counts.uncontrolled++ == 0) counts.why_uncontrolled = second.why_others_differ;
        } else {
          ++counts.divergences;
          divergence = !again.divergence().empty() ? again.divergence()
                       : second.trace_hash != hash ? explain(plan, schedule)
                                                   : "the traces are the same, and the verdicts are not";
        }
      }
    }
    if (violations.empty() && divergence.empty()) return;
    counts.violations += violations.size();
    if (counts.discoveries.size() >= kSimDiscoveriesMax) return;
    SimDiscovery discovery{seed, plan, violations, std::move(divergence)};
    discovery.plan.schedule = std::move(schedule);
    discovery.plan.note.trace_hash = hash_text(hash);
    counts.discoveries.push_back(std::move(discovery));
  }

 private:
  void run(std::uint64_t seed, const Plan& plan, const PickedStrategy& picked, const Learned* learned, Counts& counts) {
    const auto strategy = make_strategy(picked.choice, picked.seed, learned);
    run(seed, plan, picked.choice, *strategy, options_.runs_twice, counts);
    if (picked.choice.kind != StrategyKind::pct) return;
    ++counts.pct_runs[picked.choice.depth];
    const std::uint64_t seen = static_cast<const Pct&>(*strategy).shared_steps();
    counts.shared_steps_seen = std::max(counts.shared_steps_seen, seen);
  }

  static bool lost_control(const SimOutcome& outcome, Counts& counts) {
    if (outcome.uncontrolled.empty()) return false;
    if (counts.uncontrolled++ == 0) counts.why_uncontrolled = outcome.uncontrolled;
    return true;
  }

  SimRunner& repeater() { return repeater_ ? *repeater_ : runner_; }

  // Once more with all steps, in the world of repetitions and in a new one that has run nothing else.
  std::string explain(const Plan& plan, const Schedule& schedule) {
    const auto steps_of = [&](SimRunner& runner) {
      Replay replay(schedule, Replay::Mode::lenient);
      return runner.run(plan, replay, SimRunOptions{.keeps_steps = true}).trace;
    };
    SimRunner fresh(options_.make_world());
    const std::vector<Step> expected = steps_of(fresh);
    const std::vector<Step> got = steps_of(repeater());
    const std::string difference = first_difference(expected, got);
    return difference.empty() ? "two runs differ, and no later one does in its steps" : difference;
  }

  static void count(const Plan& plan, const SimOutcome& outcome, Counts& counts) {
    ++counts.schedules;
    counts.steps += outcome.steps;
    counts.processes += outcome.processes;
    counts.preemptions += outcome.run.preemptions;
    counts.judged.resize(outcome.judged.size());
    for (std::size_t i = 0; i < outcome.judged.size(); ++i) counts.judged[i] += outcome.judged[i];
    for (const OperationOutcome& operation : outcome.operations) {
      if (operation.stage != Stage::run) continue;  // warm-up and epilogue are the laboratory's own
      ++counts.operations[static_cast<std::size_t>(operation.operation.kind)];
    }
    counts.network.resize(all_fault_kinds().size());
    for (std::size_t i = outcome.run_ledger_begin; i < std::min(outcome.run_ledger_end, outcome.ledger.size()); ++i) {
      for (const FaultKind kind : kinds_of(outcome.ledger[i].fault)) ++counts.network[static_cast<std::size_t>(kind)];
    }
    counts.network[static_cast<std::size_t>(FaultKind::refused)] += outcome.refusals_met;
    for (std::size_t i = 0; i < kStepKinds; ++i) counts.disk[i] += outcome.disk_faults_met[i];
    for (std::size_t i = 0; i < kErrnosCounted; ++i) counts.errnos[i] += outcome.errnos_met[i];
    counts.short_transfers += outcome.short_transfers_met;
    counts.idle_locks += outcome.idle_locks_met;
    for (std::size_t i = 0; i < kProcessFaultKinds; ++i) counts.process[i] += outcome.process_faults_met[i];
    for (std::size_t i = 0; i < kDamageKinds; ++i) counts.damage[i] += outcome.damage_met[i];
    counts.read_only += plan.start.read_only ? 1 : 0;
    counts.time_first += plan.schedule.time_runs_first ? 1 : 0;
    counts.warm += plan.start.warm.empty() ? 0 : 1;
    counts.hash.add_number(outcome.trace_hash);
  }

  const SimExplorationOptions& options_;
  const Learned* learned_;
  SimRunner runner_;
  std::optional<SimRunner> repeater_;
};

void add(std::map<std::string, std::uint64_t>& totals, std::string name, std::uint64_t count) {
  totals[std::move(name)] += count;
}

// REQUIRES: blocks come in their order.
void put_together(Counts&& counts, TraceHash& hash, SimTotals& totals) {
  totals.plans += counts.plans;
  totals.schedules += counts.schedules;
  totals.repetitions += counts.repetitions;
  totals.steps += counts.steps;
  totals.processes += counts.processes;
  totals.preemptions += counts.preemptions;
  for (const auto& [name, tally] : counts.strategies) {
    totals.strategies[name].runs += tally.runs;
    totals.strategies[name].hits += tally.hits;
  }
  totals.violations += counts.violations;
  totals.divergences += counts.divergences;
  totals.uncontrolled += counts.uncontrolled;
  if (totals.why_uncontrolled.empty()) totals.why_uncontrolled = std::move(counts.why_uncontrolled);
  for (std::size_t i = 0; i < counts.judged.size(); ++i) {
    add(totals.judged, std::string(watched_invariants()[i].id), counts.judged[i]);
  }
  for (std::size_t i = 0; i < kOperationKinds; ++i) {
    add(totals.drawn, std::string(name_of(static_cast<OperationKind>(i))), counts.operations[i]);
  }
  for (std::size_t i = 0; i < counts.network.size(); ++i) {
    const FaultKind kind = all_fault_kinds()[i];
    add(totals.drawn, kind == FaultKind::none ? "good response" : std::string(name_of(kind)),
        counts.network[static_cast<std::size_t>(kind)]);
  }
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    const auto kind = static_cast<StepKind>(i);
    if (errnos_of(kind).empty()) continue;  // no fault can meet it
    add(totals.drawn, "fault at " + std::string(name_of(kind)), counts.disk[i]);
  }
  for (std::size_t i = 0; i < kErrnosCounted; ++i) {
    const auto error = static_cast<int>(i);
    if (counts.errnos[i] != 0) add(totals.drawn, "fault " + std::string(errno_name(error)), counts.errnos[i]);
  }
  add(totals.drawn, "fault short_transfer", counts.short_transfers);
  add(totals.drawn, "fault does_nothing", counts.idle_locks);
  for (std::size_t i = 0; i < kProcessFaultKinds; ++i) {
    add(totals.drawn, std::string(name_of(static_cast<ProcessFaultKind>(i))), counts.process[i]);
  }
  for (std::size_t i = 0; i < kDamageKinds; ++i) {
    add(totals.drawn, "damage: " + std::string(name_of(static_cast<DamageKind>(i))), counts.damage[i]);
  }
  add(totals.drawn, "start: read_only", counts.read_only);
  add(totals.drawn, "start: warm", counts.warm);
  add(totals.drawn, "time_runs_first", counts.time_first);
  hash.add_number(counts.hash.value());
  totals.trace_hash = hash.value();
  for (SimDiscovery& discovery : counts.discoveries) {
    if (totals.discoveries.size() < kSimDiscoveriesMax) totals.discoveries.push_back(std::move(discovery));
  }
}

// What the threads share.
class Blocks {
 public:
  Blocks(const SimExplorationOptions& options, Clock::time_point started)
      : options_(options), block_runs_(runs_of_a_block(options)), started_(started) {}

  // Before the threads, where schedules of one plan are searched.
  void learn_plan(SimTotals& totals) {
    Counts counts;
    learned_ = Explorer(options_).learn_from(options_.seed, *options_.plan, LearningScope::some_runs, counts);
    put_together(std::move(counts), hash_, totals);
  }

  void work() {
    Explorer explorer(options_, &learned_);
    for (;;) {
      const std::uint64_t block = next_.fetch_add(1);
      const std::uint64_t first = block * block_runs_;
      if (is_over(first)) break;
      const std::uint64_t count = options_.runs ? std::min(block_runs_, *options_.runs - first) : block_runs_;
      Counts counts;
      explorer.run_block(first, count, counts);
      const std::lock_guard guard(mutex_);
      done_.emplace(block, std::move(counts));
      changed_.notify_one();
    }
    const std::lock_guard guard(mutex_);
    ++ended_;
    changed_.notify_one();
  }

  // Until all have ended; puts blocks together as they come.
  void gather(unsigned jobs, SimTotals& totals, const std::function<void(const SimTotals&)>& progress) {
    constexpr std::chrono::milliseconds kShown{200};
    std::uint64_t wanted = 0;
    auto shown_at = Clock::now();
    std::unique_lock lock(mutex_);
    for (bool are_all_done = false; !are_all_done;) {
      changed_.wait_for(lock, kShown);
      are_all_done = ended_ == jobs;
      while (!done_.empty() && done_.begin()->first == wanted) {
        note_pct(done_.begin()->second);
        put_together(std::move(done_.begin()->second), hash_, totals);
        done_.erase(done_.begin());
        ++wanted;
      }
      if (options_.is_interrupted()) is_interrupted_ = true;
      if (Clock::now() - shown_at < kShown) continue;
      shown_at = Clock::now();
      totals.seconds = seconds_since(started_);
      progress(totals);
    }
    totals.interrupted = is_interrupted_;
    if (options_.plan) totals.promise = promise();
  }

 private:
  void note_pct(const Counts& counts) {
    for (const auto& [depth, runs] : counts.pct_runs) pct_runs_[depth] += runs;
    shared_steps_seen_ = std::max(shared_steps_seen_, counts.shared_steps_seen);
  }
  [[nodiscard]] PctPromise promise() const {
    std::vector<PctRuns> runs;
    for (const auto& [depth, count] : pct_runs_) runs.push_back({depth, count});
    const std::uint64_t processes = options_.plan->processes.size();
    return {processes, learned_.shared_steps, shared_steps_seen_, guarantees(processes, learned_.shared_steps, runs)};
  }
  [[nodiscard]] bool is_over(std::uint64_t first) const {
    if (is_interrupted_) return true;
    if (options_.runs && first >= *options_.runs) return true;
    return options_.seconds && seconds_since(started_) >= *options_.seconds;
  }

  const SimExplorationOptions& options_;
  std::uint64_t block_runs_;
  Clock::time_point started_;
  Learned learned_;  // of the only plan
  TraceHash hash_;
  std::map<std::uint32_t, std::uint64_t> pct_runs_;
  std::uint64_t shared_steps_seen_ = 0;
  std::atomic<std::uint64_t> next_ = 0;
  std::atomic<bool> is_interrupted_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Counts> done_;
  unsigned ended_ = 0;
};

// All schedules of one plan.
void explore_exhaustively(const SimExplorationOptions& options, Clock::time_point started, SimTotals& totals,
                          const std::function<void(const SimTotals&)>& progress) {
  Explorer explorer(options);
  totals.is_reduced = !options.strategy.is_plain && can_reduce(*options.plan);
  const std::uint64_t block_runs = runs_of_a_block(options);
  BoundedExhaustive strategy({.preemptions_max = options.strategy.preemptions_max,
                              .only_shared_steps = totals.is_reduced,
                              .sleep_sets = totals.is_reduced});
  TraceHash hash;
  for (bool has_more = true; has_more;) {
    Counts counts;
    for (std::uint64_t i = 0; i < block_runs && has_more; ++i) {
      if (options.runs && totals.schedules + counts.schedules == *options.runs) break;
      explorer.run(options.seed, *options.plan, options.strategy, strategy, options.runs_twice, counts);
      has_more = strategy.next();
    }
    put_together(std::move(counts), hash, totals);
    totals.repeating = strategy.repeating();
    totals.seconds = seconds_since(started);
    progress(totals);
    totals.interrupted = options.is_interrupted();
    const bool is_over = (options.runs && totals.schedules == *options.runs) ||
                         (options.seconds && totals.seconds >= *options.seconds) || totals.interrupted;
    if (is_over && has_more) return;
  }
  totals.is_exhausted = true;
}

}  // namespace

bool can_reduce(const Plan& plan) {
  const auto depends_on_others = [](const FaultTurn& turn) {
    return has_part(turn, FaultKind::other_version_same_etag) || has_part(turn, FaultKind::other_version_new_etag);
  };
  return plan.disk.empty() && plan.process_faults.empty() && !plan.schedule.time_runs_first &&
         std::none_of(plan.network.faults.begin(), plan.network.faults.end(), depends_on_others);
}

SimTotals explore_sim(const SimExplorationOptions& options, const std::function<void(const SimTotals&)>& progress) {
  const auto started = Clock::now();
  SimTotals totals;
  if (options.strategy.kind == StrategyKind::exhaustive && options.plan) {
    explore_exhaustively(options, started, totals, progress);
  } else {
    Blocks blocks(options, started);
    if (options.plan) blocks.learn_plan(totals);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options.jobs; ++i) threads.emplace_back([&blocks] { blocks.work(); });
    blocks.gather(options.jobs, totals, progress);
    for (std::thread& thread : threads) thread.join();
  }
  if (options.plan) totals.plans = std::min<std::uint64_t>(totals.schedules, 1);
  totals.seconds = seconds_since(started);
  return totals;
}

SimReplay replay_sim(SimRunner& runner, const Plan& plan, bool is_strict, const SimRunOptions& options) {
  Replay strategy(plan.schedule, is_strict ? Replay::Mode::strict : Replay::Mode::lenient);
  SimReplay replay;
  replay.outcome = runner.run(plan, strategy, options);
  replay.unused_switches = strategy.unused();
  replay.divergence = strategy.divergence();
  return replay;
}

}  // namespace stampede
