// Sleep sets lose nothing within the bound: on small random programs the same orders of conflicting steps are reached
// with them as without.
#include "harness/strategy/sleep_sets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "harness/plan/choices.h"
#include "harness/strategy/bounded_exhaustive.h"
#include "harness/strategy/toy_world.h"

namespace stampede {
namespace {

using Program = std::vector<std::vector<PendingStep>>;  // steps by process
using Order = std::vector<std::size_t>;                 // pairs of conflicting steps that came in this order, sorted

// Reads, writes and clocks, in places with a lock around them; one that is left out ends its process with the lock.
Program draw_program(std::uint64_t seed) {
  const auto choices = choices_of_seed(seed);
  Program program(2 + choices->below(2));
  const std::uint64_t steps = program.size() == 2 ? 6 : 4;
  for (auto& process : program) {
    const std::uint64_t count = 2 + choices->below(steps - 1);
    bool is_locked = false;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string path = choices->chance(1, 2) ? "entries/a" : "entries/b";
      switch (choices->below(6)) {
        case 0:
        case 1:
          process.push_back(step_on(StepKind::read, path));
          break;
        case 2:
        case 3:
          process.push_back(step_on(StepKind::write, path));
          break;
        case 4:
          process.push_back(step_on(StepKind::now, ""));
          break;
        default:
          process.push_back(step_on(is_locked ? StepKind::unlock : StepKind::try_lock, "locks/a"));
          is_locked = !is_locked;
      }
    }
  }
  return program;
}

// Who tries a lock that another one holds cannot move; who has ended holds none.
ToyWorld world_of(const Program& program) {
  ToyWorld world;
  for (const auto& process : program) world.steps.push_back(static_cast<std::uint32_t>(process.size()));
  world.pending = [&program](auto process, auto step) { return program[process][step]; };
  world.is_blocked = [&program](auto process, auto step, const auto& done) {
    if (program[process][step].kind != StepKind::try_lock) return false;
    for (std::size_t other = 0; other < program.size(); ++other) {
      if (other == process || done[other] == program[other].size()) continue;
      bool holds = false;
      for (std::size_t i = 0; i < done[other]; ++i) {
        if (program[other][i].kind == StepKind::try_lock) holds = true;
        if (program[other][i].kind == StepKind::unlock) holds = false;
      }
      if (holds) return true;
    }
    return false;
  };
  return world;
}

Order order_of(const Program& program, const std::vector<std::uint32_t>& moves) {
  struct Taken {
    std::size_t id = 0;
    std::uint32_t process = 0;
    const PendingStep* step = nullptr;
  };
  const PathAliases no_aliases;
  std::vector<Taken> taken;
  std::vector<std::size_t> done(program.size(), 0);
  std::set<std::size_t> pairs;
  for (const std::uint32_t process : moves) {
    const std::size_t step = done[process]++;
    taken.push_back({process * 16 + step, process, &program[process][step]});
    for (std::size_t i = 0; i + 1 < taken.size(); ++i) {
      const bool do_conflict =
          taken[i].process != process && may_conflict(*taken[i].step, *taken.back().step, no_aliases);
      if (do_conflict) pairs.insert(taken[i].id * 256 + taken.back().id);
    }
  }
  Order order(pairs.begin(), pairs.end());
  for (const std::size_t count : done) order.push_back(count);  // where it got stuck, if it did
  return order;
}

struct Search {
  std::set<Order> orders;
  std::uint64_t schedules = 0, repeating = 0;
};

Search search(const Program& program, const BoundedExhaustive::Options& options) {
  const ToyWorld world = world_of(program);
  BoundedExhaustive strategy(options);
  Search result;
  std::set<std::vector<std::uint32_t>> seen;
  do {
    const ToyRun run = world.run(strategy);
    EXPECT_LE(run.preemptions, options.preemptions_max);
    EXPECT_TRUE(seen.insert(run.moves).second || strategy.repeating() > result.repeating) << "nothing comes twice";
    result.orders.insert(order_of(program, run.moves));
    result.repeating = strategy.repeating();
  } while (strategy.next());
  EXPECT_EQ(strategy.divergence(), "");
  result.schedules = strategy.schedules();
  return result;
}

TEST(SleepSets, LoseNoOrderOfConflictingSteps) {
  std::uint64_t plain = 0, reduced = 0;
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    const Program program = draw_program(seed);
    for (const std::uint32_t preemptions : {0U, 1U, 2U, 3U, 100U}) {
      if (preemptions == 100 && program.size() > 2) continue;  // too many for a test
      const Search all = search(program, {.preemptions_max = preemptions});
      const Search few = search(program, {.preemptions_max = preemptions, .sleep_sets = true});
      const Search fewer =
          search(program, {.preemptions_max = preemptions, .only_shared_steps = true, .sleep_sets = true});
      ASSERT_EQ(few.orders, all.orders) << "seed " << seed << ", " << preemptions << " preemptions";
      ASSERT_EQ(fewer.orders, all.orders) << "seed " << seed << ", " << preemptions << " preemptions";
      ASSERT_LE(few.schedules, all.schedules);
      plain += all.schedules;
      reduced += fewer.schedules;
    }
  }
  EXPECT_LT(reduced, plain / 2);
}

// Without a bound, sleep sets alone leave one schedule of each order (Godefroid 1996), apart from those that are cut;
// but for the ends of processes, which are taken for conflicts with all that concerns locks.
TEST(SleepSets, LeaveOneScheduleOfEachOrderWhereNothingIsBounded) {
  std::uint64_t searches = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Program program = draw_program(seed);
    const bool has_locks = std::any_of(program.begin(), program.end(), [](const auto& process) {
      return std::any_of(process.begin(), process.end(), concerns_locks);
    });
    if (program.size() > 2 || has_locks) continue;
    const Search few = search(program, {.preemptions_max = BoundedExhaustive::kUnbounded, .sleep_sets = true});
    EXPECT_EQ(few.schedules - few.repeating, few.orders.size()) << "seed " << seed;
    ++searches;
  }
  EXPECT_GT(searches, 20U);
}

// Two processes that never meet have one order.
TEST(SleepSets, NeedOneScheduleWhereNobodyMeets) {
  const Program program = {{3, step_on(StepKind::write, "entries/a")}, {3, step_on(StepKind::write, "entries/b")}};
  EXPECT_EQ(search(program, {.preemptions_max = 100}).schedules, 20U);
  const Search few = search(program, {.preemptions_max = BoundedExhaustive::kUnbounded, .sleep_sets = true});
  EXPECT_EQ(few.orders.size(), 1U);
  EXPECT_EQ(few.schedules - few.repeating, 1U);
}

}  // namespace
}  // namespace stampede
