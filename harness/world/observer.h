// Who is told of every step of a controlled world.
#ifndef STAMPEDE_WORLD_OBSERVER_H
#define STAMPEDE_WORLD_OBSERVER_H

#include <cstdint>

#include "harness/plan/step.h"
#include "harness/world/disk_view.h"

namespace stampede {

enum class ProcessEnd : std::uint8_t {
  ended,      // by itself
  killed,     // by the plan
  abandoned,  // it was still not done when the run's bound was reached, or when nobody could move
};

// Called by the world between steps; makes no step itself.
class Observer {
 public:
  virtual ~Observer() = default;
  // After the step, before anybody else moves. `step` is valid during the call.
  virtual void on_step(const Step& step, const DiskView& disk) = 0;
  // Its descriptors are closed and its locks are gone.
  virtual void on_process_end(std::uint32_t process, ProcessEnd end, const DiskView& disk) = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_WORLD_OBSERVER_H
