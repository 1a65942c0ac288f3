// What one run of the free world leaves for the judge: what was planned, said, served, and found on disk.
#ifndef STAMPEDE_PLAN_RUN_FACTS_H
#define STAMPEDE_PLAN_RUN_FACTS_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/plan/free_plan.h"
#include "harness/plan/ledger.h"
#include "harness/plan/measures.h"
#include "harness/plan/subject.h"

namespace stampede {

// Of the system's monotonic clock, which all processes of a machine share.
using MachineTime = std::chrono::nanoseconds;

enum class CommandEnd { not_started, exited, signalled, timed_out, talked_too_much };
std::string_view name_of(CommandEnd end);

// The process that a worker started for one get, where the subject is a command.
struct CommandRecord {
  CommandEnd end = CommandEnd::not_started;
  int value = 0;                   // exit status, signal, or the errno that kept it from starting
  std::uint64_t output_bytes = 0;  // that it wrote to standard output and error
  std::string last_output;         // the end of both, some hundred bytes
};

// What a worker says about one get. Nothing here is believed without a look at the files and the ledger.
struct OperationReport {
  bool succeeded = false;
  std::string error_code;     // modelcache::name_of, when it failed; empty where the subject is a command
  std::string error_message;  // likewise
  std::string path;           // of the entry
  bool claims_hit = false;
  unsigned claimed_attempts = 0;
  // It went on without the entry's lock: it had waited in vain, or locks do not work there.
  bool went_without_lock = false;
  std::optional<modelcache::Sha256Digest> read_back;  // of what the worker read at `path` at once
  std::vector<std::string> notes;
  std::optional<CommandRecord> command;  // absent for the built-in subject
  MachineTime began_at{}, ended_at{};    // of the get alone
};

enum class ExitReason {
  not_started,  // fork or exec failed
  exited,       // `exit_value` is the status
  signalled,    // `exit_value` is the signal
  hang,         // not done in time, and killed for it
  killed_by_plan,
  interrupted,  // killed because the run was
};
std::string_view name_of(ExitReason reason);

struct ProcessRecord {
  ExitReason reason = ExitReason::not_started;
  int exit_value = 0;
  bool reaped = false;
  std::optional<std::vector<OperationReport>> report;
  std::string problem;  // why it did not start, or why there is no report
  std::string output;   // what it wrote to standard output and error, cut to some kilobytes
  std::uint64_t output_bytes = 0;
  MachineTime started_at{};                                            // before it was made
  MachineTime ready_at{};                                              // as the worker says, like what follows
  std::optional<std::uint64_t> descriptors_before, descriptors_after;  // open in the worker, around its operations
  Measures measures;
  // User and system, of the whole process and the children that it waited for, as the kernel counted them.
  std::optional<std::chrono::nanoseconds> cpu_time;
  // As the worker read it from the kernel before it reported (VmHWM). That of a fork counts what it shares with its
  // zygote.
  std::optional<std::uint64_t> peak_memory_bytes;
};

enum class NameType { regular, directory, symlink, other };

// A name below a cache directory, as the harness found it.
struct FoundName {
  std::string path;  // relative to the cache directory: "entries/sha256-..."
  NameType type = NameType::regular;
  std::uint64_t size_bytes = 0;
  unsigned mode = 0;                                    // permission bits
  std::optional<modelcache::Sha256Digest> sha256 = {};  // hashed by the harness; see take_census
};

struct Census {
  std::string directory;         // its path
  std::vector<FoundName> names;  // sorted by path
  std::optional<std::string> manifest;
  std::vector<std::string> problems;  // what could not be read
};

// One set of processes and what they left.
struct StageFacts {
  std::vector<PlannedProcess> planned;
  std::vector<ProcessRecord> processes;  // as planned, one each
  Ledger ledger;
  std::vector<Census> censuses;        // one a directory, after the last process was reaped
  std::uint64_t leaked_processes = 0;  // that the workers had started and left alive
  MachineTime began_at{};              // before the first process was started
  MachineTime released_at{};           // the barrier opened
  MachineTime ended_at{};              // the last exit was seen
};

struct RunFacts {
  Subject subject;
  // Where a command keeps each model of the plan, relative to the cache directory; empty where that is not known.
  std::vector<std::string> entry_names;
  FreePlan plan;  // with the epilogue's own model as the last one
  // What made the directories warm. Absent where they start cold.
  std::optional<StageFacts> warm_up;
  StageFacts run;
  // A clean process without faults that gets every model into every directory; of these the last, which nobody got
  // before, is surely a miss. Absent when the run was interrupted.
  std::optional<StageFacts> epilogue;
  unsigned umask = 022;
  bool reads_back = true;  // workers were asked to read what they were given
  bool interrupted = false;
  std::optional<std::uint64_t> descriptors_before, descriptors_after;  // of the harness
};

}  // namespace stampede

#endif  // STAMPEDE_PLAN_RUN_FACTS_H
