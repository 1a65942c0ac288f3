// The claim of PCT: a bug that some orders between steps make happen is found at least as often as the bound says.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ostream>
#include <utility>
#include <vector>

#include "harness/plan/choices.h"
#include "harness/strategy/default_schedule.h"
#include "harness/strategy/guarantee.h"
#include "harness/strategy/learned.h"
#include "harness/strategy/pct.h"
#include "harness/strategy/replay.h"
#include "harness/strategy/toy_world.h"
#include "properties/rapidcheck_choices.h"

namespace stampede {

// Process and own step, looks at the clock not counted.
using Place = std::pair<std::uint32_t, std::uint32_t>;

// A program of shared steps, and a bug: it happens when each of these orders holds. There is a schedule in which it
// does, so that its depth is at most their number.
struct PlantedBug {
  std::vector<std::uint32_t> shared;  // steps of each process
  std::uint32_t head_start = 0;       // private steps of process i before its first shared one, times i
  std::vector<std::pair<Place, Place>> orders;
};

// Found by RapidCheck.
// NOLINTNEXTLINE(readability-identifier-naming): the name is RapidCheck's.
void showValue(const PlantedBug& bug, std::ostream& out) {
  out << "steps";
  for (const std::uint32_t steps : bug.shared) out << ' ' << steps;
  out << ", head start " << bug.head_start;
  for (const auto& [first, second] : bug.orders) {
    out << "; step " << first.second << " of " << first.first << " before step " << second.second << " of "
        << second.first;
  }
}

namespace {

constexpr std::uint32_t kSchedules = 1000;
constexpr std::size_t kDepthMax = 3;

ToyWorld world_of(const PlantedBug& bug) {
  ToyWorld world;
  for (std::uint32_t p = 0; p < bug.shared.size(); ++p) world.steps.push_back(bug.shared[p] + bug.head_start * p);
  world.pending = [head_start = bug.head_start](std::uint32_t process, std::uint32_t step) {
    const bool is_private = step < head_start * process;
    return PendingStep{.kind = is_private ? StepKind::now : StepKind::open, .path = "manifest.json", .to_path = {}};
  };
  return world;
}

bool happens(const PlantedBug& bug, const std::vector<std::uint32_t>& moves) {
  std::vector<std::uint32_t> done(bug.shared.size(), 0);
  std::vector<std::vector<std::size_t>> when(bug.shared.size());
  for (std::size_t i = 0; i < moves.size(); ++i) {
    const std::uint32_t process = moves[i];
    if (done[process]++ >= bug.head_start * process) when[process].push_back(i);
  }
  return std::all_of(bug.orders.begin(), bug.orders.end(), [&](const auto& order) {
    const auto& [first, second] = order;
    return when[first.first][first.second] < when[second.first][second.second];
  });
}

// The orders are read off one random schedule, so that they go together.
PlantedBug draw_bug(Choices& choices) {
  PlantedBug bug;
  const std::size_t processes = 2 + choices.below(2);
  for (std::size_t i = 0; i < processes; ++i) bug.shared.push_back(static_cast<std::uint32_t>(1 + choices.below(4)));
  bug.head_start = static_cast<std::uint32_t>(choices.below(2) * choices.below(30));
  std::vector<Place> schedule;
  std::vector<std::uint32_t> done(processes, 0);
  for (;;) {
    std::vector<std::uint32_t> left;
    for (std::uint32_t p = 0; p < processes; ++p) {
      if (done[p] < bug.shared[p]) left.push_back(p);
    }
    if (left.empty()) break;
    const std::uint32_t process = left[choices.below(left.size())];
    schedule.emplace_back(process, done[process]++);
  }
  const std::size_t depth = 1 + choices.below(kDepthMax);
  for (std::size_t tries = 0; tries < 20 && bug.orders.size() < depth; ++tries) {
    std::size_t one = choices.below(schedule.size()), other = choices.below(schedule.size());
    if (schedule[one].first == schedule[other].first) continue;
    if (one > other) std::swap(one, other);
    bug.orders.emplace_back(schedule[one], schedule[other]);
  }
  // Two processes always have steps of both.
  if (bug.orders.empty()) bug.orders.emplace_back(Place{0, 0}, Place{1, bug.shared[1] - 1});
  return bug;
}

rc::Gen<PlantedBug> bugs() {
  constexpr std::uint64_t kNumberEnd = 1 << 16;
  auto numbers = rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, kNumberEnd));
  return rc::gen::map(std::move(numbers), [](std::vector<std::uint64_t> drawn) {
    NumberChoices choices(std::move(drawn));
    return draw_bug(choices);
  });
}

// The probability of at most `hits` of kSchedules where each hits with `probability`.
double lower_tail(std::uint32_t hits, double probability) {
  if (probability >= 1) return hits >= kSchedules ? 1 : 0;
  double term = std::exp(kSchedules * std::log1p(-probability)), sum = term;
  for (std::uint32_t i = 0; i < hits; ++i) {
    term *= (kSchedules - i) / (i + 1.0) * probability / (1 - probability);
    sum += term;
  }
  return sum;
}

TEST(StrategyGuarantee, PctFindsWhatItPromises) {
  // Less than once in a thousand nights of a million bugs.
  constexpr double kUnlikely = 1e-9;
  std::uint64_t judged = 0, telling = 0, near = 0;
  EXPECT_TRUE(rc::check("PCT finds a bug at least as often as its bound says", [&] {
    const PlantedBug bug = *rc::gen::noShrink(bugs());  // small already, and each smaller one takes as many schedules
    const auto seed = *rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>());
    const ToyWorld world = world_of(bug);
    Learning learning;
    DefaultSchedule one_after_the_other;
    learning.follow(one_after_the_other);
    world.run(learning);
    const Learned learned = learning.finish(false);
    const auto depth = static_cast<std::uint32_t>(bug.orders.size());
    Pct strategy(depth, learned, seed);
    std::uint32_t hits = 0;
    for (std::uint32_t i = 0; i < kSchedules; ++i) hits += happens(bug, world.run(strategy).moves) ? 1 : 0;
    const double bound = pct_bound(bug.shared.size(), learned.shared_steps, depth);
    RC_LOG() << hits << " of " << kSchedules << " schedules, bound " << bound;
    RC_ASSERT(lower_tail(hits, bound) > kUnlikely);
    ++judged;
    // Where even no hit at all would pass, nothing was tested.
    telling += lower_tail(0, bound) <= kUnlikely ? 1 : 0;
    near += hits < 3 * bound * kSchedules ? 1 : 0;
  }));
  std::printf(
      "strategy-guarantee: %ju bugs, %u schedules each; %ju could have failed, %ju within three times the bound\n",
      std::uintmax_t{judged}, kSchedules, std::uintmax_t{telling}, std::uintmax_t{near});
  EXPECT_GT(telling, 0U) << "no bug could have failed";
  EXPECT_GT(near, 0U) << "bugs that are far easier than the bound test nothing";
}

}  // namespace
}  // namespace stampede
