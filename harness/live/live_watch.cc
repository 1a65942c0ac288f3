// Polls the listener and the processes; looks into /proc where nothing comes.
#include "harness/live/live_watch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "harness/live/call_reader.h"

namespace stampede {
namespace {

// How long nothing comes before the world looks what the process does. Real time, so it decides no result: a process
// that computes goes on, one that sleeps in a call of which the world knows nothing is out of control.
constexpr int kLookMilliseconds = 200;

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

std::string LiveWatch::take_stop() {
  const auto call = machine_.stops.receive();
  if (!call) return {};
  WatchedProcess* const process = stopped_thread(call->thread);
  if (process == nullptr) {
    // A child that a process made would outlive it; of a thread, its whole process dies.
    (void)::kill(call->thread, SIGKILL);
    return "thread " + std::to_string(call->thread) + " made system call " + std::to_string(call->number) +
           ", and is none of the processes' first threads";
  }
  on_stop(*process);
  if (present(machine_, *process, *call)) {
    process->is_running = false;
    on_step(*process);
  }
  return {};
}

bool LiveWatch::take_ends() {
  bool any = false;
  for (std::size_t i = 1; i < polled_.size(); ++i) {
    if (polled_[i].revents == 0) continue;
    WatchedProcess& process = *running_[i - 1];
    while (::waitpid(process.pid, &process.exit_status, 0) < 0 && errno == EINTR) {
    }
    process.is_running = false;
    process.pidfd.reset();
    any = true;
    on_stop(process);
    on_end(process);
  }
  return any;
}

std::string LiveWatch::look_at_those_who_run(std::chrono::steady_clock::time_point since) {
  const bool is_late = std::chrono::steady_clock::now() - since >= patience_;
  for (const WatchedProcess* const process : running_) {
    const Whereabouts at = whereabouts_of(process->pid);
    const std::string who = "process " + std::to_string(process->number);
    if (at.state == 'S' || at.state == 'D' || at.state == 'T') {
      return who + " waits for something that the world does not know (" + at.place + ")";
    }
    if (is_late) return who + " has computed for " + std::to_string(patience_.count()) + " ms without a step";
  }
  return {};
}

std::string LiveWatch::wait() {
  const auto began = std::chrono::steady_clock::now();
  int looks = 0;
  for (;;) {
    running_.clear();
    polled_.assign(1, {machine_.stops.descriptor(), POLLIN, 0});
    for (WatchedProcess& process : machine_.processes) {
      if (!process.is_live || !process.is_running) continue;
      running_.push_back(&process);
      polled_.push_back({process.pidfd.get(), POLLIN, 0});
    }
    if (running_.empty()) return {};
    const int ready = ::poll(polled_.data(), polled_.size(), kLookMilliseconds);
    if (ready < 0 && errno != EINTR) return std::string("poll failed");
    if (ready > 0) {
      looks = 0;
      if ((polled_[0].revents & POLLIN) != 0) {
        if (std::string trouble = take_stop(); !trouble.empty()) return trouble;
      } else if (!take_ends()) {
        return "nobody can be watched any more";
      }
    } else if (ready == 0 && ++looks > 1) {  // the first may be bad luck between a stop and its notice
      if (std::string trouble = look_at_those_who_run(began); !trouble.empty()) return trouble;
    }
  }
}

void LiveWatch::kill(WatchedProcess& process) {
  if (process.pid < 0 || !process.pidfd.is_open()) return;
  (void)::syscall(SYS_pidfd_send_signal, process.pidfd.get(), SIGKILL, nullptr, 0);
  while (::waitpid(process.pid, &process.exit_status, 0) < 0 && errno == EINTR) {
  }
  process.is_running = false;
  process.pidfd.reset();
}

}  // namespace stampede
