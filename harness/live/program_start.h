// Starts a program so that nothing in it escapes the supervisor: no vDSO, no random addresses, dies with its parent.
#ifndef STAMPEDE_LIVE_PROGRAM_START_H
#define STAMPEDE_LIVE_PROGRAM_START_H

#include <sys/types.h>

#include <string>
#include <vector>

#include "cache/result.h"

namespace stampede {

// A descriptor of the caller, and its number in the new process. Of all others only the standard streams stay.
struct PassedFd {
  int here = -1;
  int there = -1;
};

// Executes `arguments[0]`. The program's auxiliary vector names no vDSO, so that every look at a clock is a system call
// (a short ptrace stop at exec; detached when this returns). A child of the calling thread, to be reaped by the caller;
// it dies with that thread. REQUIRES: `there` numbers from 3 on, ascending. ERRORS: not_found, denied, exhausted, io.
modelcache::Result<pid_t> start_without_vdso(const std::vector<std::string>& arguments,
                                             const std::vector<PassedFd>& descriptors);

// Waits until the child ends or stops. Its status, as waitpid(2) tells it.
int reap(pid_t child);

}  // namespace stampede

#endif  // STAMPEDE_LIVE_PROGRAM_START_H
