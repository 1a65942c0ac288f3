// Replays stored plans and seeds, and says what became of each.
#ifndef STAMPEDE_RUN_PLAN_REPLAY_H
#define STAMPEDE_RUN_PLAN_REPLAY_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cache/result.h"
#include "harness/plan/plan.h"
#include "harness/run/sim_exploration.h"

namespace stampede {

enum class ReplayVerdict {
  as_expected,   // held, or broke the invariant that the plan expects
  broken,        // violated what it should not
  mended,        // expected to break an invariant, which held
  diverged,      // two runs differ; or, where strict, the schedule or the stored trace could not be followed
  dull,          // as expected, but a mutant that it kills survives it
  stale,         // a seed that the present generator turns into another plan; not run
  uncontrolled,  // the live world lost control: nothing is known of the cache
  not_run,       // its subject cannot be had here
};
std::string_view name_of(ReplayVerdict verdict);

// What runs of one world took, from an empty directory to the judge's last word.
struct WorldSpeed {
  std::uint64_t schedules = 0;
  double seconds = 0;
};

struct ReplayReport {
  std::string name;  // the file, or "seed 17"
  ReplayVerdict verdict = ReplayVerdict::as_expected;
  std::string detail;  // the violation, or the divergence
  std::vector<StepViolation> violations;
  std::string trace_hash;
  bool has_moved = false;  // the stored trace hash is another one; information
  std::uint64_t unused_switches = 0;
  std::uint64_t unmet_process_faults = 0;  // whose step their process never came to
  std::uint64_t processes = 0;             // of all stages
  std::uint64_t steps = 0;
  std::vector<std::uint64_t> judged;
  InvariantSet allowed;           // by the plan
  WorldSpeed speed, other_speed;  // of the runner's world, and of the other one
  // Of mutants that it was run on (see sharp_replay.h), and the invariant that each broke; empty where it broke none.
  std::vector<std::pair<std::string, std::string>> kills;
};

// Files, and the *.json below folders, sorted by path. ERRORS: not_found, naming the path, also for a folder without
// plans.
modelcache::Result<std::vector<std::string>> find_plans(const std::vector<std::string>& paths);

// Whether a stored plan can be replayed: what it expects is `holds`, or the id of an invariant. ERRORS:
// invalid_argument with the file and the key.
modelcache::Result<void> check_expectation(const std::string& file, const Plan& plan);

// Runs it twice in the runner's world. With `other`, the runner of another world, once there too: a difference between
// the worlds is a divergence, printed side by side.
ReplayReport replay_plan(SimRunner& runner, const std::string& name, const Plan& plan, bool is_strict,
                         SimRunner* other = nullptr);

// A line of corpus/seeds.txt: "<seed> <generator version> <hash of the plan>", and words for people behind '#'.
struct StoredSeed {
  std::uint64_t seed = 0;
  std::uint64_t generator_version = 0;
  std::uint64_t plan_hash = 0;
};
// ERRORS: invalid_argument with the file and the line; not_found, io.
modelcache::Result<std::vector<StoredSeed>> read_seeds(const std::string& file);
// Draws its plan and runs it twice, moved as `explore` moves it where no strategy is named. What it expects is that all
// holds.
ReplayReport replay_seed(SimRunner& runner, const StoredSeed& stored, SimRunner* other = nullptr);
// As a line that `read_seeds` reads.
std::string seed_line(std::uint64_t seed);

}  // namespace stampede

#endif  // STAMPEDE_RUN_PLAN_REPLAY_H
