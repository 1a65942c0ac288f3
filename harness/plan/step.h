// A step: one visible action of a process on the shared world, with its result, as worlds record and judges read it.
#ifndef STAMPEDE_PLAN_STEP_H
#define STAMPEDE_PLAN_STEP_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/os.h"

namespace stampede {

// What one receive returns at most, whatever was asked: neither world lets the kernel's buffering decide.
inline constexpr std::size_t kReceiveBytesMax = 16 * 1024;

// One for each method of the door, in the order of cache/door.h.
enum class StepKind : std::uint8_t {
  open,
  read,
  write,
  truncate,
  sync_file,
  sync_directory,
  rename,
  link,
  unlink,
  stat,
  stat_name,
  list,
  make_directory,
  try_lock,
  unlock,
  close,
  resolve,
  connect,
  send,
  receive,
  now,
  wall_time,
  sleep_until,
  random,
  self,
  liveness,
};
inline constexpr std::size_t kStepKinds = 26;

// The method's name: "sync_file". `step_kind_named` takes it back.
std::string_view name_of(StepKind kind);
std::optional<StepKind> step_kind_named(std::string_view name);

// Files (directories too) and connections are numbered in the order in which steps of a run met them, from 1 on; 0 is
// none. A number stays with the inode, whatever its names.
using FileNumber = std::uint32_t;
using ConnectionNumber = std::uint32_t;

// Which part of a run a step belongs to.
enum class StageKind : std::uint8_t {
  warm_up,   // a clean process fills the directory before the plan's processes start
  run,       // the plan's processes
  epilogue,  // a clean process afterwards
};
std::string_view name_of(StageKind stage);

// What a process is about to do: all that is known before the step is taken.
// Paths are relative to the cache directory ("entries/sha256-...", "" the directory itself); what is not below it is
// absolute. A step on an open file has the path that it was opened by.
struct PendingStep {
  StepKind kind = StepKind::now;
  std::string path;
  std::string to_path;  // rename, link
  FileNumber file = 0;  // of steps on open files; 0 for those by name
  ConnectionNumber connection = 0;
  std::uint64_t offset = 0;  // read, write
  std::uint64_t size = 0;    // asked: read, write, send, receive; truncate: the new size
  std::uint32_t mode = 0;    // OpenMode, RenameMode or LockMode
};

struct StepStat {
  modelcache::FileType type = modelcache::FileType::other;
  std::uint32_t mode = 0;
  std::uint64_t links = 0;
  std::uint64_t size_bytes = 0;
  friend bool operator==(const StepStat&, const StepStat&) = default;
};

// What decided a step's result, other than the world's state.
enum class StepFault : std::uint8_t { none, error, short_transfer, does_nothing };

// Who takes steps, as switches name it (Plan::subject), and how many he has taken before.
struct ActorStep {
  std::uint32_t actor = 0;
  std::uint32_t own_step = 0;
};

struct Step : PendingStep {
  StageKind stage = StageKind::run;
  std::uint32_t process = 0;
  std::uint32_t own_step = 0;           // of its process, from 0
  int error = 0;                        // errno; 0 for success
  std::uint64_t result = 0;             // bytes moved; the value of random; 0 otherwise
  FileNumber replaced = 0;              // rename: the file that lost the name `to_path`
  std::optional<StepStat> stat = {};    // stat, stat_name
  std::vector<std::string> names = {};  // list
  StepFault fault = StepFault::none;    // of the plan, decided the result
  std::string program = {};             // of executed commands: "curl"; not part of the trace
  // Of executed commands; elsewhere the process and its own step are all there is to say. Not part of the trace.
  std::optional<ActorStep> actor = {};
  std::chrono::nanoseconds at{};     // virtual time when it was done; not part of the trace
  std::chrono::nanoseconds until{};  // sleep_until: when it wants to wake, of the same clock; not part of the trace
};

// What the key of a switch before this step is.
inline ActorStep actor_step(const Step& step) { return step.actor.value_or(ActorStep{step.process, step.own_step}); }

}  // namespace stampede

#endif  // STAMPEDE_PLAN_STEP_H
