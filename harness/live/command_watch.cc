// Polls the listener and the processes; looks into /proc where nothing comes.
#include "harness/live/command_watch.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "harness/live/command_filter.h"
#include "harness/live/new_image.h"
#include "harness/live/process_memory.h"
#include "harness/plan/world_identity.h"

namespace stampede {
namespace {

// As in the watch of forked processes: real time decides no result, only when somebody looks.
constexpr int kLookMilliseconds = 200;
// How long the end of a task that was let go, or killed, may take.
constexpr int kEndMilliseconds = 10'000;

std::string line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string thread_directory(const CommandTask& task) {
  return "/proc/" + std::to_string(task.process->pid) + "/task/" + std::to_string(task.thread);
}

// The letter of proc(5), '?' where there is none any more.
char state_of(const std::string& directory) {
  const std::string stat = line_of(directory + "/stat");
  const auto end = stat.rfind(") ");
  return end == std::string::npos || end + 2 >= stat.size() ? '?' : stat[end + 2];
}

// The last number of a line of proc(5)'s status: the innermost one, where it lists several.
pid_t status_number(pid_t thread, std::string_view key) {
  std::ifstream status("/proc/" + std::to_string(thread) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(key)) continue;
    const auto last = line.find_last_of("\t ");
    return static_cast<pid_t>(std::strtol(line.c_str() + last, nullptr, 10));
  }
  return -1;
}
pid_t group_of(pid_t thread) { return status_number(thread, "Tgid:"); }

// What a clone-like call makes.
std::uint64_t clone_flags(const CommandTask& task) {
  std::uint64_t flags = 0;
  switch (task.call.number) {
    case __NR_clone:
      return task.call.arguments[0];
    case __NR_clone3:
      (void)read_value(task.thread, task.call.arguments[0], flags);  // the first member
      return flags;
#ifdef __NR_vfork
    case __NR_vfork:
      return CLONE_VFORK | CLONE_VM;
#endif
    default:
      return 0;
  }
}

bool makes_task(int number) {
#ifdef __NR_fork
  if (number == __NR_fork || number == __NR_vfork) return true;
#endif
  return number == __NR_clone || number == __NR_clone3;
}

}  // namespace

bool CommandWatch::is_anybody_running() const {
  return hellos_ > 0 || std::any_of(machine_.tasks.begin(), machine_.tasks.end(), [](const CommandTask& task) {
           return task.state == TaskState::running || task.bears;
         });
}

CommandTask* CommandWatch::task_of(pid_t thread) {
  for (CommandTask& task : machine_.tasks) {
    if (task.state != TaskState::gone && task.thread == thread) return &task;
  }
  return nullptr;
}

CommandTask& CommandWatch::add_task(CommandProcess& process, pid_t thread) {
  PlannedCommands& planned = machine_.planned.at(process.planned);
  if (planned.actors == kPlanActorsMax) {
    machine_.trouble = "process " + std::to_string(planned.number) + " made more than " +
                       std::to_string(kPlanActorsMax) + " processes and threads";
  }
  CommandTask& task = machine_.tasks.emplace_back();
  task.thread = thread;
  task.process = &process;
  task.actor = planned.number + kActorStride * planned.actors++;
  return task;
}

CommandProcess& CommandWatch::add_process(pid_t pid, std::uint32_t planned, CommandProcess* parent) {
  CommandProcess& process = machine_.processes.emplace_back();
  process.pid = pid;
  process.pidfd = OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  process.own_number = status_number(pid, "NStgid:");
  process.planned = planned;
  process.parent = parent;
  return process;
}

// One task at a time makes another, so whoever calls for the first time is the child of the one that bears.
CommandTask& CommandWatch::born(const StoppedCall& call) {
  const auto mother =
      std::find_if(machine_.tasks.begin(), machine_.tasks.end(), [](const CommandTask& task) { return task.bears; });
  CommandProcess& parent = *mother->process;
  mother->bears = false;
  if (group_of(call.thread) == parent.pid) return add_task(parent, call.thread);
  CommandProcess& child = add_process(call.thread, parent.planned, parent.has_ended ? nullptr : &parent);
  child.program = parent.program;
  if (mother->state == TaskState::vforked) child.vfork = &*mother;
  return add_task(child, call.thread);
}

