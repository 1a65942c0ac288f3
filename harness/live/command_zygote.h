// A process that installs the filter for commands once, and starts the planned processes that execute them.
#ifndef STAMPEDE_LIVE_COMMAND_ZYGOTE_H
#define STAMPEDE_LIVE_COMMAND_ZYGOTE_H

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/result.h"
#include "harness/live/call_stops.h"
#include "harness/live/owned_fd.h"
#include "harness/live/process_slots.h"
#include "harness/world/stage.h"

namespace stampede {

std::string print_commands(const std::vector<StageCommand>& commands);
// Aborts on what was not printed by this build.
std::vector<StageCommand> read_commands(std::string_view text);

struct CommandZygoteReply {
  std::int32_t error = 0;         // errno of what failed
  std::uint32_t failed = 0;       // at the start: 1 where it was the filter
  std::int32_t pid = -1;          // of the stage
  std::uint32_t has_numbers = 0;  // processes count their own numbers, from 1 in each stage
};

// Everything that a stage executes descends from one process, the *stage*: where the system allows it, in a namespace
// of process numbers of its own, so that numbers are the same in each run and all die with it. Where it does not, the
// stage adopts orphans, and ends what descends from it when the supervisor dies.
// The supervisor's end. Owned by one thread, whose children zygote and stage are.
class CommandZygote {
 public:
  // `arguments` lead a program of ours to `run_command_zygote`; the first is its path. ERRORS: as LiveZygote::start.
  static modelcache::Result<CommandZygote> start(const std::vector<std::string>& arguments, const ProcessSlots& slots);
  CommandZygote(CommandZygote&& other) noexcept;
  CommandZygote& operator=(CommandZygote&&) = delete;
  ~CommandZygote();

  // A stage of `processes` processes, whose jobs stand in the slots. Calls of others than zygote and stage that are
  // stopped meanwhile come to `on_call`. ERRORS: exhausted, io.
  modelcache::Result<void> start_stage(CallStops& stops, std::uint32_t processes, const std::vector<unsigned>& umasks,
                                       const std::function<void(const StoppedCall&)>& on_call);
  // Whether the call is none of a command's: it goes on at once.
  [[nodiscard]] bool is_own(pid_t thread) const { return thread == pid_ || thread == stage_; }
  // The stage has ended by itself, or is ended with all that descends from it.
  void end_stage(CallStops& stops);

  OwnedFd take_listener() { return std::move(listener_); }
  [[nodiscard]] bool has_numbers() const { return has_numbers_; }

 private:
  CommandZygote() = default;

  OwnedFd socket_, listener_, stage_handle_;
  pid_t pid_ = -1, stage_ = -1;
  bool has_numbers_ = false;
};

// The whole life of the zygote's process; returns its exit status.
int run_command_zygote();

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_ZYGOTE_H
