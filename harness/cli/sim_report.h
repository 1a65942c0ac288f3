// What explorations, sweeps and replays of the simulated world say: text for people, or one JSON object.
#ifndef STAMPEDE_CLI_SIM_REPORT_H
#define STAMPEDE_CLI_SIM_REPORT_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/run/kill_sweep.h"
#include "harness/run/plan_replay.h"
#include "harness/run/sim_exploration.h"
#include "harness/run/smallest_plan.h"
#include "harness/run/trace.h"

namespace stampede {

// A discovery and the file that its plan was saved to; empty where it could not be written.
struct SavedDiscovery {
  SimDiscovery discovery;
  std::string file;
  // Where it was shrunk: the result, and its file likewise.
  std::optional<SmallestPlan> smallest = {};
  std::string shrunk_file = {};
};

// Writes each plan to `out` (made where it is missing) as sim-<invariant>-<trace hash>.json; its note says what breaks
// and which command found it.
std::vector<SavedDiscovery> save_discoveries(const std::vector<SimDiscovery>& discoveries, const std::string& out,
                                             const std::string& command);

// Four lines for the first discovery (what was violated, the plan, the command that replays it, the file that holds
// it), and a line for each of some others.
std::string discovery_text(const std::vector<SavedDiscovery>& saved, std::uint64_t violations,
                           const std::string& subject);

std::string text_of(const SimExplorationOptions& options, const SimTotals& totals);
std::string json_of(const SimExplorationOptions& options, const SimTotals& totals,
                    const std::vector<SavedDiscovery>& saved);
// Exit statuses. `requires_judged`: what plans allow must be judged.
int status_of(const SimTotals& totals, bool requires_judged);
int status_of(const KillSweep& sweep, bool requires_judged);
std::string text_of(const KillSweep& sweep, bool has_pairs);
std::string json_of(const KillSweep& sweep, const std::string& world, const std::vector<SavedDiscovery>& saved);

// What was replayed so far.
struct Replayed {
  std::vector<ReplayReport> reports;
  std::map<std::string, std::uint64_t> judged;
  InvariantSet allowed;  // by any plan that was run
  std::uint64_t steps = 0, processes = 0;
  TraceHash hash;  // over the plans' hashes
  double seconds = 0;
  WorldSpeed speed, other_speed;  // of the world, or of the simulated and the live one
  std::string world = "sim", subject = "modelcache";
  bool is_sharp = false;  // plans were run on the mutants that they kill
  bool interrupted = false;

  void add(ReplayReport report);
  [[nodiscard]] std::uint64_t count(ReplayVerdict verdict) const;
  [[nodiscard]] bool has_failed() const;  // any: violated, held against expectation, diverged, dull
  [[nodiscard]] std::uint64_t moved() const;
  [[nodiscard]] std::uint64_t kills() const;  // of mutants, by all plans
};

// A line for each plan that was not as expected, or for all where `is_verbose`, and one for all.
std::string text_of(const Replayed& replayed, bool is_verbose);
std::string json_of(const Replayed& replayed);
int status_of(const Replayed& replayed, bool requires_judged);

}  // namespace stampede

#endif  // STAMPEDE_CLI_SIM_REPORT_H
