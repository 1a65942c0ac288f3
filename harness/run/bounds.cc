// Measures the bounds of a scenario.
#include "harness/run/bounds.h"

#include "harness/free/posix_bare_start.h"
#include "harness/free/posix_zygote.h"

namespace stampede {

void measure_downloads(const Scenario& scenario, const MeasureModel& measure, Bounds& bounds) {
  const std::size_t directories = scenario.has_own_directories ? scenario.processes : 1;
  std::chrono::nanoseconds copy{};
  std::chrono::nanoseconds hash{};
  for (std::size_t directory = 0; directory < directories; ++directory) {
    for (const Model& model : scenario.models) {
      const std::optional<BareTimes> times = measure(model);
      if (!times) return;
      copy += times->copy;
      hash += times->hash;
    }
  }
  bounds.copy = std::chrono::duration<double>(copy).count();
  bounds.hash = std::chrono::duration<double>(hash).count();
}

Bounds measure_bounds(const Scenario& scenario, const FreeOptions& options) {
  Bounds bounds;
  bounds.start = options.zygote == nullptr ? measure_bare_starts(options.program, scenario.processes)
                                           : options.zygote->measure_bare_forks(scenario.processes);
  if (scenario.starts_warm) return bounds;
  measure_downloads(
      scenario, [](const Model& model) { return measure_bare_times(*model.bytes, model.sha256); }, bounds);
  return bounds;
}

}  // namespace stampede
