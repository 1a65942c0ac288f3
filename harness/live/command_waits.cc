// Readiness by poll(2) on duplicates, locks by what the kernel lists, children and futexes by what the world knows.
#include "harness/live/command_waits.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>

#include "harness/live/command_reader.h"
#include "harness/live/poll_one.h"
#include "harness/live/process_memory.h"

namespace stampede {
namespace {

using Kind = CommandWait::Kind;

// -- locks -----------------------------------------------------------------------------------------------------------

// What of `lines`, in the format of /proc/locks, stands in the way of a lock of that mode on the inode.
int in_the_way(std::istream& lines, std::string_view inode, bool is_shared) {
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool is_one = line.find("FLOCK") != std::string::npos && line.find("->") == std::string::npos &&
                        line.find(inode) != std::string::npos;
    if (is_one && (!is_shared || line.find(" WRITE ") != std::string::npos)) ++count;
  }
  return count;
}

// Whether the kernel would give an open file a lock now. It is not tried on it: a failed upgrade would lose what was
// held. Where it holds nothing, another open file of the same inode is as good, and nobody moves meanwhile; else the
// list of all locks must tell, which takes the kernel milliseconds.
bool would_get_flock(const HeldFile& held, bool is_shared) {
  const std::string number = std::to_string(held.fd.get());
  char inode[64];
  std::snprintf(inode, sizeof inode, "%02x:%02x:%llu", major(held.stat.st_dev), minor(held.stat.st_dev),
                static_cast<unsigned long long>(held.stat.st_ino));
  std::ifstream own("/proc/self/fdinfo/" + number);
  const int owned = in_the_way(own, inode, false);
  const OwnedFd other(owned == 0 ? ::open(("/proc/self/fd/" + number).c_str(), O_RDONLY | O_CLOEXEC) : -1);
  if (other.is_open()) return ::flock(other.get(), (is_shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0;
  std::ifstream own_again("/proc/self/fdinfo/" + number);
  std::ifstream all("/proc/locks");
  return in_the_way(all, inode, is_shared) == in_the_way(own_again, inode, is_shared);
}

bool would_get_record_lock(const CommandTask& task, const HeldFile& held) {
  struct flock lock{};
  if (read_value(task.thread, task.normal.arguments[2], lock) != 0) return true;
  const bool is_of_open_file = task.normal.arguments[1] == F_OFD_SETLKW;
  lock.l_pid = 0;
  if (::fcntl(held.fd.get(), is_of_open_file ? F_OFD_GETLK : F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
    return true;
  return !is_of_open_file && lock.l_pid == task.process->pid;
}

bool would_get_lock(CommandMachine& machine, const CommandTask& task) {
  const HeldFile held = machine.files.hold(task, task.normal.arguments[0]);
  if (!held.is_open()) return true;
  if (task.normal.number != __NR_flock) return would_get_record_lock(task, held);
  return would_get_flock(held, (task.normal.arguments[1] & LOCK_SH) != 0);
}

// -- descriptors -----------------------------------------------------------------------------------------------------

bool is_any_ready(CommandMachine& machine, const CommandTask& task) {
  for (const CommandWait::Polled& polled : task.awaits.polled) {
    const HeldFile held = machine.files.hold(task, static_cast<std::uint64_t>(polled.fd));
    const bool is_coming = (polled.events & POLLIN) != 0 && machine.links.is_told(held.stat.st_ino);
    const int milliseconds = is_coming ? kDeliveryMilliseconds : 0;
    if (!held.is_open() || poll_one(held.fd.get(), polled.events, milliseconds) != 0) return true;
  }
  return false;
}

bool is_pipe_write(const CommandTask& task) {
  return task.normal.number == __NR_write && task.normal.arguments[2] > PIPE_BUF;
}

// As much as has place now. True where all is written, or it failed.
bool write_on(CommandMachine& machine, CommandTask& task) {
  const HeldFile held = machine.files.hold(task, task.normal.arguments[0]);
  std::vector<std::byte> bytes(task.normal.arguments[2] - task.written);
  if (!held.is_open() || !S_ISFIFO(held.stat.st_mode) ||
      read_memory(task.thread, task.normal.arguments[1] + task.written, bytes) != 0) {
    (void)machine.stops.let_go(task.call);
    return true;
  }
  const iovec vector{bytes.data(), bytes.size()};
  const ssize_t count = ::pwritev2(held.fd.get(), &vector, 1, -1, RWF_NOWAIT);
  if (count < 0 && errno != EAGAIN) {
    (void)machine.stops.let_go(task.call);  // with its signal
    return true;
  }
  task.written += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  if (task.written < task.normal.arguments[2]) return false;
  (void)machine.stops.answer(task.call, static_cast<std::int64_t>(task.written));
  return true;
}

// -- children and signals --------------------------------------------------------------------------------------------

// Ended, and not waited for yet: whom its parent has waited for, without blocking too, has no number any more.
bool is_zombie(const CommandProcess& child) {
  return child.has_ended && child.pidfd.is_open() &&
         ::syscall(SYS_pidfd_send_signal, child.pidfd.get(), 0, nullptr, 0) == 0;
}

// Whether it is among those that a wait4 or waitid names. One of a group may be any.
bool is_waited_for(const CommandTask& task, const CommandProcess& child) {
  const auto& arguments = task.normal.arguments;
  const bool is_waitid = task.normal.number == __NR_waitid;
  if (is_waitid && arguments[0] != P_PID) return true;
  const auto number = static_cast<pid_t>(arguments[is_waitid ? 1 : 0]);
  return number <= 0 || number == child.own_number;
}

bool may_reap(CommandMachine& machine, const CommandTask& task) {
  bool any = false;
  for (const CommandProcess& child : machine.processes) {
    if (child.parent != task.process || !is_waited_for(task, child)) continue;
    if (is_zombie(child)) return true;
    if (!child.has_ended) any = true;
  }
  return !any;
}

std::uint64_t signals_in(const std::string& status, const char* name) {
  const auto place = status.find(name);
  return place == std::string::npos
             ? 0
             : std::strtoull(status.c_str() + place + std::string_view(name).size(), nullptr, 16);
}

// Pending, not blocked, and with a handler. `blocked` replaces what the thread blocks.
bool has_signal(const CommandTask& task, std::optional<std::uint64_t> blocked) {
  std::ifstream file("/proc/" + std::to_string(task.process->pid) + "/task/" + std::to_string(task.thread) + "/status");
  std::stringstream text;
  text << file.rdbuf();
  const std::string status = text.str();
  const std::uint64_t pending = signals_in(status, "SigPnd:") | signals_in(status, "ShdPnd:");
  return (pending & ~blocked.value_or(signals_in(status, "SigBlk:")) & signals_in(status, "SigCgt:")) != 0;
}

bool is_signalled(const CommandTask& task) {
  std::uint64_t mask = 0;
  switch (task.normal.number) {
    case __NR_rt_sigsuspend:
      return read_value(task.thread, task.normal.arguments[0], mask) != 0 || has_signal(task, mask);
    case __NR_rt_sigtimedwait:  // those that it names, which are blocked
      (void)read_value(task.thread, task.normal.arguments[0], mask);
      return has_signal(task, ~mask);
    default:
      return has_signal(task, std::nullopt);
  }
}

bool has_futex_come(const CommandTask& task) {
  std::uint32_t now = 0;
  return task.awaits.is_woken || read_value(task.thread, task.awaits.address, now) != 0 || now != task.awaits.value;
}

void zero_sets(const CommandTask& task) {
  const std::size_t bytes = (task.normal.arguments[0] + 63) / 64 * 8;
  const std::vector<std::byte> zeros(std::min<std::size_t>(bytes, sizeof(fd_set)));
  for (std::size_t i = 1; i <= 3; ++i) {
    if (task.normal.arguments[i] != 0) (void)write_memory(task.thread, task.normal.arguments[i], zeros);
  }
}

bool is_select(int number) {
#ifdef __NR_select
  if (number == __NR_select) return true;
#endif
  return number == __NR_pselect6;
}

bool end_of_ready(CommandMachine& machine, CommandTask& task, bool is_late) {
  if (!is_late) {
    if (is_pipe_write(task)) return write_on(machine, task);
    (void)machine.stops.let_go(task.call);
    return true;
  }
  if (is_select(task.normal.number)) zero_sets(task);
  (void)machine.stops.answer(task.call, 0);
  return true;
}

}  // namespace

bool CommandTask::has_come() {
  if (machine->turns.clock.now() >= awaits.end) return true;
  switch (awaits.kind) {
    case Kind::nothing:
      return true;
    case Kind::time:
      return false;
    case Kind::bytes: {
      const PeerConnection* const connection = machine->links.connection(awaits.connection);
      return connection == nullptr || connection->has_something();
    }
    case Kind::lock:
      return would_get_lock(*machine, *this);
    case Kind::ready:
      return is_any_ready(*machine, *this);
    case Kind::child:
      return may_reap(*machine, *this);
    case Kind::futex:
      return has_futex_come(*this);
    case Kind::signal:
      return is_signalled(*this);
  }
  return true;
}

bool end_wait(CommandMachine& machine, CommandTask& task) {
  const bool is_late = machine.turns.clock.now() >= task.awaits.end;
  switch (task.awaits.kind) {
    case Kind::ready:
      return end_of_ready(machine, task, is_late && !is_any_ready(machine, task));
    case Kind::futex:
      if (is_late && !has_futex_come(task)) {
        (void)machine.stops.refuse(task.call, ETIMEDOUT);
      } else {
        (void)machine.stops.answer(task.call, 0);
      }
      return true;
    case Kind::signal:
      if (is_late && !is_signalled(task)) {
        (void)machine.stops.refuse(task.call, EAGAIN);
        return true;
      }
      break;
    default:
      break;
  }
  (void)machine.stops.let_go(task.call);
  return true;
}

}  // namespace stampede
