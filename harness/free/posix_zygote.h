// The zygote as the harness holds it: a warm, single-threaded process of the same program that forks workers.
#ifndef STAMPEDE_FREE_POSIX_ZYGOTE_H
#define STAMPEDE_FREE_POSIX_ZYGOTE_H

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/free/posix_descriptor.h"
#include "harness/free/posix_worker_start.h"

namespace stampede {

// What a fork of the zygote does.
enum class ForkKind : char {
  worker = 'W',  // gets what its specification says
  exit = 'E',    // ends at once: what a fork costs by itself. Takes no descriptors
};

// The workers are children of this process, not of the zygote, so they are watched and reaped like any other; they die
// with this process. Owned by one thread; ends and reaps the zygote when destroyed. Linux 5.9.
class PosixZygote {
 public:
  // Executes `program` with the hidden command `zygote` and waits until it is warm. ERRORS: exhausted, io, and
  // timed_out when it does not answer.
  static modelcache::Result<PosixZygote> start(const std::string& program, std::chrono::milliseconds timeout);
  PosixZygote(PosixZygote&&) = default;
  ~PosixZygote();

  // The new process, to be reaped by the caller. ERRORS: exhausted (the fork failed), io (the zygote is gone).
  modelcache::Result<pid_t> fork_worker(ForkKind kind, const WorkerDescriptors& descriptors);

  // Seconds to fork `count` processes that end at once, one after the other, and to reap them all. Nothing when not
  // all of them came and went.
  std::optional<double> measure_bare_forks(std::size_t count);

  [[nodiscard]] pid_t pid() const { return pid_.value; }

 private:
  struct Pid {
    pid_t value = -1;
    Pid() = default;
    Pid(Pid&& other) noexcept : value(other.value) { other.value = -1; }
  };
  PosixZygote() = default;
  modelcache::Result<void> execute(const std::string& program);
  modelcache::Result<pid_t> answer(std::chrono::milliseconds timeout);

  PosixDescriptor socket_;
  Pid pid_;
};

// The whole life of the zygote's process; returns its exit status. `run` is what a forked worker does.
int run_zygote(int (*run)());

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_ZYGOTE_H
