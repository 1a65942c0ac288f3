// A stage: processes are started, moved one at a time, met by faults, and ended.
#include "harness/live/live_world.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "harness/live/live_machine.h"
#include "harness/live/live_scratch.h"
#include "harness/live/live_watch.h"
#include "harness/live/live_zygote.h"
#include "harness/live/on_one_core.h"
#include "harness/live/process_slots.h"
#include "harness/live/step_taker.h"
#include "harness/plan/sanitized.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr std::uint32_t kDescriptorsMax = 1024;

// The supervisor has open what all processes have, and each file once more.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

class LiveWorld::Impl {
 public:
  Impl(int core, ProcessSlots slots) : core_(core), slots_(std::move(slots)) {}

  Result<void> begin(const LiveOptions& options) {
    raise_descriptor_limit();
    auto zygote = LiveZygote::start(options.zygote, slots_);
    if (!zygote) return fail(std::move(zygote.error()));
    zygote_.emplace(std::move(*zygote));
    machine_.emplace(zygote_->take_listener());
    taker_.emplace(*machine_);
    watch_.emplace(*machine_, options.patience);
    if (!watch_->is_ready()) return fail(ErrorCode::exhausted, "make timer", "live world", std::strerror(errno));
    watch_->on_stop = [this](WatchedProcess& process) { pass_reports(process); };
    watch_->on_step = [this](WatchedProcess& process) {
      turns().present(process.number, process.own_steps, process.stopped_until);
    };
    watch_->on_end = [this](WatchedProcess& process) { end_by_itself(process); };
    if (!options.directory.empty()) return machine_->disk.use(options.directory);
    auto scratch = LiveScratch::make();
    if (!scratch) return fail(std::move(scratch.error()));
    scratch_.emplace(std::move(*scratch));
    return machine_->disk.use(scratch_->path());
  }

  Result<void> clear(Peers& peers) {
    machine_->turns.clear(peers);
    machine_->processes.clear();
    machine_->open_descriptors = 0;
    machine_->disk.set_wall_time(machine_->turns.clock.coarse_wall());
    return machine_->disk.clear();
  }

  StageEnd run(const Stage& stage, Strategy& strategy, Observer& observer) {
    if (const auto started = start(stage, strategy, observer); started) {
      watch_->begin();
      lose_control(watch_->wait());
    } else {
      lose_control(started.error().message());
    }
    while (turns().end().uncontrolled.empty()) {
      auto* const process = static_cast<WatchedProcess*>(turns().decide());
      if (process == nullptr) break;
      move(*process);
    }
    for (WatchedProcess& process : machine_->processes) {
      if (process.is_live) kill(process, ProcessEnd::abandoned);
    }
    watch_->end();
    for (const WatchedProcess& process : machine_->processes) turns().end().own_steps.push_back(process.own_steps);
    return turns().finish();
  }

  LiveDisk& disk() { return machine_->disk; }
  void let_time_pass(std::chrono::nanoseconds time) {
    turns().let_time_pass(time);
    machine_->disk.set_wall_time(turns().clock.coarse_wall());
  }
  [[nodiscard]] const std::array<std::uint64_t, kProcessFaultKinds>& faults_met() const {
    return machine_->turns.faults_met();
  }

 private:
  TurnEngine& turns() { return machine_->turns; }
  void lose_control(std::string why) { turns().end().uncontrolled = std::move(why); }

  // Each process runs to where it presents its first step. What it does until then nobody sees.
  Result<void> start(const Stage& stage, Strategy& strategy, Observer& observer) {
    machine_->processes.clear();
    std::vector<ScheduledProcess*> scheduled;
    for (const StageProcess& planned : stage.processes) {
      WatchedProcess& process = machine_->processes.emplace_back();
      process.number = static_cast<std::uint32_t>(scheduled.size());
      process.identity = turns().next_identity();
      process.umask = planned.umask;
      process.descriptors_max = planned.descriptors_max == 0 ? kDescriptorsMax : planned.descriptors_max;
      scheduled.push_back(&process);
    }
    turns().begin(stage, scheduled.size(), scheduled, strategy, observer, machine_->disk);
    std::vector<LiveFork> forks;
    for (const StageProcess& planned : stage.processes) {
      const auto number = static_cast<std::uint32_t>(forks.size());
      if (number >= ProcessSlots::kSlots || !slots_.set_job(number, planned.job)) {
        return fail(ErrorCode::too_large, "start", "processes", "too many, or a job too large for its slot");
      }
      forks.push_back({number, planned.umask});
    }
    const auto pids = zygote_->fork_processes(forks);
    if (!pids) return fail(pids.error());
    for (std::size_t i = 0; i < pids->size(); ++i) {
      WatchedProcess& process = machine_->processes[i];
      process.pid = (*pids)[i];
      process.is_live = process.is_running = true;
    }
    return {};
  }

