// What a worker process does: it gets models from the cache as its specification says, and reports.
#ifndef STAMPEDE_FREE_WORKER_H
#define STAMPEDE_FREE_WORKER_H

#include "harness/free/worker_text.h"

namespace stampede {

// The whole life of a worker process; returns its exit status: 0 when it has reported, whatever its gets came to.
// `is_bare`: starts, waits and reports without touching a cache, which is what starting costs.
int run_worker(bool is_bare);

// The gets, in order. An error of one does not stop the next.
std::vector<OperationReport> perform(modelcache::Os& os, const WorkerSpecification& specification);

}  // namespace stampede

#endif  // STAMPEDE_FREE_WORKER_H
