// Who this process is, and whether another one still is: the part of the real door that reads /proc.
#ifndef MODELCACHE_POSIX_PROCESS_H
#define MODELCACHE_POSIX_PROCESS_H

#include <mutex>

#include "cache/os.h"

namespace modelcache {

// Thread-safe. Right after fork too: the cached identity is used only while getpid() says that it is this process's.
class PosixProcesses {
 public:
  // Where the system tells no boot or namespace, the domain is a number that nobody else has, so that other processes
  // are unknown rather than dead.
  ProcessIdentity self();
  Liveness liveness(const ProcessIdentity& self, const ProcessIdentity& other);

 private:
  std::mutex mutex_;
  ProcessIdentity cached_;
};

}  // namespace modelcache

#endif  // MODELCACHE_POSIX_PROCESS_H
