// A stage of executed commands: started, moved one at a time, met by faults, and ended.
#include "harness/live/command_world.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "harness/live/command_filter.h"
#include "harness/live/command_machine.h"
#include "harness/live/command_reader.h"
#include "harness/live/command_taker.h"
#include "harness/live/command_waits.h"
#include "harness/live/command_watch.h"
#include "harness/live/live_scratch.h"
#include "harness/live/on_one_core.h"
#include "harness/live/process_slots.h"
#include "harness/plan/sanitized.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;
using std::chrono::nanoseconds;

// Of standard output and error together, as in the free world.
constexpr off_t kOutputBytesMax = 1 << 20;

std::string name_of_planned(std::uint32_t number) { return "process " + std::to_string(number); }

}  // namespace

class CommandWorld::Impl {
 public:
  Impl(const LiveOptions& options, ProcessSlots slots)
      : core_(options.core), slots_(std::move(slots)), patience_(options.patience) {}

  Result<void> begin(const LiveOptions& options) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
      limit.rlim_cur = limit.rlim_max;
      (void)::setrlimit(RLIMIT_NOFILE, &limit);
    }
    auto zygote = CommandZygote::start(options.zygote, slots_);
    if (!zygote) return fail(std::move(zygote.error()));
    zygote_.emplace(std::move(*zygote));
    machine_.emplace(zygote_->take_listener());
    taker_.emplace(*machine_);
    watch_.emplace(*machine_, [this](pid_t thread) { return zygote_->is_own(thread); }, patience_);
    if (!watch_->is_ready()) return fail(ErrorCode::exhausted, "start live world", "timer", std::strerror(errno));
    if (auto listens = machine_->links.listen(); !listens) return listens;
    if (!options.directory.empty()) return machine_->files.use(options.directory);
    auto scratch = LiveScratch::make();
    if (!scratch) return fail(std::move(scratch.error()));
    scratch_.emplace(std::move(*scratch));
    return machine_->files.use(scratch_->path());
  }

  CommandMachine& machine() { return *machine_; }
  CommandZygote& zygote() { return *zygote_; }
  void set_private_directories(std::vector<std::string> names) { private_directories_ = std::move(names); }
  [[nodiscard]] const std::array<std::uint64_t, kProcessFaultKinds>& faults_met() const {
    return machine_->turns.faults_met();
  }

  Result<void> clear(Peers& peers) {
    machine_->links.clear();
    turns().clear(peers);
    machine_->disk.set_wall_time(turns().clock.coarse_wall());
    if (auto cleared = machine_->disk.clear(); !cleared) return cleared;
    for (const std::string& name : private_directories_) {
      (void)::mkdir((machine_->files.root() + "/" + name).c_str(), 0700);
    }
    return {};
  }

  void let_time_pass(nanoseconds time) {
    turns().let_time_pass(time);
    note_time();
  }

  StageEnd run(const Stage& stage, Strategy& strategy, Observer& observer) {
    if (const auto started = start(stage, strategy, observer); !started) {
      watch_->end();
      lose_control(started.error().message());
      return turns().finish();
    }
    while (settle()) {
      CommandTask* const task = decide();
      if (task != nullptr) move(*task);
      if (!turns().end().stuck.empty() || !turns().end().uncontrolled.empty()) break;
    }
    for (PlannedCommands& planned : machine_->planned) {
      if (planned.is_live) kill(planned, ProcessEnd::abandoned);
    }
    watch_->end();
    zygote_->end_stage(machine_->stops);
    machine_->links.settle();
    for (const PlannedCommands& planned : machine_->planned) turns().end().own_steps.push_back(planned.own_steps);
    return turns().finish();
  }

 private:
  TurnEngine& turns() { return machine_->turns; }
  void lose_control(std::string why) { turns().end().uncontrolled = std::move(why); }

  Result<void> start(const Stage& stage, Strategy& strategy, Observer& observer) {
    turns().begin(stage, stage.processes.size(), {}, strategy, observer, machine_->disk);
    machine_->trouble.clear();
    machine_->tasks.clear();
    machine_->processes.clear();
    machine_->planned.clear();
    std::vector<unsigned> umasks;
    for (const StageProcess& process : stage.processes) {
      const auto number = static_cast<std::uint32_t>(machine_->planned.size());
      if (number >= ProcessSlots::kSlots || !slots_.set_job(number, print_commands(process.commands))) {
        return fail(ErrorCode::too_large, "start", "processes", "too many, or a job too large for its slot");
      }
      umasks.push_back(process.umask);
      PlannedCommands& planned = machine_->planned.emplace_back();
      planned.number = number;
      planned.umask = process.umask;
    }
    watch_->begin(machine_->planned.size());
    return zygote_->start_stage(machine_->stops, static_cast<std::uint32_t>(machine_->planned.size()), umasks,
                                [this](const StoppedCall& call) { watch_->take(call); });
  }

  // -- between steps -------------------------------------------------------------------------------------------------

  // Lets everybody run, one after the other, until each presents a step, waits, or has ended. False where nobody is
  // left, or the world lost control.
  bool settle() {
    const auto began = std::chrono::steady_clock::now();
    for (;;) {
      lose_control(watch_->wait());
      if (!turns().end().uncontrolled.empty()) return false;
      machine_->links.settle();
      if (!machine_->too_much.empty()) end_too_much();
      note_ends();
      if (CommandTask* const task = first_stopped()) {
        look(*task);
      } else if (CommandTask* const waiting = first_ready()) {
        if (end_wait(*machine_, *waiting)) waiting->state = TaskState::running;
      } else {
        return is_anybody_live();
      }
      if (std::chrono::steady_clock::now() - began > patience_) {
        lose_control("commands have made system calls for " + std::to_string(patience_.count()) +
                     " ms without a step on the cache directory or the server");
        return false;
      }
    }
  }

  [[nodiscard]] bool is_anybody_live() const {
    return std::any_of(machine_->planned.begin(), machine_->planned.end(),
                       [](const PlannedCommands& planned) { return planned.is_live; });
  }

  CommandTask* first_stopped() {
    for (CommandTask& task : machine_->tasks) {
      if (task.state == TaskState::stopped) return &task;
    }
    return nullptr;
  }
  CommandTask* first_ready() {
    for (CommandTask& task : machine_->tasks) {
      if (task.state == TaskState::waits && task.has_come()) return &task;
    }
    return nullptr;
  }

  void look(CommandTask& task) {
    if (task.call.number == kMarkCall) return take_mark(task);
    if (const int error = exec_error(task)) {
      task.state = TaskState::running;
      (void)machine_->stops.refuse(task.call, error);
      return;
    }
    switch (look_at(*machine_, task)) {
      case CommandLook::step:
        task.state = TaskState::presents;
        present(machine_->planned_of(task));
        break;
      case CommandLook::waits:
        task.state = TaskState::waits;
        break;
      case CommandLook::answered:
        if (machine_->trouble.empty()) task.state = TaskState::running;
        break;
      case CommandLook::passes:
        if (task.call.number == __NR_write) look_at_output(task);
        watch_->let_go(task);
        break;
    }
  }

  // Whether an execve would find its program: one that fails would leave it open whose call comes next.
  int exec_error(const CommandTask& task) {
    if (task.call.number != __NR_execve) return 0;
    const std::string path =
        machine_->files.path_of(task, static_cast<std::uint64_t>(AT_FDCWD), task.call.arguments[0]);
    if (path.empty()) return 0;  // the kernel says why
    struct stat stat{};
    if (::stat(path.c_str(), &stat) != 0) return errno;
    if (!S_ISREG(stat.st_mode)) return EACCES;
    return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
  }

  void look_at_output(const CommandTask& task) {
    const PlannedCommands& planned = machine_->planned_of(task);
    struct stat stat{};
    if (!planned.output.is_open() || ::fstat(planned.output.get(), &stat) != 0) return;
    if (stat.st_size > kOutputBytesMax) machine_->too_much = std::to_string(planned.number);
  }
  void end_too_much() {
    PlannedCommands& planned = machine_->planned.at(std::stoul(std::exchange(machine_->too_much, "")));
    if (!planned.is_live) return;
    turns().end().crashes.push_back(name_of_planned(planned.number) + " wrote more than " +
                                    std::to_string(kOutputBytesMax) + " bytes to its standard output and error");
    kill(planned, ProcessEnd::abandoned);
  }

  void take_mark(CommandTask& task) {
    PlannedCommands& planned = machine_->planned_of(task);
    const auto& arguments = task.call.arguments;
    switch (static_cast<CommandMark>(arguments[1])) {
      case CommandMark::begins: {
        const auto& commands = turns().stage().processes[planned.number].commands;
        const std::string& output = commands.at(arguments[2]).output;
        planned.output = OwnedFd(::open(output.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
        break;
      }
      case CommandMark::ends:
        planned.output.reset();
        end_leftovers(planned, static_cast<std::uint32_t>(arguments[2]));
        if (turns().stage().on_report) {
          turns().stage().on_report(planned.number, {.command = static_cast<std::uint32_t>(arguments[2]),
                                                     .status = static_cast<int>(arguments[3]),
                                                     .actors = planned.actors});
        }
        break;
      case CommandMark::hello:
      case CommandMark::failed:
        break;
    }
    task.state = TaskState::running;
    (void)machine_->stops.answer(task.call, 0);
  }

  // What a command started and left alive: nobody waits for it any more.
  void end_leftovers(PlannedCommands& planned, std::uint32_t command) {
    for (const CommandProcess& process : machine_->processes) {
      if (process.has_ended || process.planned != planned.number || &process == planned.starter) continue;
      turns().end().crashes.push_back(name_of_planned(planned.number) + ": command " + std::to_string(command) +
                                      " ended and left a process running (" + process.program + ")");
      watch_->kill(planned.number, planned.starter);
      return;
    }
  }

  void note_ends() {
    for (PlannedCommands& planned : machine_->planned) {
      if (planned.is_live && planned.starter->has_ended) end(planned, ProcessEnd::ended);
    }
  }

  // -- decisions -----------------------------------------------------------------------------------------------------

  // Null where time had to pass first, or nobody can ever move again.
  CommandTask* decide() {
    for (CommandTask& task : machine_->tasks) {
      const PlannedCommands& planned = machine_->planned_of(task);
      task.is_live = task.state != TaskState::gone && planned.is_live;
      task.stopped_until = planned.stopped_until;
      task.wait_end = task.awaits.end;
      task.wait = task.state != TaskState::presents                ? ScheduledProcess::Wait::away
                  : task.awaits.kind == CommandWait::Kind::nothing ? ScheduledProcess::Wait::nothing
                  : task.awaits.kind == CommandWait::Kind::time    ? ScheduledProcess::Wait::time
                                                                   : ScheduledProcess::Wait::other;
    }
    auto* const chosen = static_cast<CommandTask*>(turns().decide());
    note_time();
    if (turns().end().is_deadlock) turns().end().stuck += who_waits();
    if (chosen == nullptr && !turns().has_time_passed() && turns().end().stuck.empty()) {
      lose_control("nobody is left who could move, though a process of the plan has not ended");
    }
    return chosen;
  }

  [[nodiscard]] std::string who_waits() const {
    std::string text;
    for (const CommandTask& task : machine_->tasks) {
      const bool is_lock = task.state == TaskState::presents && task.awaits.kind == CommandWait::Kind::lock;
      if (is_lock) text += "; " + name_of_planned(task.process->planned) + " waits for " + task.step.path;
    }
    return text;
  }

  // Time may have passed.
  void note_time() {
    machine_->disk.set_wall_time(turns().clock.coarse_wall());
    machine_->links.settle();
  }

  void present(PlannedCommands& planned) { turns().present(planned.number, planned.own_steps, planned.stopped_until); }

  // -- steps ---------------------------------------------------------------------------------------------------------

  void move(CommandTask& task) {
    PlannedCommands& planned = machine_->planned_of(task);
    const TurnEngine::Met met = turns().meet(planned.number, planned.own_steps);
    if (met == TurnEngine::Met::dies_before) {
      task.died_before_step = true;
      return kill(planned, ProcessEnd::killed);
    }
    turns().begin_step();
    machine_->disk.set_wall_time(turns().clock.coarse_wall());
    task.step.own_step = planned.own_steps;
    task.step.actor = ActorStep{task.number, task.own_steps};
    const CommandAnswer answer = taker_->take(task);
    ++planned.own_steps;
    turns().complete(task);
    if (met == TurnEngine::Met::dies_after) return kill(planned, ProcessEnd::killed);
    taker_->tell(task, answer);
  }

  void kill(PlannedCommands& planned, ProcessEnd how) {
    watch_->kill(planned.number, nullptr);
    machine_->links.settle();
    end(planned, how);
  }

  void end(PlannedCommands& planned, ProcessEnd how) {
    planned.is_live = false;
    planned.output.reset();
    turns().end_process(planned.number, how);
  }

  OnOneCore core_;
  std::optional<LiveScratch> scratch_;
  ProcessSlots slots_;
  std::chrono::milliseconds patience_;
  std::vector<std::string> private_directories_;
  std::optional<CommandZygote> zygote_;
  std::optional<CommandMachine> machine_;
  std::optional<CommandTaker> taker_;
  std::optional<CommandWatch> watch_;
};

CommandWorld::CommandWorld(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CommandWorld::~CommandWorld() = default;

Result<std::unique_ptr<CommandWorld>> CommandWorld::start(const LiveOptions& options) {
  if (kIsSanitized) {
    return fail(ErrorCode::denied, "start live world", "this program",
                "built with a sanitizer, whose runtime makes system calls of its own: they would be steps");
  }
  auto slots = ProcessSlots::make();
  if (!slots) return fail(std::move(slots.error()));
  auto impl = std::make_unique<Impl>(options, std::move(*slots));
  if (auto begun = impl->begin(options); !begun) return fail(std::move(begun.error()));
  return std::unique_ptr<CommandWorld>(new CommandWorld(std::move(impl)));
}

const std::string& CommandWorld::root() const { return impl_->machine().files.root(); }
void CommandWorld::set_private_directories(std::vector<std::string> names) {
  impl_->set_private_directories(std::move(names));
}
Result<void> CommandWorld::clear(Peers& peers) { return impl_->clear(peers); }
StageEnd CommandWorld::run(const Stage& stage, Strategy& strategy, Observer& observer) {
  return impl_->run(stage, strategy, observer);
}
const DiskView& CommandWorld::disk() const { return impl_->machine().disk; }
void CommandWorld::write_file(std::string_view path, std::span<const std::byte> bytes) {
  impl_->machine().disk.write_file(path, bytes);
}
void CommandWorld::remove_name(std::string_view path) { impl_->machine().disk.remove_name(path); }
void CommandWorld::set_read_only(bool is_read_only) { impl_->machine().disk.set_read_only(is_read_only); }
void CommandWorld::let_time_pass(nanoseconds time) { impl_->let_time_pass(time); }
const std::array<std::uint64_t, kProcessFaultKinds>& CommandWorld::process_faults_met() const {
  return impl_->faults_met();
}
bool CommandWorld::has_process_numbers() const { return impl_->zygote().has_numbers(); }

}  // namespace stampede
