// What a worker process does: it gets models from the cache as its specification says, and reports.
#ifndef STAMPEDE_FREE_WORKER_H
#define STAMPEDE_FREE_WORKER_H

#include <functional>

#include "harness/free/tracker.h"
#include "harness/free/worker_text.h"

namespace stampede {

// The whole life of a worker process; returns its exit status: 0 when it has reported, whatever its gets came to.
int run_worker();

// The gets, in order, timed by `tracker`. An error of one does not stop the next. Calls `on_waiting` when it begins to
// wait for another process.
std::vector<OperationReport> perform(modelcache::Os& os, const WorkerSpecification& specification, Tracker& tracker,
                                     const std::function<void()>& on_waiting);

}  // namespace stampede

#endif  // STAMPEDE_FREE_WORKER_H
