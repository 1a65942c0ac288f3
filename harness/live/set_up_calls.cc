// Socket time-outs, process numbers, and the files of /proc that identities are made of (cache/posix_process.cc).
#include "harness/live/set_up_calls.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>

#include "harness/live/process_memory.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

constexpr std::string_view kTop = "/sim";

// proc(5): pid, command, state, then up to the start time what nobody reads.
std::string stat_line(const modelcache::ProcessIdentity& identity) {
  return std::to_string(identity.pid) + " (stampede) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " +
         std::to_string(identity.start_time) + " 0\n";
}

// What the process reads there; nothing where the kernel may answer. Empty where there is no such file.
std::optional<std::string> proc_file(const LiveMachine& machine, const WatchedProcess& process, std::string_view path) {
  constexpr std::string_view kProc = "/proc/", kStat = "/stat";
  if (path == "/proc/self/stat") return stat_line(process.identity);
  if (path == "/proc/sys/kernel/random/boot_id") return std::string(kWorldBootId);
  if (!path.starts_with(kProc) || !path.ends_with(kStat)) return std::nullopt;
  const std::string_view digits = path.substr(kProc.size(), path.size() - kProc.size() - kStat.size());
  std::uint64_t pid = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  for (const WatchedProcess& other : machine.processes) {
    if (other.is_live && other.identity.pid == pid) return stat_line(other.identity);
  }
  return std::string();
}

// True where it was answered.
bool answer_open(LiveMachine& machine, const WatchedProcess& process, const StoppedCall& call) {
  std::string path;
  if (read_path(process.pid, call.arguments[1], path) != 0 || !path.starts_with("/proc/")) return false;
  const std::optional<std::string> text = proc_file(machine, process, path);
  if (!text) return false;
  if (text->empty()) return machine.stops.refuse(call, ENOENT);
  const OwnedFd file(::memfd_create("proc", MFD_CLOEXEC));
  if (!file.is_open() || ::pwrite(file.get(), text->data(), text->size(), 0) != static_cast<ssize_t>(text->size())) {
    return machine.stops.refuse(call, EMFILE);
  }
  return machine.stops.answer_with_descriptor(call, file.get()) >= 0;
}

bool answer_link(LiveMachine& machine, const WatchedProcess& process, const StoppedCall& call) {
  std::string path;
  if (read_path(process.pid, call.arguments[0], path) != 0 || path != "/proc/self/ns/pid") return false;
  const auto size = std::min<std::size_t>(kWorldPidNamespace.size(), call.arguments[2]);
  const auto bytes = std::as_bytes(std::span(kWorldPidNamespace)).first(size);
  if (const int error = write_memory(process.pid, call.arguments[1], bytes)) return machine.stops.refuse(call, error);
  return machine.stops.answer(call, static_cast<std::int64_t>(size));
}

bool answer_timeout(LiveMachine& machine, WatchedProcess& process, const StoppedCall& call) {
  timeval value{};
  if (const int error = read_value(process.pid, call.arguments[3], value)) return machine.stops.refuse(call, error);
  SocketTimeouts& timeouts = process.timeouts[static_cast<int>(call.arguments[0])];
  const auto time = std::chrono::seconds(value.tv_sec) + std::chrono::microseconds(value.tv_usec);
  (call.arguments[2] == SO_RCVTIMEO ? timeouts.receive : timeouts.send) = time;
  return machine.stops.answer(call, 0);
}

// A question whether a process is there; a real signal goes nowhere but to the process itself.
bool answer_kill(LiveMachine& machine, const StoppedCall& call) {
  if (call.arguments[1] != 0) return machine.stops.refuse(call, EPERM);
  const auto pid = static_cast<std::uint64_t>(call.arguments[0]);
  const bool is_there = std::any_of(machine.processes.begin(), machine.processes.end(),
                                    [&](const WatchedProcess& p) { return p.is_live && p.identity.pid == pid; });
  return is_there ? machine.stops.answer(call, 0) : machine.stops.refuse(call, ESRCH);
}

// raise(3), by the number that the process knows as its own.
bool answer_raise(LiveMachine& machine, const WatchedProcess& process, const StoppedCall& call) {
  if (call.arguments[0] != process.identity.pid) return machine.stops.refuse(call, EPERM);
  const auto thread = static_cast<pid_t>(call.arguments[1]);
  const bool is_done = ::syscall(SYS_tgkill, process.pid, thread, static_cast<int>(call.arguments[2])) == 0;
  return is_done ? machine.stops.answer(call, 0) : machine.stops.refuse(call, errno);
}

bool answer(LiveMachine& machine, WatchedProcess& process, const StoppedCall& call) {
  switch (call.number) {
    case __NR_openat:
      return answer_open(machine, process, call);
#ifdef __NR_readlink
    case __NR_readlink:
      return answer_link(machine, process, call);
#endif
    case __NR_setsockopt:
      return answer_timeout(machine, process, call);
    case __NR_kill:
      return answer_kill(machine, call);
    case __NR_tgkill:
      return answer_raise(machine, process, call);
    case __NR_close:
      process.timeouts.erase(static_cast<int>(call.arguments[0]));
      return false;
    default:
      return false;
  }
}

}  // namespace

bool is_world_path(std::string_view path) {
  return path == "/" || (path.starts_with(kTop) && (path.size() == kTop.size() || path[kTop.size()] == '/'));
}

void answer_set_up(LiveMachine& machine, WatchedProcess& process, const StoppedCall& call) {
  // Where the process died meanwhile there is nobody to answer; whoever waits for it will see.
  if (!answer(machine, process, call)) (void)machine.stops.let_go(call);
}

}  // namespace stampede
