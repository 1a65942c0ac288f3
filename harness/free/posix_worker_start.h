// What a worker process is given, and how a new process becomes one.
#ifndef STAMPEDE_FREE_POSIX_WORKER_START_H
#define STAMPEDE_FREE_POSIX_WORKER_START_H

#include <sys/types.h>

namespace stampede {

// Open in the process that starts a worker, above `kReportDescriptor`; owned by whoever made them.
struct WorkerDescriptors {
  int specification, output, barrier, report;
};

// In the new process: they take their places 0 to 4, and everything else is closed. Only calls that are safe between
// fork and exec. False when the system refused.
bool place_descriptors(const WorkerDescriptors& descriptors);

// In the new process: it dies with `parent`, which started it, has a process group of its own, and handles signals as
// a new program does. Only calls that are safe between fork and exec.
void detach_from(pid_t parent);

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_WORKER_START_H
