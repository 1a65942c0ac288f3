// Which calls of executed programs are stopped: all that can be a step, a wait, a birth or a look at what differs.
#ifndef STAMPEDE_LIVE_COMMAND_FILTER_H
#define STAMPEDE_LIVE_COMMAND_FILTER_H

#include "cache/result.h"

namespace stampede {

// What a process of the world itself, before it executes a command, says to the supervisor: the second argument of
// kMarkCall, whose first is kCommandMark.
inline constexpr unsigned kCommandMark = 1000;
enum class CommandMark : unsigned {
  hello,   // (process): the one that starts the commands of a planned process, one after the other
  begins,  // (operation)
  ends,    // (operation, status as wait(2) tells it)
  failed,  // (errno): the command could not be executed
};

// The one descriptor on which sendmsg is not stopped, so that the listener can be handed over.
inline constexpr int kHandOverFd = 1000;
// The one on which read is not stopped. Together with wait4(__WALL), which is not either, it lets a process of the
// world end what descends from it when there is no supervisor any more.
inline constexpr int kChildrenFd = 1002;
// The one argument with which exit_group is not stopped, for those that end when nobody answers. It is a status of 0:
// only its low byte counts.
inline constexpr int kUnseenExit = 0x4d00;

// Descriptors from which programs read, at which they look and which they close unseen: the world puts there what they
// open only to read and what is none of its business (command_answers.cc), libraries first of all. Nothing else comes
// there: dup2 and fcntl fail, as if this were the limit.
inline constexpr int kFirstPrivateFd = 768;
inline constexpr int kPrivateFdsEnd = kHandOverFd;

// In the process to be watched: for good, and for all that it starts. io_uring, which no filter sees, and calls of
// other architectures fail with ENOSYS. A program that asks for a listener of its own gets EBUSY from the kernel;
// filters without one it may add. Returns the listener's descriptor. ERRORS: as install_call_filter.
modelcache::Result<int> install_command_filter();

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_FILTER_H