void CommandWatch::take(const StoppedCall& call) {
  if (is_own_(call.thread)) {
    (void)machine_.stops.let_go(call);
    return;
  }
  CommandTask* task = task_of(call.thread);
  const bool is_hello = call.number == kMarkCall && call.arguments[0] == kCommandMark &&
                        call.arguments[1] == static_cast<std::uint64_t>(CommandMark::hello);
  const bool bears =
      std::any_of(machine_.tasks.begin(), machine_.tasks.end(), [](const auto& one) { return one.bears; });
  if (task == nullptr && is_hello && call.arguments[2] < machine_.planned.size() && hellos_ > 0) {
    said_hello_.emplace(call.arguments[2], call);
    if (--hellos_ == 0) begin_all();
    return;
  }
  if (task == nullptr && bears) {
    task = &born(call);
  } else if (task == nullptr) {
    (void)machine_.stops.let_go(call);  // of one that has not said hello yet
    return;
  }
  take_call(*task, call);
}

// In the order of the plan, whoever came first.
void CommandWatch::begin_all() {
  for (const auto& [number, call] : said_hello_) {
    PlannedCommands& planned = machine_.planned[number];
    planned.starter = &add_process(call.thread, planned.number, nullptr);
    planned.is_live = true;
    take_call(add_task(*planned.starter, call.thread), call);
  }
}

void CommandWatch::take_call(CommandTask& task, const StoppedCall& call) {
  task.call = call;
  task.state = TaskState::stopped;
  if (task.process->has_new_image) begin_image(task);
}

void CommandWatch::begin_image(CommandTask& task) {
  CommandProcess& process = *task.process;
  process.has_new_image = false;
  process.program = line_of("/proc/" + std::to_string(process.pid) + "/comm");
  const std::uint64_t seed = world_random(machine_.stage, process.planned, UINT32_MAX);
  if (const char* const trouble = tame_new_image(process.pid, seed); trouble != nullptr && machine_.trouble.empty()) {
    machine_.trouble = "process " + std::to_string(process.planned) + " executed " + process.program + ": " + trouble;
  }
  // Where nothing was executed after all, who waits in the kernel for that waits on.
  if (process.vfork != nullptr && process.vfork->state == TaskState::running &&
      state_of(thread_directory(*process.vfork)) == 'D') {
    process.vfork->state = TaskState::vforked;
  }
}

void CommandWatch::let_go(CommandTask& task) {
  const int number = task.call.number;
  CommandProcess& process = *task.process;
  task.state = TaskState::running;
  if (makes_task(number)) {
    task.bears = true;
    if ((clone_flags(task) & CLONE_VFORK) != 0) task.state = TaskState::vforked;
  } else if (number == __NR_execve || number == __NR_execveat) {
    process.has_new_image = true;
    if (process.vfork != nullptr) process.vfork->state = TaskState::running;
    for (CommandTask& other : machine_.tasks) {  // they end, and the caller takes the first one's number
      if (other.process == &process && &other != &task) other.state = TaskState::gone;
    }
    task.thread = process.pid;
  } else if (number == __NR_kill || number == __NR_tkill || number == __NR_tgkill) {
    machine_.were_signals_sent = true;
  } else if (number == __NR_exit) {
    let_thread_end(task);
    return;
  }
  (void)machine_.stops.let_go(task.call);
}

// The last thread's end is the process's, and seen as such.
void CommandWatch::let_thread_end(CommandTask& task) {
  const std::string directory = thread_directory(task);
  const bool is_last = std::none_of(machine_.tasks.begin(), machine_.tasks.end(), [&](const CommandTask& other) {
    return &other != &task && other.process == task.process && other.state != TaskState::gone;
  });
  (void)machine_.stops.let_go(task.call);
  if (is_last) return;
  task.state = TaskState::gone;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kEndMilliseconds);
  for (;;) {
    const char state = state_of(directory);
    if (state == '?' || state == 'Z' || state == 'X' || std::chrono::steady_clock::now() > end) return;
    ::sched_yield();
  }
}

void CommandWatch::end(CommandProcess& process) {
  process.has_ended = true;
  for (CommandTask& task : machine_.tasks) {
    if (task.process == &process) task.state = TaskState::gone;  // who bears may end before the child calls
  }
  if (process.vfork != nullptr && process.vfork->state == TaskState::vforked) {
    process.vfork->state = TaskState::running;
  }
  process.vfork = nullptr;
  for (CommandProcess& child : machine_.processes) {
    if (child.parent == &process) child.parent = nullptr;  // the stage takes it
  }
}

