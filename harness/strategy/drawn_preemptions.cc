// Draws distances between preemptions, counted in places where one can matter.
#include "harness/strategy/drawn_preemptions.h"

#include "harness/strategy/shared_step.h"

namespace stampede {
namespace {

// One byte of a fuzzer's input. A get has some fifty shared steps.
constexpr std::uint64_t kDistanceEnd = 64;

bool is_place(const Decision& decision) {
  if (decision.candidates.size() < 2) return false;
  return !decision.last_can_move || is_shared(*decision.candidates[decision.by_default].pending);
}

}  // namespace

void DrawnPreemptions::begin() { draw_distance(); }

void DrawnPreemptions::draw_distance() {
  const std::uint64_t drawn = choices_.below(kDistanceEnd);
  distance_ = drawn == 0 ? std::nullopt : std::optional<std::uint64_t>(drawn - 1);
}

std::size_t DrawnPreemptions::choose(const Decision& decision) {
  if (!distance_ || !is_place(decision)) return decision.by_default;
  if (*distance_ > 0) {
    --*distance_;
    return decision.by_default;
  }
  const std::size_t other = choices_.below(decision.candidates.size() - 1);
  draw_distance();
  return other < decision.by_default ? other : other + 1;
}

}  // namespace stampede
