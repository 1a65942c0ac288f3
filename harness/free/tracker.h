// Times operations and counts things inside one process, with one clock.
#ifndef STAMPEDE_FREE_TRACKER_H
#define STAMPEDE_FREE_TRACKER_H

#include <chrono>
#include <string>
#include <string_view>

#include "harness/plan/measures.h"
#include "harness/plan/run_facts.h"

namespace stampede {

// The machine's monotonic clock: times of different processes can be compared.
MachineTime machine_now();

// A further metric is one line: `tracker.count("redirects", reply.redirects)`, or `tracker.time("parse", spent)`.
// Owned by one thread.
class Tracker {
 public:
  void time(std::string_view operation, std::chrono::nanoseconds spent) {
    measures_.times[std::string(operation)].push_back(spent);
  }
  void count(std::string_view metric, std::uint64_t amount) { measures_.counts[std::string(metric)] += amount; }
  [[nodiscard]] const Measures& measures() const { return measures_; }

 private:
  Measures measures_;
};

// Times what comes one after the other: each phase ends where the next begins. Owned by one thread; what goes on when
// it is destroyed ends there.
class PhaseTimer {
 public:
  explicit PhaseTimer(Tracker& tracker) : tracker_(tracker) {}
  ~PhaseTimer() { enter(""); }
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;

  // From now on it is `phase`, the name of an operation, or nothing that is timed where that is empty. Entering the
  // present phase again changes nothing.
  void enter(std::string_view phase);
  [[nodiscard]] std::string_view phase() const { return phase_; }

 private:
  Tracker& tracker_;
  std::string_view phase_;
  MachineTime began_at_{};
};

}  // namespace stampede

#endif  // STAMPEDE_FREE_TRACKER_H
