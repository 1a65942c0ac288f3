// Receives calls; looks into /proc where none comes.
#include "harness/live/live_watch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "harness/live/call_reader.h"
#include "harness/live/program_start.h"

namespace stampede {
namespace {

// Real time, so it decides no result: a process that computes goes on, one that sleeps in a call of which the world
// knows nothing is out of control. Many ticks pass before that is looked at, since there may be bad luck between a stop
// and its notice.
constexpr std::chrono::milliseconds kTick{20};
constexpr int kTicksBeforeLook = 20;

// The state letter of proc(5), and where in the kernel it waits.
struct Whereabouts {
  char state = '?';
  std::string place;
};

std::string content_of(const std::string& path) {
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> text;
  const ssize_t size = fd.is_open() ? ::read(fd.get(), text.data(), text.size()) : -1;
  return size <= 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
}

Whereabouts whereabouts_of(pid_t pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  const std::string stat = content_of(directory + "/stat");
  const auto end = stat.rfind(") ");
  return {end == std::string::npos || end + 2 >= stat.size() ? '?' : stat[end + 2], content_of(directory + "/wchan")};
}

}  // namespace

WatchedProcess* LiveWatch::stopped_thread(pid_t thread) {
  for (WatchedProcess& process : machine_.processes) {
    if (process.is_live && process.pid == thread) return &process;
  }
  return nullptr;
}

std::string LiveWatch::take_stop(const StoppedCall& call) {
  WatchedProcess* const process = stopped_thread(call.thread);
  if (process == nullptr) {
    // A child that a process made would outlive it; of a thread, its whole process dies.
    (void)::kill(call.thread, SIGKILL);
    return "thread " + std::to_string(call.thread) + " made system call " + std::to_string(call.number) +
           ", and is none of the processes' first threads";
  }
  if (call.number == __NR_exit_group) {
    (void)machine_.stops.let_go(call);
    process->exit_status = reap(process->pid);
    take_end(*process);
    return {};
  }
  on_stop(*process);
  if (present(machine_, *process, call)) {
    process->is_running = false;
    on_step(*process);
  }
  return {};
}

// It is reaped.
void LiveWatch::take_end(WatchedProcess& process) {
  process.is_running = false;
  process.pid = -1;
  on_stop(process);
  on_end(process);
}

bool LiveWatch::does_anybody_run() const {
  return std::any_of(machine_.processes.begin(), machine_.processes.end(),
                     [](const WatchedProcess& process) { return process.is_live && process.is_running; });
}

std::string LiveWatch::look_at_those_who_run(bool is_late) {
  for (const WatchedProcess& process : machine_.processes) {
    if (!process.is_live || !process.is_running) continue;
    const Whereabouts at = whereabouts_of(process.pid);
    const std::string who = "process " + std::to_string(process.number);
    if (at.state == 'S' || at.state == 'D' || at.state == 'T') {
      return who + " waits for something that the world does not know (" + at.place + ")";
    }
    if (is_late) return who + " has computed for " + std::to_string(patience_.count()) + " ms without a step";
  }
  return {};
}

// A tick came, or the caller of the call that came has died meanwhile. Who crashed or was killed from outside made no
// call that would tell.
std::string LiveWatch::take_silence() {
  for (WatchedProcess& process : machine_.processes) {
    if (!process.is_live || !process.is_running) continue;
    if (::waitpid(process.pid, &process.exit_status, WNOHANG) == process.pid) {
      silent_ticks_ = 0;
      take_end(process);
    }
  }
  if (++silent_ticks_ % kTicksBeforeLook != 0) return {};
  return look_at_those_who_run(silent_ticks_ * kTick >= patience_);
}

void LiveWatch::begin() { ticks_.turn_on(kTick); }

std::string LiveWatch::wait() {
  silent_ticks_ = 0;
  while (does_anybody_run()) {
    int error = 0;
    const auto call = machine_.stops.receive(error);
    if (!call && error != EINTR && error != ENOENT) return "nobody can be watched any more";
    if (call) silent_ticks_ = 0;
    if (std::string trouble = call ? take_stop(*call) : take_silence(); !trouble.empty()) return trouble;
  }
  return {};
}

// It is a child that nobody has reaped, so the number is still its own.
void LiveWatch::kill(WatchedProcess& process) {
  if (process.pid < 0) return;
  (void)::kill(process.pid, SIGKILL);
  process.exit_status = reap(process.pid);
  process.is_running = false;
  process.pid = -1;
}

}  // namespace stampede
