// The bound of Burckhardt et al. (ASPLOS 2010), for many schedules.
#include "harness/strategy/guarantee.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stampede {

double pct_bound(std::uint64_t processes, std::uint64_t shared_steps, std::uint32_t depth) {
  return 1.0 / (static_cast<double>(processes) * std::pow(static_cast<double>(shared_steps), depth - 1.0));
}

std::vector<Guarantee> guarantees(std::uint64_t processes, std::uint64_t shared_steps,
                                  const std::vector<PctRuns>& runs) {
  std::uint32_t deepest = 0;
  for (const PctRuns& one : runs) deepest = std::max(deepest, one.runs > 0 ? one.depth : 0);
  std::vector<Guarantee> result;
  for (std::uint32_t depth = 2; depth <= deepest; ++depth) {
    double log_missed = 0;  // of the probability that all schedules miss it; the schedules are independent
    for (const PctRuns& one : runs) {
      if (one.depth < depth || one.runs == 0) continue;
      log_missed += static_cast<double>(one.runs) * std::log1p(-pct_bound(processes, shared_steps, one.depth));
    }
    result.push_back({depth, -std::expm1(log_missed)});
  }
  return result;
}

std::string print(const Guarantee& guarantee) {
  constexpr double kShown = 10'000;
  return fmt::format("any bug of depth {} with probability {:.4f} or more", guarantee.depth,
                     std::floor(guarantee.probability * kShown) / kShown);
}

}  // namespace stampede
