// Runs a plan in the free world: server, processes, census, epilogue, judge.
#ifndef STAMPEDE_RUN_FREE_RUN_H
#define STAMPEDE_RUN_FREE_RUN_H

#include <chrono>
#include <string>

#include "cache/result.h"
#include "harness/judge/judge.h"
#include "harness/plan/run_facts.h"

namespace stampede {

class PosixZygote;

struct FreeOptions {
  Subject subject = {};
  std::string program = "/proc/self/exe";  // has the hidden command `worker`
  PosixZygote* zygote = nullptr;           // forks the workers instead; outlives the run
  std::chrono::milliseconds worker_timeout{60'000};
  int interrupt_descriptor = -1;
  std::string scratch_parent = {};  // empty: the system's directory for temporary files
  bool reads_back = true;
  bool counts_descriptors = true;
};

struct FreeOutcome {
  RunFacts facts;
  Verdict verdict;
  std::string kept_directory;  // where the files of a run with a violation are; empty after any other
};

// The directories are removed unless something was violated. ERRORS: what kept the run from beginning: exhausted,
// denied, io.
modelcache::Result<FreeOutcome> run_free(const FreePlan& plan, const FreeOptions& options);

}  // namespace stampede

#endif  // STAMPEDE_RUN_FREE_RUN_H
