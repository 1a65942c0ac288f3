// Reduces what was measured to figures: medians, quotients, shortest and longest.
#ifndef STAMPEDE_RUN_FIGURES_H
#define STAMPEDE_RUN_FIGURES_H

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

namespace stampede {

inline double seconds_of(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }
inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return seconds_of(std::chrono::steady_clock::now() - start);
}

// Of an even number, the mean of the two in the middle. Nothing of nothing.
std::optional<double> median(std::vector<double> values);

// Nothing where a part is missing, or nothing positive is below.
std::optional<double> quotient(std::optional<double> above, std::optional<double> below);

// Median, shortest and longest run of a row, which keeps none of them where there was no run.
template <class Row>
void take_seconds(const std::vector<double>& seconds, Row& row) {
  row.seconds = median(seconds);
  if (seconds.empty()) return;
  row.seconds_min = *std::min_element(seconds.begin(), seconds.end());
  row.seconds_max = *std::max_element(seconds.begin(), seconds.end());
}

}  // namespace stampede

#endif  // STAMPEDE_RUN_FIGURES_H