// A process that nobody waits for is reaped by the stage, in its own time; until then it still has its number, and
// others find it.
void CommandWatch::await_reaping() {
  const auto end_of_patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(kEndMilliseconds);
  for (CommandProcess& process : machine_.processes) {
    if (!process.has_ended || process.parent != nullptr || !process.pidfd.is_open()) continue;
    while (::syscall(SYS_pidfd_send_signal, process.pidfd.get(), 0, nullptr, 0) == 0 &&
           std::chrono::steady_clock::now() < end_of_patience) {
      ::sched_yield();
    }
    process.pidfd.reset();
  }
}

bool CommandWatch::take_ends() {
  bool any = false;
  for (std::size_t i = 1; i < polled_.size(); ++i) {
    if (polled_[i].revents == 0) continue;
    end(*watched_[i - 1]);
    any = true;
  }
  if (any) await_reaping();
  return any;
}

// A call that should have made a task may have failed: then its caller has gone on, and nobody else has come.
void CommandWatch::forget_births() {
  for (CommandTask& task : machine_.tasks) {
    if (task.bears && task.state != TaskState::running && task.state != TaskState::vforked) task.bears = false;
  }
}

std::string CommandWatch::look_at_those_who_run(bool is_late) {
  for (const CommandTask& task : machine_.tasks) {
    if (task.state != TaskState::running) continue;
    const std::string directory = thread_directory(task);
    const char state = state_of(directory);
    const std::string who = "process " + std::to_string(task.process->planned) + " (" + task.process->program + ")";
    if (state == 'S' || state == 'D' || state == 'T') {
      return who + " waits for something that the world does not know (" + line_of(directory + "/wchan") +
             ", system call " + std::to_string(task.call.number) + ")";
    }
    if (is_late) return who + " has computed for " + std::to_string(patience_.count()) + " ms without a step";
  }
  return is_late ? "a process that was started did not come" : "";
}

std::string CommandWatch::wait() {
  const auto began = std::chrono::steady_clock::now();
  int looks = 0;
  for (;;) {
    if (!machine_.trouble.empty()) return machine_.trouble;
    const bool is_over = !is_anybody_running();
    if (is_over && !machine_.were_signals_sent) return {};
    // Who was sent a signal may be ending of it.
    constexpr int kSignalMilliseconds = 5;
    watched_.clear();
    polled_.assign(1, {machine_.stops.descriptor(), POLLIN, 0});
    for (CommandProcess& process : machine_.processes) {
      if (process.has_ended) continue;
      watched_.push_back(&process);
      polled_.push_back({process.pidfd.get(), POLLIN, 0});
    }
    const int ready = ::poll(polled_.data(), polled_.size(), is_over ? kSignalMilliseconds : kLookMilliseconds);
    if (is_over) machine_.were_signals_sent = false;
    if (ready < 0 && errno != EINTR) return "poll failed";
    if (ready > 0) {
      looks = 0;
      const bool any_ended = take_ends();
      if ((polled_[0].revents & POLLIN) != 0) {
        if (const auto call = machine_.stops.receive()) take(*call);
      } else if (!any_ended) {
        return "nobody can be watched any more";
      }
    } else if (ready == 0 && !is_over && ++looks > 1) {
      forget_births();
      const bool is_late = std::chrono::steady_clock::now() - began >= patience_;
      if (std::string trouble = look_at_those_who_run(is_late); !trouble.empty()) return trouble;
    }
  }
}

void CommandWatch::kill(std::uint32_t planned, const CommandProcess* spared) {
  const auto end_of_patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(kEndMilliseconds);
  for (;;) {
    watched_.clear();
    polled_.assign(1, {-1, 0, 0});
    for (CommandProcess& process : machine_.processes) {
      if (process.has_ended || process.planned != planned || &process == spared) continue;
      (void)::syscall(SYS_pidfd_send_signal, process.pidfd.get(), SIGKILL, nullptr, 0);
      watched_.push_back(&process);
      polled_.push_back({process.pidfd.get(), POLLIN, 0});
    }
    for (CommandTask& task : machine_.tasks) {
      if (task.process->planned == planned && task.process != spared) task.bears = false;
    }
    if (watched_.empty() || std::chrono::steady_clock::now() > end_of_patience) return;
    if (::poll(polled_.data(), polled_.size(), kLookMilliseconds) > 0) (void)take_ends();
  }
}

}  // namespace stampede
