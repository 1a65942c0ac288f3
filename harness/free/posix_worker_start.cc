// Turns a fresh copy of the harness or of the zygote into a worker (Linux: close_range, parent-death signal).
#include "harness/free/posix_worker_start.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/free/posix_crew.h"

namespace stampede {

bool place_descriptors(const WorkerDescriptors& descriptors) {
  const bool placed =
      ::dup2(descriptors.specification, STDIN_FILENO) >= 0 && ::dup2(descriptors.output, STDOUT_FILENO) >= 0 &&
      ::dup2(descriptors.output, STDERR_FILENO) >= 0 && ::dup2(descriptors.barrier, kBarrierDescriptor) >= 0 &&
      ::dup2(descriptors.report, kReportDescriptor) >= 0;
  // Sockets that libraries opened without close-on-exec would otherwise live on in the worker.
  ::syscall(SYS_close_range, kReportDescriptor + 1, ~0U, 0);
  return placed;
}

void detach_from(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  ::setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
}

}  // namespace stampede
