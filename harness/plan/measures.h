// What a tracker gathered: how long operations took, and counts.
#ifndef STAMPEDE_PLAN_MEASURES_H
#define STAMPEDE_PLAN_MEASURES_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stampede {

// One value for each time that the operation happened, in the order in which they ended.
using Samples = std::vector<std::chrono::nanoseconds>;

struct Measures {
  std::map<std::string, Samples> times;         // by operation
  std::map<std::string, std::uint64_t> counts;  // by metric

  // Appends the other's times and adds its counts.
  void add(const Measures& other);
};

struct Quantiles {
  std::size_t count = 0;
  std::chrono::nanoseconds p50{}, p95{}, p99{}, largest{}, sum{};
};

// By nearest rank: each is a value that was measured. Nothing of nothing.
std::optional<Quantiles> quantiles_of(Samples samples);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_MEASURES_H
