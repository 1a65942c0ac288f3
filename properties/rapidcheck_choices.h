// Plans and choices that RapidCheck draws and shrinks.
#ifndef STAMPEDE_PROPERTIES_RAPIDCHECK_CHOICES_H
#define STAMPEDE_PROPERTIES_RAPIDCHECK_CHOICES_H

#include <rapidcheck.h>

#include <cstdint>
#include <ostream>
#include <utility>
#include <vector>

#include "harness/plan/choices.h"
#include "harness/plan/plan_generator.h"
#include "harness/plan/plan_json.h"

namespace stampede {

// Takes one number a choice, zeros after the end: a shorter list of smaller numbers gives a simpler plan, so that what
// RapidCheck does to the list shrinks the plan.
class NumberChoices final : public Choices {
 public:
  explicit NumberChoices(std::vector<std::uint64_t> numbers) : numbers_(std::move(numbers)) {}
  std::uint64_t below(std::uint64_t count) override { return next_ < numbers_.size() ? numbers_[next_++] % count : 0; }

 private:
  std::vector<std::uint64_t> numbers_;
  std::size_t next_ = 0;
};

// Found by RapidCheck, which shows the plan and not the numbers that it is drawn from.
// NOLINTNEXTLINE(readability-identifier-naming): the name is RapidCheck's.
inline void showValue(const Plan& plan, std::ostream& out) { out << print_plan(plan); }

// The one generator. Its plans take up to some hundred choices; RapidCheck's own lists end at a hundred. Numbers stay
// near the largest count that the generator asks for, since shrinking what is above it changes nothing and takes time.
inline rc::Gen<Plan> plans(const PlanLimits& limits = {}) {
  constexpr double kLengthFactor = 3;
  constexpr std::uint64_t kNumberEnd = std::uint64_t{1} << 20;
  const auto number = rc::gen::inRange<std::uint64_t>(0, kNumberEnd);
  auto numbers = rc::gen::scale(kLengthFactor, rc::gen::container<std::vector<std::uint64_t>>(number));
  return rc::gen::map(std::move(numbers), [limits](std::vector<std::uint64_t> drawn) {
    NumberChoices choices(std::move(drawn));
    return draw_plan(choices, limits);
  });
}

}  // namespace stampede

#endif  // STAMPEDE_PROPERTIES_RAPIDCHECK_CHOICES_H
