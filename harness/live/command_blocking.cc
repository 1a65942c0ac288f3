// Calls of executed programs that wait for others: which they are, and for what they wait.
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "harness/live/command_reader.h"
#include "harness/live/process_memory.h"

namespace stampede {
namespace {

using std::chrono::nanoseconds;
using Kind = CommandWait::Kind;

constexpr std::size_t kPolledMax = 1024;

class Blocking {
 public:
  Blocking(CommandMachine& machine, CommandTask& task, FirstArgument& first, CommandLook& look)
      : machine_(machine), task_(task), first_(first), call_(task.normal), look_(look) {}

  // False where the call waits for nobody.
  bool read() {
    switch (call_.number) {
      case __NR_read:
      case __NR_readv:
      case __NR_recvfrom:
      case __NR_recvmsg:
      case __NR_recvmmsg:
      case __NR_accept:
      case __NR_accept4:
        return on_descriptor(POLLIN);
      case __NR_write:
      case __NR_writev:
      case __NR_sendmsg:
        return on_descriptor(POLLOUT);
      case __NR_ppoll:
        return read_poll(timespec_end(argument(2)));
      case __NR_pselect6:
        return read_select(timespec_end(argument(4)));
      case __NR_epoll_pwait:
        return read_epoll(milliseconds_end(argument(3)));
      case __NR_epoll_pwait2:
        return read_epoll(timespec_end(argument(3)));
      case __NR_clock_nanosleep:
        return read_sleep(argument(0), argument(1), argument(2));
      case __NR_nanosleep:
        return read_sleep(CLOCK_MONOTONIC, 0, argument(0));
      case __NR_futex:
        return read_futex();
      case __NR_wait4:
        return (argument(2) & WNOHANG) != 0 ? false : wait(Kind::child);
      case __NR_waitid:
        return (argument(3) & WNOHANG) != 0 ? false : wait(Kind::child);
      case __NR_rt_sigsuspend:
        return wait(Kind::signal);
      case __NR_rt_sigtimedwait:
        return wait(Kind::signal, timespec_end(argument(2)));
#if defined(__x86_64__)
      case __NR_poll:
        return read_poll(milliseconds_end(argument(2)));
      case __NR_select:
        return read_select(timeval_end(argument(4)));
      case __NR_epoll_wait:
        return read_epoll(milliseconds_end(argument(3)));
      case __NR_pause:
        return wait(Kind::signal);
#endif
      default:
        return false;
    }
  }

 private:
  [[nodiscard]] std::uint64_t argument(std::size_t i) const { return call_.arguments[i]; }
  [[nodiscard]] nanoseconds after(nanoseconds span) const {
    return later_by(machine_.turns.clock.now(), std::max(span, nanoseconds()));
  }

  bool wait(Kind kind, nanoseconds end = kNever) {
    task_.awaits.kind = kind;
    task_.awaits.end = end;
    task_.awaits.order = ++machine_.waits;
    look_ = CommandLook::waits;
    return true;
  }

  // No address, no end.
  [[nodiscard]] nanoseconds timespec_end(std::uint64_t address) const {
    timespec time{};
    if (address == 0 || read_value(task_.thread, address, time) != 0) return kNever;
    return after(std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec));
  }
  [[nodiscard]] nanoseconds timeval_end(std::uint64_t address) const {
    timeval time{};
    if (address == 0 || read_value(task_.thread, address, time) != 0) return kNever;
    return after(std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec));
  }
  [[nodiscard]] nanoseconds milliseconds_end(std::uint64_t value) const {
    const auto count = static_cast<int>(value);
    return count < 0 ? kNever : after(std::chrono::milliseconds(count));
  }

  bool on_descriptor(short events) {
    const HeldFile& held = first_.held();
    const bool may_wait = held.is_open() && (S_ISFIFO(held.stat.st_mode) || S_ISSOCK(held.stat.st_mode) ||
                                             S_ISCHR(held.stat.st_mode) || (held.stat.st_mode & S_IFMT) == 0);
    if (!may_wait || (::fcntl(held.fd.get(), F_GETFL) & O_NONBLOCK) != 0) return false;
    task_.awaits.polled = {{static_cast<int>(argument(0)), events}};
    return wait(Kind::ready);
  }

  // What only asks goes on at once.
  bool wait_for_any(std::vector<CommandWait::Polled> polled, nanoseconds end) {
    if (end <= machine_.turns.clock.now()) return false;
    (void)wait(Kind::ready, end);
    task_.awaits.polled = std::move(polled);
    return true;
  }

  bool read_poll(nanoseconds end) {
    std::vector<pollfd> list(std::min<std::uint64_t>(argument(1), kPolledMax));
    if (read_memory(task_.thread, argument(0), std::as_writable_bytes(std::span(list))) != 0) return false;
    std::vector<CommandWait::Polled> polled;
    for (const pollfd& one : list) {
      if (one.fd >= 0) polled.push_back({one.fd, one.events});
    }
    return wait_for_any(std::move(polled), end);
  }

