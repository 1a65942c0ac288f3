// Takes a processor out of the thread's set, and puts it back once the thread has moved.
#include "cache/posix_processor.h"

#include <cstddef>

#ifdef __linux__
#include <sched.h>
#endif

namespace modelcache {

#ifdef __linux__

int present_processor() { return ::sched_getcpu(); }

// The kernel moves a thread off a processor that it may no longer use before the call returns (sched_setaffinity(2)).
void leave_processor(int processor) {
  cpu_set_t allowed;
  if (processor < 0 || processor >= CPU_SETSIZE || ::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  cpu_set_t others = allowed;
  CPU_CLR(static_cast<std::size_t>(processor), &others);
  if (CPU_COUNT(&others) == 0 || ::sched_setaffinity(0, sizeof(others), &others) != 0) return;
  (void)::sched_setaffinity(0, sizeof(allowed), &allowed);
}

#else

int present_processor() { return -1; }
void leave_processor(int) {}

#endif

}  // namespace modelcache
