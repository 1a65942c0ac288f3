// Adds measures up and takes quantiles.
#include "harness/plan/measures.h"

#include <algorithm>
#include <numeric>

namespace stampede {
namespace {

// The smallest value such that at least `percent` of all are not above it.
std::chrono::nanoseconds ranked(const Samples& sorted, std::size_t percent) {
  const std::size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

void Measures::add(const Measures& other) {
  for (const auto& [operation, samples] : other.times) {
    Samples& all = times[operation];
    all.insert(all.end(), samples.begin(), samples.end());
  }
  for (const auto& [metric, count] : other.counts) counts[metric] += count;
}

std::optional<Quantiles> quantiles_of(Samples samples) {
  if (samples.empty()) return std::nullopt;
  std::sort(samples.begin(), samples.end());
  return Quantiles{.count = samples.size(),
                   .p50 = ranked(samples, 50),
                   .p95 = ranked(samples, 95),
                   .p99 = ranked(samples, 99),
                   .largest = samples.back(),
                   .sum = std::accumulate(samples.begin(), samples.end(), std::chrono::nanoseconds(0))};
}

}  // namespace stampede
