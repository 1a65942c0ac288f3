// Virtual time: it moves by steps, and by jumps when nobody can move.
#ifndef STAMPEDE_WORLD_VIRTUAL_CLOCK_H
#define STAMPEDE_WORLD_VIRTUAL_CLOCK_H

#include <algorithm>
#include <chrono>

#include "cache/os.h"

namespace stampede {

inline constexpr std::chrono::nanoseconds kStepTime = std::chrono::microseconds(1);
// Later than any moment: of what waits for nothing that time brings.
inline constexpr std::chrono::nanoseconds kNever = std::chrono::nanoseconds::max();

// `from` + `span`, kNever where that is too far.
constexpr std::chrono::nanoseconds later_by(std::chrono::nanoseconds from, std::chrono::nanoseconds span) {
  return span > kNever - std::max(from, std::chrono::nanoseconds::zero()) ? kNever : from + span;
}

// Owned by one world. Its moments count from the start of the run.
class VirtualClock {
 public:
  void clear() { *this = VirtualClock(); }
  [[nodiscard]] std::chrono::nanoseconds now() const { return now_; }
  void step() { now_ += kStepTime; }
  void run_to(std::chrono::nanoseconds moment) { now_ = std::max(now_, moment); }
  void step_wall(std::chrono::nanoseconds by) { wall_offset_ += by; }

  // What processes see. The monotonic clock of a machine that has been up for an hour; the wall clock since 1970.
  [[nodiscard]] modelcache::Instant instant() const { return modelcache::Instant(kUptime + now_); }
  [[nodiscard]] std::chrono::nanoseconds wall() const { return kEpoch + now_ + wall_offset_; }
  // The clock that stamps files: the kernel's coarse one, at 250 ticks a second.
  [[nodiscard]] std::chrono::nanoseconds coarse_wall() const {
    const auto tick = std::chrono::milliseconds(4);
    return wall() - ((wall() % tick) + tick) % tick;
  }
  [[nodiscard]] static std::chrono::nanoseconds moment_of(modelcache::Instant instant) {
    const auto since_boot = instant.time_since_epoch();
    return since_boot <= kUptime ? std::chrono::nanoseconds::zero() : since_boot - kUptime;
  }

 private:
  static constexpr std::chrono::nanoseconds kUptime = std::chrono::hours(1);
  static constexpr std::chrono::nanoseconds kEpoch = std::chrono::seconds(1'767'225'600);  // 2026-01-01T00:00:00Z

  std::chrono::nanoseconds now_{};
  std::chrono::nanoseconds wall_offset_{};
};

}  // namespace stampede

#endif  // STAMPEDE_WORLD_VIRTUAL_CLOCK_H
