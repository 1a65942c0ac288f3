// Measures the bounds of a scenario.
#include "harness/run/bounds.h"

#include "harness/free/posix_bare_start.h"
#include "harness/free/posix_zygote.h"
#include "harness/run/posix_bare_copy.h"

namespace stampede {
namespace {

void measure_downloads(const Scenario& scenario, Bounds& bounds) {
  const std::size_t directories = scenario.has_own_directories ? scenario.processes : 1;
  std::chrono::nanoseconds copy{};
  std::chrono::nanoseconds hash{};
  for (std::size_t directory = 0; directory < directories; ++directory) {
    for (const Model& model : scenario.models) {
      const std::optional<BareTimes> times = measure_bare_times(*model.bytes, model.sha256);
      if (!times) return;
      copy += times->copy;
      hash += times->hash;
    }
  }
  bounds.copy = std::chrono::duration<double>(copy).count();
  bounds.hash = std::chrono::duration<double>(hash).count();
}

}  // namespace

Bounds measure_bounds(const Scenario& scenario, const FreeOptions& options) {
  Bounds bounds;
  bounds.start = options.zygote == nullptr ? measure_bare_starts(options.program, scenario.processes)
                                           : options.zygote->measure_bare_forks(scenario.processes);
  if (!scenario.starts_warm) measure_downloads(scenario, bounds);
  return bounds;
}

}  // namespace stampede
