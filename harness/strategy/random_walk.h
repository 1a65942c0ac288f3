// The strategy that tosses a die before every step.
#ifndef STAMPEDE_STRATEGY_RANDOM_WALK_H
#define STAMPEDE_STRATEGY_RANDOM_WALK_H

#include <cstdint>
#include <memory>

#include "harness/plan/choices.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// At each decision an even choice among all candidates: the pure form, in which whoever moved last is no likelier than
// the others. Good where processes run the same steps side by side, and nearly blind where one must be far ahead
// (Thomson, Donaldson, Betts, PPoPP 2014). `begin` does not begin the choices again: one object walks another way each
// time. A decision with one candidate takes no choice.
class RandomWalk final : public Strategy {
 public:
  // The same walks in every build.
  explicit RandomWalk(std::uint64_t seed);
  // Choices of a fuzzer, say. They must outlive it; where they run out, the first candidate moves.
  explicit RandomWalk(Choices& choices);
  void begin() override {}
  std::size_t choose(const Decision& decision) override;

 private:
  std::unique_ptr<Choices> own_;
  Choices& choices_;
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_RANDOM_WALK_H
