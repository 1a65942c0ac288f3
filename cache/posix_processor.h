// Where a new thread begins to run.
#ifndef MODELCACHE_POSIX_PROCESSOR_H
#define MODELCACHE_POSIX_PROCESSOR_H

namespace modelcache {

// The processor that runs the calling thread at this moment; -1 where that cannot be told.
int present_processor();

// Moves the calling thread to any other processor that it may use. From then on the scheduler moves it as it likes.
// Does nothing where there is no other, for -1, and where the system has no such call. Linux alone has it.
void leave_processor(int processor);

}  // namespace modelcache

#endif  // MODELCACHE_POSIX_PROCESSOR_H
