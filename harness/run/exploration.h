// Explores the free world: draws a plan, runs it, counts what happened, again and again.
#ifndef STAMPEDE_RUN_EXPLORATION_H
#define STAMPEDE_RUN_EXPLORATION_H

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/run/free_run.h"
#include "harness/run/plan_draw.h"

namespace stampede {

struct ExplorationOptions {
  DrawOptions draw;
  FreeOptions free;
  std::uint64_t seed = 0;                  // of the first run; the next has the next
  std::optional<std::uint64_t> runs = 20;  // none: until the time is over
  std::optional<double> seconds = {};      // no further run is begun after them
  std::string out = {};                    // where plans of violations are saved; empty: beside the files of their run
};

// A run that violated something.
struct Discovery {
  std::uint64_t seed = 0;
  std::vector<Violation> violations;
  std::string plan_file;  // plan and facts, as JSON; empty when it could not be written
  std::string directory;  // the run's files
};

// An invariant that the subject does not promise, and broke.
struct BrokenBeyondPromise {
  std::uint64_t times = 0;
  std::uint64_t runs = 0;  // in which it broke
  std::uint64_t seed = 0;  // of the first
  std::string what;        // there
};

// Counted from the ledger, the files and the reaped processes; what workers say is in `successes` alone, and the judge
// has compared that with the rest.
struct ExplorationTotals {
  std::uint64_t runs = 0;
  std::uint64_t processes = 0;  // started and reaped, epilogues not included
  std::uint64_t successes = 0;  // gets
  std::uint64_t hits = 0;       // successes that caused no request
  std::uint64_t failures = 0;   // gets
  std::uint64_t explained = 0;  // failures to which no invariant objects
  std::uint64_t connections = 0;
  std::uint64_t full_bodies = 0;
  std::uint64_t body_bytes_sent = 0;
  Samples cpu_times;                           // one for each process that was reaped
  std::uint64_t peak_memory_bytes = 0;         // the largest of any process
  std::map<std::string, std::uint64_t> exits;  // exit reason -> processes
  double seconds = 0;                          // of everything, judging included
  bool interrupted = false;
  std::string failure;                              // why a run could not begin, which was to be the next one
  std::map<std::string, std::uint64_t> faults;      // met by connections, by kind; `none` is a good response
  std::map<std::string, std::uint64_t> operations;  // reported by workers, by name
  std::map<std::string, std::uint64_t> judged;      // by invariant
  std::vector<Discovery> discoveries;
  std::map<std::string, BrokenBeyondPromise> not_promised;  // by invariant
  // A run that was judged; `seed` drew its plan. Leaves `discoveries` and `seconds` alone.
  void add(const FreeOutcome& outcome, std::uint64_t seed);
  [[nodiscard]] std::uint64_t violation_count() const;
};

// Calls `progress` after each run. Ends at a run that cannot begin. REQUIRES: check(options.draw).
ExplorationTotals explore_free(const ExplorationOptions& options,
                               const std::function<void(const ExplorationTotals&)>& progress);

}  // namespace stampede

#endif  // STAMPEDE_RUN_EXPLORATION_H
