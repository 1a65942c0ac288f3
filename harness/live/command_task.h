// The processes and threads of executed commands, and the calls that they are stopped at.
#ifndef STAMPEDE_LIVE_COMMAND_TASK_H
#define STAMPEDE_LIVE_COMMAND_TASK_H

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/live/call_stops.h"
#include "harness/live/owned_fd.h"
#include "harness/plan/plan.h"
#include "harness/plan/step.h"
#include "harness/world/turn_schedule.h"
#include "harness/world/virtual_clock.h"

namespace stampede {

// Who takes steps for a planned process: itself, number p, which starts one command after the other, and every process
// and thread that these make, p + kActorStride * k for the k-th of them. So the numbers of one planned process do not
// depend on what the others do.
inline constexpr std::uint32_t kActorStride = static_cast<std::uint32_t>(kPlanProcessesMax);

struct CommandMachine;
struct CommandTask;

// A process as the kernel has it.
struct CommandProcess {
  pid_t pid = -1;
  pid_t own_number = -1;  // as it sees itself
  OwnedFd pidfd;
  std::uint32_t planned = 0;         // the planned process that it works for
  CommandProcess* parent = nullptr;  // null for the one that starts commands
  CommandTask* vfork = nullptr;      // waits in the kernel until this executes something or ends
  bool has_new_image = false;        // its first call since it executed something is still to come
  bool has_ended = false;
  std::string program;  // "curl"
};

enum class TaskState : std::uint8_t {
  running,   // between an answer and its next stopped call
  stopped,   // at a call that nobody has looked at yet
  presents,  // a step
  waits,     // in a call that is no step, for something that others do
  vforked,   // in the kernel, for its child
  gone,
};

// What a stopped call waits for.
struct CommandWait {
  enum class Kind : std::uint8_t {
    nothing,
    time,    // step: a sleep
    bytes,   // step: of `connection`
    lock,    // step: of the file that its first argument has open
    ready,   // any of `polled` is ready for one of its events
    child,   // one of its children has ended, or there is none
    futex,   // the word at `address` is no longer `value`, or somebody woke it
    signal,  // one that is not blocked
  };
  Kind kind = Kind::nothing;
  std::chrono::nanoseconds end = kNever;  // at the latest
  std::uint64_t connection = 0;           // socket's inode
  struct Polled {
    int fd = -1;
    short events = 0;
  };
  std::vector<Polled> polled;
  std::uint64_t address = 0;  // futex
  std::uint32_t value = 0, bits = 0;
  bool is_woken = false;
  std::uint64_t order = 0;  // among waits: the first who waited is woken first
};

// A thread. Its number as one who takes steps is that of an actor.
struct CommandTask final : ScheduledProcess {
  CommandMachine* machine = nullptr;
  pid_t thread = -1;
  CommandProcess* process = nullptr;
  TaskState state = TaskState::running;
  bool bears = false;  // its call was let go, and its child has not called yet
  StoppedCall call;
  StoppedCall normal;         // the same in the form of the *at calls, where it has an older form
  CommandWait awaits;         // of the presented step, or of the call that waits
  std::string name, to_name;  // path arguments, absolute
  std::size_t written = 0;    // of a write to a pipe that goes on

  [[nodiscard]] bool has_come() override;
  [[nodiscard]] std::chrono::nanoseconds coming() override {
    return state == TaskState::presents || state == TaskState::waits ? awaits.end : kNever;
  }
};

// A process of the plan.
struct PlannedCommands {
  std::uint32_t number = 0;
  CommandProcess* starter = nullptr;
  bool is_live = false;
  unsigned umask = 022;
  std::uint32_t own_steps = 0;  // of all its actors
  std::uint32_t actors = 0;     // so far
  std::uint64_t random_count = 0;
  std::chrono::nanoseconds stopped_until{};
  OwnedFd output;  // of the command that runs
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_TASK_H