  // One step of the process that was chosen, if its faults let it.
  void move(WatchedProcess& process) {
    const TurnEngine::Met met = turns().meet(process.number, process.own_steps);
    if (met == TurnEngine::Met::dies_before) {
      process.died_before_step = true;
      return kill(process, ProcessEnd::killed);
    }
    process.dies_after_step = met == TurnEngine::Met::dies_after;
    turns().begin_step();
    machine_->disk.free_gone();
    machine_->disk.set_wall_time(turns().clock.coarse_wall());
    take(process);
  }

  void take(WatchedProcess& process) {
    StepAnswer answer;
    taker_->take(process, answer);
    turns().complete(process);
    if (process.dies_after_step) {
      taker_->forget(process);
      kill(process, ProcessEnd::killed);
      return;
    }
    if (const Trouble trouble = taker_->tell(process, answer)) {
      lose_control(trouble);
      return;
    }
    lose_control(watch_->wait());
  }

  void kill(WatchedProcess& process, ProcessEnd how) {
    LiveWatch::kill(process);
    end(process, how);
  }

  void end_by_itself(WatchedProcess& process) {
    const std::string who = "process " + std::to_string(process.number);
    if (WIFSIGNALED(process.exit_status)) {
      turns().end().crashes.push_back(who + " died of signal " + std::to_string(WTERMSIG(process.exit_status)));
    } else if (WEXITSTATUS(process.exit_status) != 0) {
      turns().end().crashes.push_back(who + " ended with status " + std::to_string(WEXITSTATUS(process.exit_status)));
    }
    end(process, ProcessEnd::ended);
  }

  void end(WatchedProcess& process, ProcessEnd how) {
    for (std::size_t i = 0; i < process.descriptors.size(); ++i) {
      if (process.descriptors[i].is_open) machine_->close(process, static_cast<int>(i));
    }
    process.is_live = false;
    turns().end_process(process.number, how);
  }

  void pass_reports(WatchedProcess& process) {
    while (const auto report = slots_.take_report(process.number)) {
      if (turns().stage().on_report)
        turns().stage().on_report(process.number, {.text = *report, .own_steps = process.own_steps});
    }
  }

  OnOneCore core_;
  std::optional<LiveScratch> scratch_;
  ProcessSlots slots_;
  std::optional<LiveZygote> zygote_;
  std::optional<LiveMachine> machine_;
  std::optional<StepTaker> taker_;
  std::optional<LiveWatch> watch_;
};

LiveWorld::LiveWorld(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiveWorld::~LiveWorld() = default;

Result<std::unique_ptr<LiveWorld>> LiveWorld::start(const LiveOptions& options) {
  if (kIsSanitized) {
    return fail(modelcache::ErrorCode::invalid_argument, "start live world", "this program",
                "built with a sanitizer, whose runtime makes system calls of its own: they would be steps");
  }
  auto slots = ProcessSlots::make();
  if (!slots) return fail(std::move(slots.error()));
  auto impl = std::make_unique<Impl>(options.core, std::move(*slots));
  if (auto begun = impl->begin(options); !begun) return fail(std::move(begun.error()));
  return std::unique_ptr<LiveWorld>(new LiveWorld(std::move(impl)));
}

Result<void> LiveWorld::clear(Peers& peers) { return impl_->clear(peers); }

StageEnd LiveWorld::run(const Stage& stage, Strategy& strategy, Observer& observer) {
  return impl_->run(stage, strategy, observer);
}

const DiskView& LiveWorld::disk() const { return impl_->disk(); }
void LiveWorld::write_file(std::string_view path, std::span<const std::byte> bytes) {
  impl_->disk().write_file(path, bytes);
}
void LiveWorld::remove_name(std::string_view path) { impl_->disk().remove_name(path); }
void LiveWorld::set_read_only(bool is_read_only) { impl_->disk().set_read_only(is_read_only); }
void LiveWorld::let_time_pass(std::chrono::nanoseconds time) { impl_->let_time_pass(time); }
const std::array<std::uint64_t, kProcessFaultKinds>& LiveWorld::process_faults_met() const {
  return impl_->faults_met();
}

}  // namespace stampede
