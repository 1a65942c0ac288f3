// Runs a plan in the free world: server, processes, census, epilogue, judge.
#ifndef STAMPEDE_RUN_FREE_RUN_H
#define STAMPEDE_RUN_FREE_RUN_H

#include <chrono>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/free/posix_crew.h"
#include "harness/judge/judge.h"
#include "harness/plan/run_facts.h"

namespace stampede {

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

// What a member of the crew is to the judge: with its report, or with the problem that left it without one.
ProcessRecord record_of(CrewMember member);

// The processes whose time to be killed has come, by index; they are no longer in `kills`.
std::vector<std::size_t> take_victims(std::vector<PlannedKill>& kills, const Ledger& ledger, std::size_t waiting);

// The directories are removed unless something was violated. ERRORS: what kept the run from beginning: exhausted,
// denied, io.
modelcache::Result<FreeOutcome> run_free(const FreePlan& plan, const FreeOptions& options);

}  // namespace stampede

#endif  // STAMPEDE_RUN_FREE_RUN_H