  bool read_select(nanoseconds end) {
    constexpr std::array<short, 3> kEvents{POLLIN, POLLOUT, POLLPRI};
    const auto count = static_cast<int>(std::min<std::uint64_t>(argument(0), FD_SETSIZE));
    std::vector<CommandWait::Polled> polled;
    for (std::size_t i = 0; i < kEvents.size(); ++i) {
      fd_set set;
      FD_ZERO(&set);
      const std::size_t bytes = static_cast<std::size_t>(count + 63) / 64 * 8;
      const auto whole = std::as_writable_bytes(std::span(&set, 1));
      if (argument(i + 1) == 0 || read_memory(task_.thread, argument(i + 1), whole.first(bytes)) != 0) continue;
      for (int fd = 0; fd < count; ++fd) {
        if (FD_ISSET(fd, &set)) polled.push_back({fd, kEvents[i]});
      }
    }
    return wait_for_any(std::move(polled), end);
  }

  bool read_epoll(nanoseconds end) { return wait_for_any({{static_cast<int>(argument(0)), POLLIN}}, end); }

  // A step, as in every world.
  bool read_sleep(std::uint64_t clock, std::uint64_t flags, std::uint64_t address) {
    timespec time{};
    if (read_value(task_.thread, address, time) != 0) return false;
    const nanoseconds span = std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
    nanoseconds end = after(span);
    if ((flags & TIMER_ABSTIME) != 0) {
      end = clock == CLOCK_REALTIME ? after(span - machine_.turns.clock.wall())
                                    : VirtualClock::moment_of(modelcache::Instant(span));
    }
    Step& step = task_.step;
    step = {};
    step.kind = StepKind::sleep_until;
    step.stage = machine_.turns.stage().stage;
    step.process = task_.process->planned;
    step.own_step = machine_.planned_of(task_).own_steps;
    step.program = task_.process->program;
    (void)wait(Kind::time, end);
    look_ = CommandLook::step;
    return true;
  }

  // futex(2) without the kernel's queue: who waits stays stopped.
  bool read_futex() {
    const auto operation = static_cast<int>(argument(1));
    const std::uint32_t bits = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT || (operation & FUTEX_CMD_MASK) == FUTEX_WAKE
                                   ? ~0U
                                   : static_cast<std::uint32_t>(argument(5));
    switch (operation & FUTEX_CMD_MASK) {
      case FUTEX_WAIT:
      case FUTEX_WAIT_BITSET:
        return futex_wait(operation, bits);
      case FUTEX_WAKE:
      case FUTEX_WAKE_BITSET:
        return futex_wake(argument(0), static_cast<std::uint32_t>(argument(2)), bits);
      case FUTEX_REQUEUE:
      case FUTEX_CMP_REQUEUE:  // as if all were woken: they look again, and wait where they must
        return futex_wake(argument(0), UINT32_MAX, ~0U);
      default:
        machine_.trouble = "process " + std::to_string(task_.process->planned) + " uses futex operation " +
                           std::to_string(operation & FUTEX_CMD_MASK) + ", which the world does not know";
        return true;
    }
  }

  bool futex_wait(int operation, std::uint32_t bits) {
    std::uint32_t now = 0;
    look_ = CommandLook::answered;
    if (const int error = read_value(task_.thread, argument(0), now))
      return machine_.stops.refuse(task_.call, error), true;
    if (now != static_cast<std::uint32_t>(argument(2))) return machine_.stops.refuse(task_.call, EAGAIN), true;
    nanoseconds end = kNever;
    timespec time{};
    if (argument(3) != 0 && read_value(task_.thread, argument(3), time) == 0) {
      const nanoseconds span = std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
      const bool is_absolute = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
      end = !is_absolute ? after(span)
            : (operation & FUTEX_CLOCK_REALTIME) != 0
                ? after(span - machine_.turns.clock.wall())
                : std::max(machine_.turns.clock.now(), VirtualClock::moment_of(modelcache::Instant(span)));
    }
    (void)wait(Kind::futex, end);
    task_.awaits.address = argument(0);
    task_.awaits.value = now;
    task_.awaits.bits = bits;
    return true;
  }

  // Who has waited for longest first.
  bool futex_wake(std::uint64_t address, std::uint32_t count, std::uint32_t bits) {
    std::vector<CommandTask*> waiting;
    for (CommandTask& other : machine_.tasks) {
      const bool waits = other.state == TaskState::waits && other.awaits.kind == Kind::futex && !other.awaits.is_woken;
      if (waits && other.process == task_.process && other.awaits.address == address &&
          (other.awaits.bits & bits) != 0) {
        waiting.push_back(&other);
      }
    }
    std::sort(waiting.begin(), waiting.end(),
              [](const CommandTask* a, const CommandTask* b) { return a->awaits.order < b->awaits.order; });
    if (waiting.size() > count) waiting.resize(count);
    for (CommandTask* const other : waiting) other->awaits.is_woken = true;
    (void)machine_.stops.answer(task_.call, static_cast<std::int64_t>(waiting.size()));
    look_ = CommandLook::answered;
    return true;
  }

  CommandMachine& machine_;
  CommandTask& task_;
  FirstArgument& first_;
  const StoppedCall& call_;
  CommandLook& look_;
};

}  // namespace

bool wait_of(CommandMachine& machine, CommandTask& task, FirstArgument& first, CommandLook& look) {
  return Blocking(machine, task, first, look).read();
}

}  // namespace stampede
