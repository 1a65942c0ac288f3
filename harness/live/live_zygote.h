// A single-threaded process that was started without vDSO, and forks the processes of the live world.
#ifndef STAMPEDE_LIVE_LIVE_ZYGOTE_H
#define STAMPEDE_LIVE_LIVE_ZYGOTE_H

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/os.h"
#include "cache/result.h"
#include "harness/live/call_stops.h"
#include "harness/live/owned_fd.h"
#include "harness/live/process_slots.h"

namespace stampede {

struct LiveFork {
  std::uint32_t slot = 0;
  std::uint32_t umask = 022;
};

// The supervisor's end. Owned by one thread, whose children the processes are: they die with it, and it reaps them.
class LiveZygote {
 public:
  // `arguments` lead a program of ours to `run_live_zygote`; the first is its path. ERRORS: as start_without_vdso and
  // install_call_filter; io and timed_out when it does not answer.
  static modelcache::Result<LiveZygote> start(const std::vector<std::string>& arguments, const ProcessSlots& slots);
  LiveZygote(LiveZygote&& other) noexcept;
  LiveZygote& operator=(LiveZygote&&) = delete;
  ~LiveZygote();

  // One new process for each, in this order; each runs to its first stopped call. ERRORS: exhausted (those that were
  // started before it failed are ended), io.
  modelcache::Result<std::vector<pid_t>> fork_processes(std::span<const LiveFork> forks);
  // Takes the listener of all processes; once.
  OwnedFd take_listener() { return std::move(listener_); }

 private:
  LiveZygote() = default;

  OwnedFd socket_, listener_;
  pid_t pid_ = -1;
};

// What a forked process does with its job. It ends with `_exit`: what a test's main has made is not taken down.
struct LiveTask {
  std::string_view job;
  modelcache::Os& os;
  std::function<void(std::string_view)> report;
};
using LiveBody = std::function<void(const LiveTask&)>;

// The whole life of the zygote's process; returns its exit status. `warm_up` runs once, before the first fork. Nothing
// that must differ between processes may be made in it.
int run_live_zygote(void (*warm_up)(), const LiveBody& body);

}  // namespace stampede

#endif  // STAMPEDE_LIVE_LIVE_ZYGOTE_H
