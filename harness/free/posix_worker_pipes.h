// The worker's ends of the pipes to its harness.
#ifndef STAMPEDE_FREE_POSIX_WORKER_PIPES_H
#define STAMPEDE_FREE_POSIX_WORKER_PIPES_H

#include <string>
#include <string_view>

#include "cache/result.h"

namespace stampede {

// Called in this order, once each where nothing else is said. ERRORS: io, when this program was not started as a
// worker.
modelcache::Result<std::string> read_own_specification();
modelcache::Result<void> wait_at_barrier();  // says that it is ready, and returns when all are
// Says that it waits for another process; may be called any number of times before the report.
modelcache::Result<void> say_that_it_waits();
modelcache::Result<void> send_report(std::string_view report);

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_WORKER_PIPES_H
