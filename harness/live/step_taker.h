// Takes a step on behalf of its process.
#ifndef STAMPEDE_LIVE_STEP_TAKER_H
#define STAMPEDE_LIVE_STEP_TAKER_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/live/live_machine.h"

namespace stampede {

// How the call that a step is made of will be answered, once the observer has seen the step.
struct StepAnswer {
  enum class Kind : std::uint8_t { value, error, let_go, descriptor };
  Kind kind = Kind::value;
  std::int64_t value = 0;
  int error = 0;
  int fd = -1;  // descriptor: of the supervisor's
};

// Why the world could not take the step; empty where it could. Then the run is uncontrolled.
using Trouble = const char*;

class StepTaker {
 public:
  explicit StepTaker(LiveMachine& machine) : machine_(machine) {}

  // Everything that others can see of the step happens, by the fault that decides it, if any. `process.step` has the
  // result, and `answer` says what to tell the process. REQUIRES: the process presents a step.
  void take(WatchedProcess& process, StepAnswer& answer);
  // Tells the process; it runs on. Null, or why it could not be told.
  Trouble tell(WatchedProcess& process, const StepAnswer& answer);

  // It will not be told, because it dies: what the step opened for it is closed.
  void forget(WatchedProcess& process);

 private:
  // Each returns an errno or 0.
  int effect(WatchedProcess& process, Transfer transfer, StepAnswer& answer);
  int open(WatchedProcess& process, StepAnswer& answer);
  int list(WatchedProcess& process, StepAnswer& answer);
  int read(WatchedProcess& process, Transfer transfer, StepAnswer& answer);
  int write(WatchedProcess& process, Transfer transfer, StepAnswer& answer);
  int on_open_file(WatchedProcess& process);
  int lock(WatchedProcess& process);
  int names(WatchedProcess& process);
  int stat(WatchedProcess& process);
  int connect(WatchedProcess& process);
  int send(WatchedProcess& process, Transfer transfer, StepAnswer& answer);
  int receive(WatchedProcess& process, Transfer transfer, StepAnswer& answer);
  int time(WatchedProcess& process);
  int chance(WatchedProcess& process, StepAnswer& answer);
  int marked(WatchedProcess& process, StepAnswer& answer);

  LiveMachine& machine_;
  std::vector<std::byte> buffer_;
  OwnedFd opened_;  // by the step that is being taken
  LiveFile* opened_file_ = nullptr;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_STEP_TAKER_H
