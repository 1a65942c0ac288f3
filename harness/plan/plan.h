// A plan: models, processes with operations, what goes wrong and when, and who moves next. Plain data.
#ifndef STAMPEDE_PLAN_PLAN_H
#define STAMPEDE_PLAN_PLAN_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/cache.h"
#include "harness/plan/fault_turn.h"
#include "harness/plan/step.h"

namespace stampede {

// Offered by the server under its name; the bytes are those of `generated_model(name, size_bytes)`.
struct PlanModel {
  std::string name;
  std::uint64_t size_bytes = 0;
  friend bool operator==(const PlanModel&, const PlanModel&) = default;
};

enum class OperationKind : std::uint8_t {
  get,
  get_by_url,  // without a checksum, which the caller accepts
  find,        // would it be a hit? never writes
  list,
  verify,   // hashes all entries
  repair,   // verify, and removes what is corrupt
  remove,   // one entry, by digest
  recover,  // sweeps, adopts, rebuilds
};
inline constexpr std::size_t kOperationKinds = 8;
std::string_view name_of(OperationKind kind);
std::optional<OperationKind> operation_kind_named(std::string_view name);
// Whether an operation of that kind names a model.
bool names_model(OperationKind kind);

struct Operation {
  OperationKind kind = OperationKind::get;
  std::size_t model = 0;  // index into Plan::models; 0 where the kind names none
  friend bool operator==(const Operation&, const Operation&) = default;
};

// One client, with the options with which it opens the cache, once, before its first operation.
struct PlanProcess {
  std::vector<Operation> operations;
  modelcache::VerifyPolicy verify = modelcache::VerifyPolicy::when_changed;
  std::chrono::milliseconds lock_wait{600'000};
  bool only_wait = false;  // fail with lock_timeout rather than download without the lock
  unsigned umask = 022;
  std::uint32_t descriptors_max = 0;  // open at a time (EMFILE); 0: the world's limit
  std::uint32_t idle_steps = 0;       // looks at the clock so often before its first operation: a head start for others
  friend bool operator==(const PlanProcess&, const PlanProcess&) = default;
};

// How the directory differs from an empty one before the processes start.
enum class DamageKind : std::uint8_t {
  flip_byte,         // one byte of the model's entry
  cut,               // the model's entry has half of its bytes
  emptied,           // the model's entry has none
  unlisted,          // the manifest is gone
  manifest_garbage,  // the manifest holds no JSON
  dead_temporary,    // the model's first half in tmp/, of a process that is dead
};
inline constexpr std::size_t kDamageKinds = 6;
std::string_view name_of(DamageKind kind);
std::optional<DamageKind> damage_kind_named(std::string_view name);
// Whether damage of that kind names a model, and whether it changes that model's entry.
bool names_model(DamageKind kind);
bool touches_entry(DamageKind kind);

struct Damage {
  DamageKind kind = DamageKind::flip_byte;
  std::size_t model = 0;  // index; REQUIRES: warm, for kinds that touch its entry. 0 where the kind names none
  friend bool operator==(const Damage&, const Damage&) = default;
};

struct StartState {
  std::vector<std::size_t> warm;  // models that a clean process gets before the others start, in this order
  std::vector<Damage> damage;     // then, in this order
  bool read_only = false;         // then the file system is mounted read-only, until the epilogue
  friend bool operator==(const StartState&, const StartState&) = default;
};

// What a disk fault does to a step.
enum class DiskEffect : std::uint8_t {
  error,           // it fails with `error` and has no effect (a close closes all the same)
  short_transfer,  // read, write, receive, send: half of the bytes that would have moved, one at least
  does_nothing,    // try_lock: success without a lock, EWOULDBLOCK never
};
inline constexpr std::size_t kDiskEffects = 3;
std::string_view name_of(DiskEffect effect);
std::optional<DiskEffect> disk_effect_named(std::string_view name);

// Meets the `nth` matching step (from 0) and the `times - 1` matching steps that follow it; `times` 0: all that follow.
// A step matches by kind and, where given, by process and by the beginning of its path. Counted over the whole run; the
// first fault of the list that meets a step decides it.
struct DiskFault {
  StepKind step = StepKind::write;
  std::optional<std::size_t> process = {};
  std::string path;
  std::uint64_t nth = 0;
  std::uint64_t times = 1;
  DiskEffect effect = DiskEffect::error;
  int error = 0;  // errno of cache/os.h's contract; with DiskEffect::error
  friend bool operator==(const DiskFault&, const DiskFault&) = default;
};
// The errnos that a disk fault may have, by name: ENOSPC, EIO, EINTR, EMFILE, EACCES, EROFS, EXDEV, ENOLCK, EDQUOT,
// ESTALE, EINVAL (rename without replacing), EOPNOTSUPP (locks, links).
std::string_view errno_name(int error);
std::optional<int> errno_named(std::string_view name);
// Those of them with which a step of that kind may fail; none for steps that cannot fail.
std::span<const int> errnos_of(StepKind step);
// True for those that a short transfer can meet.
bool moves_bytes(StepKind step);

enum class ProcessFaultKind : std::uint8_t {
  kill_before,  // it dies instead of taking the step; its locks and descriptors go at once
  kill_after,   // it takes the step and dies before anybody moves
  stop,         // it sleeps for `time` of virtual time when it comes to the step, then takes it
  clock_step,   // before the step the wall clock of the machine jumps by `time`
};
inline constexpr std::size_t kProcessFaultKinds = 4;
std::string_view name_of(ProcessFaultKind kind);
std::optional<ProcessFaultKind> process_fault_kind_named(std::string_view name);

// One that names a step which its process never comes to does nothing.
struct ProcessFault {
  ProcessFaultKind kind = ProcessFaultKind::kill_before;
  std::size_t process = 0;
  std::uint32_t step = 0;           // own step
  std::chrono::nanoseconds time{};  // stop: positive; clock_step: either sign
  friend bool operator==(const ProcessFault&, const ProcessFault&) = default;
};

// Acts before `process` takes own step `step`: `to` moves instead. A process that is switched away from more than once
// at one step has one switch for each time, in this order in the list.
struct Switch {
  std::uint32_t process = 0;
  std::uint32_t step = 0;
  std::uint32_t to = 0;
  friend bool operator==(const Switch&, const Switch&) = default;
};

// Where no switch says otherwise the same process goes on; when it ended, sleeps or cannot move, the lowest-numbered
// process that can move follows. The first to move is process 0. (That is why a switch may also name a process's step
// count, where it ended; one more, where it was killed before a step.)
struct Schedule {
  std::vector<Switch> switches;
  // A sleeping process may be chosen while others can move; time then runs to its waking first.
  bool time_runs_first = false;
  friend bool operator==(const Schedule&, const Schedule&) = default;
};

// What a stored plan says about itself. Nothing of it changes a run.
struct PlanNote {
  std::string why;                 // what the plan protects, in a sentence
  std::string found_by;            // command or person
  std::string expect = "holds";    // or the id of the invariant that breaks
  std::vector<std::string> kills;  // mutants on which this plan must still find the defect
  std::string trace_hash;          // 16 hex digits of the run when it was stored; information only
  friend bool operator==(const PlanNote&, const PlanNote&) = default;
};

struct Plan {
  // The name or the file of a subject that is a command; empty for the built-in cache. Switches then name actors: the
  // planned process p, and p + 64 k for the k-th process or thread that works for it.
  std::string subject;
  std::vector<PlanModel> models;
  std::vector<PlanProcess> processes;
  StartState start;
  FaultSequence network;  // the i-th connect step gets the i-th turn; `refused` is allowed
  std::vector<DiskFault> disk;
  std::vector<ProcessFault> process_faults;
  Schedule schedule;
  PlanNote note;
  friend bool operator==(const Plan&, const Plan&) = default;
};

// What worlds can run; larger plans are refused before they run.
inline constexpr std::size_t kPlanModelsMax = 16;
inline constexpr std::uint64_t kPlanModelBytesMax = 1024 * 1024;  // hashed by one thread: a simulated process has one
inline constexpr std::size_t kPlanProcessesMax = 64;
inline constexpr std::size_t kPlanActorsMax = 1024;     // processes and threads of one planned process
inline constexpr std::size_t kPlanOperationsMax = 256;  // of one process
inline constexpr std::size_t kPlanListMax = 4096;  // damage, turns, disk faults, process faults; switches: times 16
inline constexpr std::uint64_t kPlanCountMax = 10'000'000;  // own steps, nth, times; far beyond the steps of a run
inline constexpr std::uint32_t kPlanDescriptorsMax = 1024 * 1024;
inline constexpr std::uint64_t kPlanIdleStepsMax = 50'000;  // of all processes together: half of the steps of a run
inline constexpr std::size_t kPlanTextMax = 4096;           // bytes of one text: a path, a sentence of the note
inline constexpr std::chrono::hours kPlanTimeMax{10 * 365 * 24};

// The planned process that an actor of a switch works for. Numbers of processes themselves stay as they are.
constexpr std::size_t planned_process(std::uint32_t actor) { return actor % kPlanProcessesMax; }

// Every index in range, every number within its limit, names unique, turns without contradictions, effects that fit
// their steps, texts in UTF-8. Interruptions end: EINTR with `times` 0 is refused.
// ERRORS: invalid_argument: the key's path ("processes[1].operations[0].model"), what was expected, and what came.
modelcache::Result<void> check(const Plan& plan);

// "0s", "20ms", "-3600s", "1500us", "7ns": in the largest unit that is exact.
std::string print_time(std::chrono::nanoseconds time);

// One line: "2 processes, m0 1 KiB: get m0 | get m0; 3 switches; kill 1 before 17".
std::string print_line(const Plan& plan);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_PLAN_H
