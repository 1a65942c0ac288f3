// Draws plans as explore does, and runs them on mutants.
#include "harness/run/mutant_search.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "harness/run/sharp_replay.h"
#include "harness/run/sim_exploration.h"
#include "harness/run/smallest_plan.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

// One thread's worlds, kept from search to search.
class Searcher {
 public:
  explicit Searcher(const MutantSearchOptions& options) : options_(options) {}

  MutantSearch search(const Mutant& mutant, std::uint64_t number) {
    if (!mutated_ || name_ != mutant.name) {
      mutated_ = std::make_unique<SimRunner>(options_.make_world(mutant.library));
      name_ = mutant.name;
    }
    MutantSearch search;
    search.mutant = mutant.name;
    search.seed = options_.seed + number * options_.runs;
    const auto started = Clock::now();
    while (search.plans < options_.runs && !search.is_killed) {
      if (options_.is_interrupted()) return search;
      const std::uint64_t seed = search.seed + search.plans++;
      SimDraw draw = draw_sim(seed);
      draw.plan = skewed(std::move(draw.plan), options_.skew);
      try_plan(draw, search);
    }
    search.seconds = std::chrono::duration<double>(Clock::now() - started).count();
    search.is_over = true;
    if (search.is_killed && options_.shrinks) shrink_kill(search);
    return search;
  }

 private:
  // All runs of it that the strategy wants, until one kills.
  void try_plan(const SimDraw& draw, MutantSearch& search) {
    const PickedStrategy picked = pick(options_.strategy, draw.strategy_seed);
    Learned learned;
    if (needs_learning(picked.choice)) {
      learned = learn(LearningScope::one_run, [&](const StrategyChoice& choice, Strategy& strategy) {
        try_schedule(draw.plan, choice, strategy, search);
      });
    }
    if (search.is_killed) return;
    const auto strategy = make_strategy(picked.choice, picked.seed, &learned);
    try_schedule(draw.plan, picked.choice, *strategy, search);
  }

  void try_schedule(const Plan& plan, const StrategyChoice& choice, Strategy& strategy, MutantSearch& search) {
    ++search.schedules;
    const SimOutcome outcome = mutated_->run(plan, strategy);
    if (!outcome.uncontrolled.empty()) {
      ++search.uncontrolled;
      return;
    }
    if (outcome.violations.empty()) return;
    Plan broken = plan;
    broken.schedule.switches = outcome.run.switches;
    if (const SharpCheck again = check_sharp(*mutated_, broken); !again.kills) {
      ++(again.uncontrolled.empty() ? search.fleeting : search.uncontrolled);
      return;
    }
    if (!holds_on_good(broken, search)) return;
    search.is_killed = true;
    search.violation = outcome.violations.front();
    search.plan = std::move(broken);
    search.strategy = print(choice);
  }

  bool holds_on_good(const Plan& plan, MutantSearch& search) {
    if (!good_) good_ = std::make_unique<SimRunner>(options_.make_world(""));
    const SimReplay good = replay_sim(*good_, plan, false);
    if (!good.outcome.violations.empty()) {
      const StepViolation& violation = good.outcome.violations.front();
      search.good_breaks = violation.invariant + ": " + violation.what;
    }
    if (!good.outcome.uncontrolled.empty()) ++search.uncontrolled;
    return good.outcome.violations.empty() && good.outcome.uncontrolled.empty();
  }

  // On the good cache the smaller plan must hold as the larger one does.
  void shrink_kill(MutantSearch& search) {
    SmallestPlanOptions options;
    options.shrink.is_interrupted = options.proof.is_interrupted = options_.is_interrupted;
    options.proof.schedules_max = options_.proof_schedules_max;
    options.find = find_signature(signature_of(search.violation));
    SmallestPlan smallest = smallest_plan(*mutated_, search.plan, options);
    if (!smallest.shrunk.violation || !holds_on_good(smallest.shrunk.plan, search)) return;
    search.is_proven = smallest.is_proof_wanted && smallest.proof.verdict == Proof::Verdict::proven;
    search.shrunk = std::move(smallest.shrunk);
  }

  const MutantSearchOptions& options_;
  std::unique_ptr<SimRunner> mutated_, good_;
  std::string name_;
};

}  // namespace

std::vector<MutantSearch> search_mutants(const std::vector<Mutant>& mutants, const MutantSearchOptions& options,
                                         const std::function<void(const MutantSearch&)>& on_search) {
  std::vector<MutantSearch> searches(mutants.size() * options.seeds);
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  const auto work = [&] {
    Searcher searcher(options);
    for (;;) {
      const std::size_t i = next.fetch_add(1);
      if (i >= searches.size() || options.is_interrupted()) return;
      searches[i] = searcher.search(mutants[i / options.seeds], i % options.seeds);
      const std::lock_guard guard(mutex);
      if (searches[i].is_over) on_search(searches[i]);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options.jobs; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < searches.size(); ++i) searches[i].mutant = mutants[i / options.seeds].name;
  return searches;
}

}  // namespace stampede
