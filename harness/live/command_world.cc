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
#include "harness/live/command_schedule.h"
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
  [[nodiscard]] const std::array<std::uint64_t, kProcessFaultKinds>& faults_met() const { return faults_met_; }

  Result<void> clear(Peers& peers) {
    machine_->clock.clear();
    machine_->links.clear();
    machine_->network.clear(peers);
    machine_->disk.set_wall_time(machine_->clock.coarse_wall());
    if (auto cleared = machine_->disk.clear(); !cleared) return cleared;
    for (const std::string& name : private_directories_) {
      (void)::mkdir((machine_->files.root() + "/" + name).c_str(), 0700);
    }
    return {};
  }

  void let_time_pass(nanoseconds time) { pass_time_to(later_by(machine_->clock.now(), time)); }

  Result<LiveStageEnd> run(const CommandStage& stage, Strategy& strategy, Observer& observer) {
    stage_ = &stage;
    observer_ = &observer;
    end_ = {};
    faults_met_.fill(0);
    machine_->faults.begin(stage.disk, stage.process_faults);
    schedule_.begin(strategy);
    begin_time_ = machine_->clock.now();
    if (auto started = start(); !started) {
      watch_->end();
      return fail(std::move(started.error()));
    }
    while (settle()) {
      CommandTask* const task = decide();
      if (task != nullptr) move(*task);
      if (!end_.stuck.empty() || !end_.uncontrolled.empty()) break;
    }
    for (PlannedCommands& planned : machine_->planned) {
      if (planned.is_live) kill(planned, ProcessEnd::abandoned);
    }
    watch_->end();
    zygote_->end_stage(machine_->stops);
    machine_->links.settle();
    for (const PlannedCommands& planned : machine_->planned) end_.own_steps.push_back(planned.own_steps);
    end_.virtual_time = machine_->clock.now() - begin_time_;
    return std::move(end_);
  }

 private:
  Result<void> start() {
    machine_->stage = stage_->stage;
    machine_->trouble.clear();
    machine_->tasks.clear();
    machine_->processes.clear();
    machine_->planned.clear();
    std::vector<unsigned> umasks;
    for (const CommandsOfProcess& process : stage_->processes) {
      const auto number = static_cast<std::uint32_t>(machine_->planned.size());
      if (number >= ProcessSlots::kSlots || !slots_.set_job(number, print_commands(process.commands))) {
        return fail(ErrorCode::too_large, "start", "processes", "too many, or a job too large for its slot");
      }
      umasks.push_back(process.umask);
      PlannedCommands& planned = machine_->planned.emplace_back();
      planned.number = number;
      planned.umask = process.umask;
    }
    end_.ends.assign(machine_->planned.size(), ProcessEnd::ended);
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
      end_.uncontrolled = watch_->wait();
      if (!end_.uncontrolled.empty()) return false;
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
        end_.uncontrolled = "commands have made system calls for " + std::to_string(patience_.count()) +
                            " ms without a step on the cache directory or the server";
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
      if (task.state == TaskState::waits && has_come(*machine_, task)) return &task;
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
        take_stops(machine_->planned_of(task));
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
    end_.crashes.push_back(name_of_planned(planned.number) + " wrote more than " + std::to_string(kOutputBytesMax) +
                           " bytes to its standard output and error");
    kill(planned, ProcessEnd::abandoned);
  }

  void take_mark(CommandTask& task) {
    PlannedCommands& planned = machine_->planned_of(task);
    const auto& arguments = task.call.arguments;
    switch (static_cast<CommandMark>(arguments[1])) {
      case CommandMark::begins: {
        const auto& commands = stage_->processes[planned.number].commands;
        const std::string& output = commands.at(arguments[2]).output;
        planned.output = OwnedFd(::open(output.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
        break;
      }
      case CommandMark::ends:
        planned.output.reset();
        end_leftovers(planned, static_cast<std::uint32_t>(arguments[2]));
        if (stage_->on_end) {
          stage_->on_end(planned.number, static_cast<std::uint32_t>(arguments[2]), static_cast<int>(arguments[3]),
                         planned.actors);
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
      end_.crashes.push_back(name_of_planned(planned.number) + ": command " + std::to_string(command) +
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

  [[nodiscard]] bool can_move(CommandTask& task) {
    return task.state == TaskState::presents && machine_->clock.now() >= machine_->planned_of(task).stopped_until &&
           has_come(*machine_, task);
  }

  // Null where time had to pass first, or nobody can ever move again.
  CommandTask* decide() {
    if (end_.steps >= stage_->steps_max) {
      end_.stuck = "the bound of " + std::to_string(stage_->steps_max) + " steps was reached";
      return nullptr;
    }
    std::vector<CommandTask*> able;
    for (CommandTask& task : machine_->tasks) {
      const bool may_sleep_on =
          stage_->time_runs_first && task.state == TaskState::presents && task.wait.kind == CommandWait::Kind::time;
      if (can_move(task) || may_sleep_on) able.push_back(&task);
    }
    if (!able.empty()) {
      CommandTask& chosen = schedule_.choose(able, machine_->clock.now(), end_);
      if (chosen.wait.kind == CommandWait::Kind::time) pass_time_to(chosen.wait.end);
      return &chosen;
    }
    nanoseconds first = machine_->network.first_pause_end();
    for (CommandTask& task : machine_->tasks) {
      if (task.state != TaskState::presents && task.state != TaskState::waits) continue;
      const nanoseconds stopped = machine_->planned_of(task).stopped_until;
      const bool is_held = task.state == TaskState::presents && stopped > machine_->clock.now();
      first = std::min(first, is_held ? stopped : coming_of(task));
    }
    if (first == kNever) {
      end_.is_deadlock = true;
      end_.stuck = "nobody can move, and nothing is to come that would wake anybody" + who_waits();
      return nullptr;
    }
    pass_time_to(first);
    if (machine_->clock.now() - begin_time_ > stage_->time_max) {
      end_.stuck = "the bound of " +
                   std::to_string(std::chrono::duration_cast<std::chrono::seconds>(stage_->time_max).count()) +
                   " s of virtual time was reached";
    }
    return nullptr;
  }

  [[nodiscard]] std::string who_waits() const {
    std::string text;
    for (const CommandTask& task : machine_->tasks) {
      const bool is_lock = task.state == TaskState::presents && task.wait.kind == CommandWait::Kind::lock;
      if (is_lock) text += "; " + name_of_planned(task.process->planned) + " waits for " + task.step.path;
    }
    return text;
  }

  void pass_time_to(nanoseconds moment) {
    machine_->clock.run_to(moment);
    machine_->disk.set_wall_time(machine_->clock.coarse_wall());
    machine_->links.settle();
  }

  // A stop begins when the step is presented, before anybody is chosen.
  void take_stops(PlannedCommands& planned) {
    while (const ProcessFault* const stop = machine_->faults.take_stop(planned.number, planned.own_steps)) {
      ++faults_met_[static_cast<std::size_t>(stop->kind)];
      planned.stopped_until = later_by(std::max(machine_->clock.now(), planned.stopped_until), stop->time);
    }
  }

  // -- steps ---------------------------------------------------------------------------------------------------------

  void move(CommandTask& task) {
    PlannedCommands& planned = machine_->planned_of(task);
    bool dies_after = false;
    while (const ProcessFault* const fault = machine_->faults.take(planned.number, planned.own_steps)) {
      ++faults_met_[static_cast<std::size_t>(fault->kind)];
      if (fault->kind == ProcessFaultKind::clock_step) machine_->clock.step_wall(fault->time);
      if (fault->kind == ProcessFaultKind::kill_after) dies_after = true;
      if (fault->kind == ProcessFaultKind::kill_before) {
        task.died_before_step = true;
        return kill(planned, ProcessEnd::killed);
      }
    }
    machine_->clock.step();
    machine_->disk.set_wall_time(machine_->clock.coarse_wall());
    task.step.own_step = planned.own_steps;
    task.step.actor = ActorStep{task.actor, task.own_steps};
    const CommandAnswer answer = taker_->take(task);
    task.step.at = machine_->clock.now();
    ++planned.own_steps;
    ++task.own_steps;
    ++end_.steps;
    observer_->on_step(task.step, machine_->disk);
    if (dies_after) return kill(planned, ProcessEnd::killed);
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
    end_.ends[planned.number] = how;
    observer_->on_process_end(planned.number, how, machine_->disk);
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
  CommandSchedule schedule_;
  const CommandStage* stage_ = nullptr;
  Observer* observer_ = nullptr;
  nanoseconds begin_time_{};
  LiveStageEnd end_;
  std::array<std::uint64_t, kProcessFaultKinds> faults_met_{};
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
Result<LiveStageEnd> CommandWorld::run(const CommandStage& stage, Strategy& strategy, Observer& observer) {
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
