// Receives calls; looks at the processes, and into /proc, where none comes.
#include "harness/live/command_watch.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "harness/live/command_filter.h"
#include "harness/live/new_image.h"
#include "harness/live/poll_one.h"
#include "harness/live/process_memory.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

// As in the watch of forked processes: real time decides no result, only when somebody looks.
constexpr std::chrono::milliseconds kTick{20};
constexpr int kTicksBeforeLook = 10;
constexpr int kSignalMilliseconds = 5;
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

bool has_ended_within(const CommandProcess& process, int milliseconds) {
  return poll_one(process.pidfd.get(), POLLIN, milliseconds) != 0;
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
  task.number = planned.number + kActorStride * planned.actors++;
  task.machine = &machine_;
  machine_.turns.add(task);
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
  const std::uint64_t seed = world_random(machine_.turns.stage().stage, process.planned, UINT32_MAX);
  if (const char* const trouble = tame_new_image(process.pid, seed); trouble != nullptr && machine_.trouble.empty()) {
    machine_.trouble = "process " + std::to_string(process.planned) + " executed " + process.program + ": " + trouble;
  }
  if (process.vfork == nullptr) return;
  // Where nothing was executed after all, who waits in the kernel for that waits on; else it never waits for this
  // again.
  const bool waits = process.vfork->state == TaskState::running && state_of(thread_directory(*process.vfork)) == 'D';
  if (waits) {
    process.vfork->state = TaskState::vforked;
  } else {
    process.vfork = nullptr;
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
  } else if (number == __NR_exit_group) {
    (void)machine_.stops.let_go(task.call);
    await_end(process);
    await_reaping();
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

void CommandWatch::note_end(CommandProcess& process) {
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

// Those that ended of a signal, or unseen.
bool CommandWatch::take_ends() {
  bool any = false;
  for (CommandProcess& process : machine_.processes) {
    if (process.has_ended || !has_ended_within(process, 0)) continue;
    note_end(process);
    any = true;
  }
  if (any) await_reaping();
  return any;
}

// It was let go for its end, or killed.
void CommandWatch::await_end(CommandProcess& process) {
  if (!has_ended_within(process, kEndMilliseconds) && machine_.trouble.empty()) {
    machine_.trouble = "process " + std::to_string(process.planned) + " (" + process.program + ") does not end";
  }
  note_end(process);
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

// Who was sent a signal may be ending of it, or handle it.
void CommandWatch::await_signalled() {
  if (!std::exchange(machine_.were_signals_sent, false)) return;
  std::vector<pollfd> polled{{machine_.stops.descriptor(), POLLIN, 0}};
  for (const CommandProcess& process : machine_.processes) {
    if (!process.has_ended) polled.push_back({process.pidfd.get(), POLLIN, 0});
  }
  while (::poll(polled.data(), polled.size(), kSignalMilliseconds) < 0 && errno == EINTR) {
  }
  (void)take_ends();
  if ((polled.front().revents & POLLIN) == 0) return;
  if (const auto call = machine_.stops.receive()) take(*call);
}

// No call came at this tick.
std::string CommandWatch::take_silence(int ticks) {
  if (take_ends() || ticks % kTicksBeforeLook != 0) return {};
  forget_births();
  return look_at_those_who_run(ticks * kTick >= patience_);
}

void CommandWatch::begin(std::size_t planned) {
  hellos_ = planned;
  said_hello_.clear();
  ticks_.turn_on(kTick);
}

std::string CommandWatch::wait() {
  if (machine_.trouble.empty() && !is_anybody_running()) await_signalled();
  int ticks = 0;
  std::string trouble;
  while (trouble.empty() && machine_.trouble.empty() && is_anybody_running()) {
    int error = 0;
    const auto call = machine_.stops.receive(error);
    if (call) {
      ticks = 0;
      take(*call);
    } else if (error == EINTR || error == ENOENT) {  // a tick, or the caller died meanwhile
      trouble = take_silence(++ticks);
    } else {
      trouble = "nobody can be watched any more";
    }
    if (trouble.empty() && !is_anybody_running()) await_signalled();
  }
  return machine_.trouble.empty() ? trouble : machine_.trouble;
}

void CommandWatch::kill(std::uint32_t planned, const CommandProcess* spared) {
  const auto is_meant = [&](const CommandProcess& process) {
    return !process.has_ended && process.planned == planned && &process != spared;
  };
  for (CommandTask& task : machine_.tasks) {
    if (task.process->planned == planned && task.process != spared) task.bears = false;
  }
  for (const CommandProcess& process : machine_.processes) {
    if (is_meant(process)) (void)::syscall(SYS_pidfd_send_signal, process.pidfd.get(), SIGKILL, nullptr, 0);
  }
  for (CommandProcess& process : machine_.processes) {
    if (is_meant(process)) await_end(process);
  }
  await_reaping();
}

}  // namespace stampede
