// Reads the clock where a phase ends.
#include "harness/free/tracker.h"

namespace stampede {

MachineTime machine_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

void PhaseTimer::enter(std::string_view phase) {
  if (phase == phase_) return;
  const MachineTime now = machine_now();
  if (!phase_.empty()) tracker_.time(phase_, now - began_at_);
  phase_ = phase;
  began_at_ = now;
}

}  // namespace stampede
