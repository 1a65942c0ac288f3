// Waits for processes that run: until each is stopped at its next step, or has ended.
#ifndef STAMPEDE_LIVE_LIVE_WATCH_H
#define STAMPEDE_LIVE_LIVE_WATCH_H

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "harness/live/live_machine.h"
#include "harness/live/thread_ticks.h"

namespace stampede {

// It waits in the kernel for the next stopped call, and for nothing else: the end of a process that ends by itself is
// one too. Only for what makes no call (a process that crashed, waits or computes) a tick comes now and then. Owned by
// one world, and used by the thread that made it.
class LiveWatch {
 public:
  LiveWatch(LiveMachine& machine, std::chrono::milliseconds patience) : machine_(machine), patience_(patience) {}

  // Called before a process's next step is known, and when it has ended: what it says may be read then.
  std::function<void(WatchedProcess&)> on_stop;
  // It presents a step.
  std::function<void(WatchedProcess&)> on_step;
  // It ended by itself; `exit_status` is set.
  std::function<void(WatchedProcess&)> on_end;

  // False where the system has no timer left.
  [[nodiscard]] bool is_ready() const { return ticks_.is_made(); }
  // Around all waits of a stage. REQUIRES: the thread waits for nothing else meanwhile that cannot be interrupted.
  void begin();
  void end() { ticks_.turn_off(); }
  // Why the world lost control; empty where every process is stopped or has ended.
  std::string wait();

  // Kills the process and reaps it.
  static void kill(WatchedProcess& process);

 private:
  WatchedProcess* stopped_thread(pid_t thread);
  std::string take_stop(const StoppedCall& call);
  void take_end(WatchedProcess& process);
  [[nodiscard]] bool does_anybody_run() const;
  std::string take_silence();
  std::string look_at_those_who_run(bool is_late);

  LiveMachine& machine_;
  std::chrono::milliseconds patience_;
  ThreadTicks ticks_;
  int silent_ticks_ = 0;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_LIVE_WATCH_H
