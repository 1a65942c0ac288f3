// Waits for processes that run: until each is stopped at its next step, or has ended.
#ifndef STAMPEDE_LIVE_LIVE_WATCH_H
#define STAMPEDE_LIVE_LIVE_WATCH_H

#include <poll.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "harness/live/live_machine.h"

namespace stampede {

// Owned by one world.
class LiveWatch {
 public:
  LiveWatch(LiveMachine& machine, std::chrono::milliseconds patience) : machine_(machine), patience_(patience) {}

  // Called before a process's next step is known, and when it has ended: what it says may be read then.
  std::function<void(WatchedProcess&)> on_stop;
  // It presents a step.
  std::function<void(WatchedProcess&)> on_step;
  // It ended by itself; `exit_status` is set.
  std::function<void(WatchedProcess&)> on_end;

  // Why the world lost control; empty where every process is stopped or has ended.
  std::string wait();

  // Kills the process and reaps it.
  static void kill(WatchedProcess& process);

 private:
  WatchedProcess* stopped_thread(pid_t thread);
  std::string take_stop();
  bool take_ends();
  std::string look_at_those_who_run(std::chrono::steady_clock::time_point since);

  LiveMachine& machine_;
  std::chrono::milliseconds patience_;
  std::vector<pollfd> polled_;
  std::vector<WatchedProcess*> running_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_LIVE_WATCH_H
