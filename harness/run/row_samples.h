// Gathers what the runs of one row gave, and reduces it to the row.
#ifndef STAMPEDE_RUN_ROW_SAMPLES_H
#define STAMPEDE_RUN_ROW_SAMPLES_H

#include <vector>

#include "harness/run/benchmark.h"
#include "harness/run/bounds.h"

namespace stampede {

// Owned by one thread.
class RowSamples {
 public:
  RowSamples(const Scenario& scenario, StartMode start);

  // A run that was judged. Its violations and what its processes say come into the row as well.
  void add(FreeOutcome& outcome);
  void add(const Bounds& bounds);
  // The row, from all that was added.
  [[nodiscard]] RowMeasures take();

 private:
  void add_processes(const StageFacts& stage);

  RowMeasures row_;
  std::vector<double> seconds_, get_seconds_, rates_, mb_per_second_, start_bounds_, copy_bounds_, hash_bounds_;
  std::uint64_t hits_ = 0;
};

// Sums of durations and processes, quotients of sums, means of ratios. Nothing where a row has nothing.
RowMeasures total_of(const std::vector<RowMeasures>& rows);

}  // namespace stampede

#endif  // STAMPEDE_RUN_ROW_SAMPLES_H
