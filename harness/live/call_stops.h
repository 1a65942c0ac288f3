// Stops system calls of other processes and answers them: seccomp user notification.
#ifndef STAMPEDE_LIVE_CALL_STOPS_H
#define STAMPEDE_LIVE_CALL_STOPS_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "cache/result.h"
#include "harness/live/owned_fd.h"

namespace stampede {

// Of the calls of this build.
#if defined(__x86_64__)
inline constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
inline constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// No system call of any kernel. A process makes it to say what it does next where no call of its own would tell; the
// first argument is a StepKind. Without a supervisor it fails with ENOSYS, and nothing happens.
inline constexpr int kMarkCall = 0x7a5e;

// A call that a process has made and that the kernel holds until it is answered.
struct StoppedCall {
  std::uint64_t id = 0;
  pid_t thread = 0;
  int number = 0;
  std::array<std::uint64_t, 6> arguments{};
};

// In the process to be watched: from now on its calls, and those of all that it forks, that can be steps are stopped.
// For good. Returns the listener's descriptor. ERRORS: denied, exhausted (EBUSY: somebody listens already), io (no
// kernel support).
modelcache::Result<int> install_call_filter();
// The same with a program of its own.
modelcache::Result<int> install_filter(std::vector<sock_filter> code);

// The supervisor's end. Owned by one thread, which runs on the same core as the processes it watches: a wake-up across
// cores costs ten times as much. The answers return false where the process is gone.
class CallStops {
 public:
  // REQUIRES: `listener` came from `install_call_filter`.
  explicit CallStops(OwnedFd listener);

  [[nodiscard]] int descriptor() const { return listener_.get(); }
  // The next call. Waits for one; nothing where every process is gone, or the call's process died meanwhile.
  std::optional<StoppedCall> receive();
  // The same, and nothing where a signal came instead: EINTR in `error`.
  std::optional<StoppedCall> receive(int& error);
  // The call is not made; it returns `value`.
  bool answer(const StoppedCall& call, std::int64_t value);
  // The call is not made; it fails with `error`.
  bool refuse(const StoppedCall& call, int error);
  // The kernel makes the call. What it returns is not learnt.
  bool let_go(const StoppedCall& call);
  // The call is not made; it returns a new descriptor of what `fd` has open. Returns its number in the process, or -1
  // with errno.
  int answer_with_descriptor(const StoppedCall& call, int fd, bool closes_on_exec = true);
  // The same with that number, which closes on exec.
  int answer_with_descriptor_at(const StoppedCall& call, int fd, int number);
  // What the close(2) that is stopped would close is closed, without an answer yet: something harmless takes its place.
  bool close_unseen(const StoppedCall& call);

 private:
  OwnedFd listener_;
  OwnedFd nothing_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_CALL_STOPS_H
