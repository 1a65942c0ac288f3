// What bounds a scenario on this machine: bare starts, bare copies, bare hashes.
#ifndef STAMPEDE_RUN_BOUNDS_H
#define STAMPEDE_RUN_BOUNDS_H

#include <functional>
#include <optional>

#include "harness/run/free_run.h"
#include "harness/run/posix_bare_copy.h"
#include "harness/run/scenario.h"

namespace stampede {

// Seconds, measured once; nothing where it could not be measured or bounds nothing.
struct Bounds {
  // As many processes that end at once: executed, or forked by the zygote, as the scenario's are started.
  std::optional<double> start;
  // All bytes that a run without faults must download: over one loopback connection after the other, and through
  // SHA-256. Nothing where the directories are warm.
  std::optional<double> copy, hash;
};

using MeasureModel = std::function<std::optional<BareTimes>(const Model&)>;
// Sets `copy` and `hash`, from one measurement of each download; neither where one of these failed.
void measure_downloads(const Scenario& scenario, const MeasureModel& measure, Bounds& bounds);

Bounds measure_bounds(const Scenario& scenario, const FreeOptions& options);

}  // namespace stampede

#endif  // STAMPEDE_RUN_BOUNDS_H
