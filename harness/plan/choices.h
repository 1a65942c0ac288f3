// A source of choices: what plans are drawn from, be it a seed, bytes of a fuzzer, or RapidCheck.
#ifndef STAMPEDE_PLAN_CHOICES_H
#define STAMPEDE_PLAN_CHOICES_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace stampede {

// Owned by one thread. Total: a source that has run out goes on with zeros, and zero is always the simplest choice.
class Choices {
 public:
  virtual ~Choices() = default;
  // 0 .. count - 1. REQUIRES: count > 0.
  virtual std::uint64_t below(std::uint64_t count) = 0;

  // Any of them; the first is the simplest.
  template <class Value, std::size_t count>
  const Value& one_of(const Value (&values)[count]) {
    return values[below(count)];
  }
  // True `numerator` times of `denominator`; false is the simpler one.
  bool chance(std::uint64_t numerator, std::uint64_t denominator) {
    return below(denominator) >= denominator - numerator;
  }
};

// Boost.Random's mt19937_64, the same in every build.
std::unique_ptr<Choices> choices_of_seed(std::uint64_t seed);
// Each choice takes as few bytes as its count needs. `bytes` must outlive it.
std::unique_ptr<Choices> choices_of_bytes(std::span<const std::byte> bytes);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_CHOICES_H
