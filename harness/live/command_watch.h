// Births, calls and ends of the tasks of executed commands, as they are seen from outside.
#ifndef STAMPEDE_LIVE_COMMAND_WATCH_H
#define STAMPEDE_LIVE_COMMAND_WATCH_H

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/live/command_machine.h"
#include "harness/live/thread_ticks.h"

namespace stampede {

// Owned by one world.
class CommandWatch {
 public:
  CommandWatch(CommandMachine& machine, std::function<bool(pid_t)> is_own, std::chrono::milliseconds patience)
      : machine_(machine), is_own_(std::move(is_own)), patience_(patience) {}

  [[nodiscard]] bool is_ready() const { return ticks_.is_made(); }
  // A stage of that many planned processes begins; each says hello.
  // Until it ends, calls of this thread that wait may come back with EINTR.
  void begin(std::size_t planned);
  void end() { ticks_.turn_off(); }
  // Until no task runs: each is stopped, waits in the kernel for a child that it made, or has ended.
  // Returns why the world lost control; empty where it did not.
  std::string wait();
  // A stopped call, of whomever.
  void take(const StoppedCall& call);

  // The kernel may make the task's call; what follows from it is awaited.
  void let_go(CommandTask& task);
  // Ends all that works for a planned process, but for `spared`, and waits until it has.
  void kill(std::uint32_t planned, const CommandProcess* spared);

 private:
  [[nodiscard]] bool is_anybody_running() const;
  CommandTask* task_of(pid_t thread);
  void begin_all();
  CommandTask& born(const StoppedCall& call);
  CommandTask& add_task(CommandProcess& process, pid_t thread);
  CommandProcess& add_process(pid_t pid, std::uint32_t planned, CommandProcess* parent);
  void take_call(CommandTask& task, const StoppedCall& call);
  void begin_image(CommandTask& task);
  void await_end(CommandProcess& process);
  bool take_ends();
  void await_reaping();
  void note_end(CommandProcess& process);
  void let_thread_end(CommandTask& task);
  void forget_births();
  void await_signalled();
  std::string take_silence(int ticks);
  std::string look_at_those_who_run(bool is_late);

  CommandMachine& machine_;
  std::function<bool(pid_t)> is_own_;
  std::chrono::milliseconds patience_;
  std::size_t hellos_ = 0;  // to come
  std::map<std::uint64_t, StoppedCall> said_hello_;
  ThreadTicks ticks_;  // of a stage
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_WATCH_H
