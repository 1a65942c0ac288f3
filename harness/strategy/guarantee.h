// What a number of schedules with random priorities guarantees to find.
#ifndef STAMPEDE_STRATEGY_GUARANTEE_H
#define STAMPEDE_STRATEGY_GUARANTEE_H

#include <cstdint>
#include <string>
#include <vector>

namespace stampede {

// The depth of a bug is the least number of orders between two steps that make it happen: 1 where somebody must be
// before somebody else, 2 where he must also be overtaken once.

// The probability with which one schedule of Pct finds a bug of `depth` or less, at least: 1 / (n k^(depth - 1)).
// REQUIRES: all at least 1.
double pct_bound(std::uint64_t processes, std::uint64_t shared_steps, std::uint32_t depth);

// Schedules that were run with one depth.
struct PctRuns {
  std::uint32_t depth = 0;
  std::uint64_t runs = 0;
};

struct Guarantee {
  std::uint32_t depth = 0;
  double probability = 0;  // a lower bound
};

// For one program that all schedules ran: how likely they were to find any one bug, by depth from 2 to the largest that
// was run. What is searched with a depth finds the smaller ones with that depth's probability too. Empty without runs.
std::vector<Guarantee> guarantees(std::uint64_t processes, std::uint64_t shared_steps,
                                  const std::vector<PctRuns>& runs);

// "any bug of depth 2 with probability 0.9912 or more"; rounded down, as a lower bound must be.
std::string print(const Guarantee& guarantee);

}  // namespace stampede

#endif  // STAMPEDE_STRATEGY_GUARANTEE_H
