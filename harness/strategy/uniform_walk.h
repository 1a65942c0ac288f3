// The strategy that makes all orders of shared steps about equally likely.
#ifndef STAMPEDE_STRATEGY_UNIFORM_WALK_H
#define STAMPEDE_STRATEGY_UNIFORM_WALK_H

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/plan/choices.h"
#include "harness/strategy/pending_steps.h"
#include "harness/strategy/strategy.h"

namespace stampede {

// A random walk in which a process is as likely as it has steps to go: where the counts are right and nobody waits,
// each interleaving has the same probability ("uniform random walk" over selected steps: Zhao, Wolff, Mathur,
// Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025). The steps to go are the shared ones of the
// learning runs, less those taken, one at least; private steps come first.
// Departure: the paper selects the events of one drawn object at a time; here all shared ones count.
class UniformWalk final : public Strategy {
 public:
  // `learned` must outlive it.
  UniformWalk(const Learned& learned, std::uint64_t seed);

  // Draws anew: each schedule is another one.
  void begin() override;
  std::size_t choose(const Decision& decision) override;

 private:
  [[nodiscard]] std::uint64_t to_go(const Candidate& candidate) const;

  const Learned& learned_;
  PendingSteps pending_;
  std::unique_ptr<Choices> choices_;
  std::vector<std::uint32_t> taken_;  // shared steps, by process
};

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_UNIFORM_WALK_H
