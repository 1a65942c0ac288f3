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
#include "harness/run/figures.h"
#include "harness/run/sim_counts.h"
#include "harness/run/trace.h"
#include "harness/run/world_comparison.h"
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

// One thread's: a world, and the runs of a block.
class Explorer {
 public:
  // `learned` is of the only plan, and outlives it; without one, each plan is learned when it is drawn.
  explicit Explorer(const SimExplorationOptions& options, const Learned* learned = nullptr)
      : options_(options), learned_(learned), runner_(options.make_world()) {
    if (options.make_repeating_world) repeater_.emplace(options.make_repeating_world());
  }

  void run_block(std::uint64_t first, std::uint64_t count, SimCounts& counts) {
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
  Learned learn_from(std::uint64_t seed, const Plan& plan, LearningScope scope, SimCounts& counts) {
    return learn(scope, [&](const StrategyChoice& choice, Strategy& strategy) {
      run(seed, plan, choice, strategy, false, counts);
    });
  }

  // The run, and its repetition where that is wanted.
  void run(std::uint64_t seed, const Plan& plan, const StrategyChoice& choice, Strategy& strategy, bool is_repeated,
           SimCounts& counts) {
    const SimOutcome outcome = runner_.run(plan, strategy);
    if (lost_control(outcome, counts)) return;
    count_run(plan, outcome, counts);
    StrategyTally& tally = counts.strategies[print(choice)];
    ++tally.runs;
    tally.hits += outcome.violations.empty() ? 0 : 1;
    Schedule schedule{outcome.run.switches, plan.schedule.time_runs_first};
    std::string divergence;
    if (is_repeated) {
      ++counts.repetitions;
      Replay again(schedule, Replay::Mode::strict);
      const SimOutcome second = repeater().run(plan, again);
      // What the first run violated stands, whatever becomes of the second.
      if (!lost_control(second, counts)) {
        divergence = !again.divergence().empty() ? again.divergence() : repetition_difference(outcome, second);
      }
      if (!divergence.empty() && !second.why_others_differ.empty()) {
        if (counts.uncontrolled++ == 0) counts.why_uncontrolled = second.why_others_differ;
        divergence.clear();
      } else if (!divergence.empty()) {
        ++counts.divergences;
        if (again.divergence().empty() && second.trace_hash != outcome.trace_hash) divergence = explain(plan, schedule);
      }
    }
    if (outcome.violations.empty() && divergence.empty()) return;
    counts.violations += outcome.violations.size();
    if (counts.discoveries.size() >= kSimDiscoveriesMax) return;
    SimDiscovery discovery{seed, plan, outcome.violations, std::move(divergence)};
    discovery.plan.schedule = std::move(schedule);
    discovery.plan.note.trace_hash = hash_text(outcome.trace_hash);
    counts.discoveries.push_back(std::move(discovery));
  }

 private:
  void run(std::uint64_t seed, const Plan& plan, const PickedStrategy& picked, const Learned* learned,
           SimCounts& counts) {
    const auto strategy = make_strategy(picked.choice, picked.seed, learned);
    run(seed, plan, picked.choice, *strategy, options_.runs_twice, counts);
    if (picked.choice.kind != StrategyKind::pct) return;
    ++counts.pct_runs[picked.choice.depth];
    const std::uint64_t seen = static_cast<const Pct&>(*strategy).shared_steps();
    counts.shared_steps_seen = std::max(counts.shared_steps_seen, seen);
  }

  static bool lost_control(const SimOutcome& outcome, SimCounts& counts) {
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
    const std::string difference = first_step_difference(expected, got);
    return difference.empty() ? "two runs differ, and no later one does in its steps" : difference;
  }

  const SimExplorationOptions& options_;
  const Learned* learned_;
  SimRunner runner_;
  std::optional<SimRunner> repeater_;
};

// What the threads share.
class Blocks {
 public:
  Blocks(const SimExplorationOptions& options, Clock::time_point started)
      : options_(options), block_runs_(runs_of_a_block(options)), started_(started) {}

  // Before the threads, where schedules of one plan are searched.
  void learn_plan(SimTotals& totals) {
    SimCounts counts;
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
      SimCounts counts;
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
      // Where time was over between two blocks that were handed out, one is missing, and those behind it count.
      while (!done_.empty() && (are_all_done || done_.begin()->first == wanted)) {
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
  void note_pct(const SimCounts& counts) {
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
  std::map<std::uint64_t, SimCounts> done_;
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
    SimCounts counts;
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

std::function<std::unique_ptr<Strategy>()> usual_strategy(
    const SimDraw& draw, const std::function<void(const StrategyChoice&, Strategy&)>& run) {
  const PickedStrategy picked = pick({.kind = StrategyKind::mix}, draw.strategy_seed);
  const Learned learned = needs_learning(picked.choice) ? learn(LearningScope::one_run, run) : Learned{};
  return [picked, learned] { return make_strategy(picked.choice, picked.seed, &learned); };
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
