// The live world: real processes on a real directory, scheduled system call by system call.
#ifndef STAMPEDE_LIVE_LIVE_WORLD_H
#define STAMPEDE_LIVE_LIVE_WORLD_H

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/os.h"
#include "cache/result.h"
#include "harness/world/disk_view.h"
#include "harness/world/observer.h"
#include "harness/world/peers.h"
#include "harness/plan/plan.h"
#include "harness/world/stage_end.h"
#include "harness/strategy/strategy.h"

namespace stampede {

struct LiveProcess {
  unsigned umask = 022;
  std::uint32_t descriptors_max = 0;  // 0: 1024
  std::string job;                    // for the zygote's body
};

struct LiveStage {
  Stage stage = Stage::run;
  std::span<const LiveProcess> processes = {};
  std::span<const DiskFault> disk = {};
  std::span<const ProcessFault> process_faults = {};
  bool time_runs_first = false;
  std::uint64_t steps_max = 100'000;                          // of all processes together
  std::chrono::nanoseconds time_max{std::chrono::hours(24)};  // of virtual time
  // What a process reported, after the step behind which it did (`own_steps` taken), before anybody moves.
  std::function<void(std::uint32_t process, std::uint32_t own_steps, std::string_view report)> on_report = nullptr;
};

struct LiveStageEnd : StageEnd {
  // Why the world lost control, so that nothing in the run says anything about the subject; empty where it did not.
  std::string uncontrolled;
  // Processes that ended by themselves otherwise than with status 0: "process 1 died of signal 11".
  std::vector<std::string> crashes;
};

struct LiveOptions {
  std::vector<std::string> zygote;  // a program and arguments that lead to run_live_zygote
  // Exists; the world may remove everything in it. Fastest in memory. Empty: one of its own there.
  std::string directory = {};
  int core = -1;                               // for supervisor and processes; -1: where the supervisor runs now
  std::chrono::milliseconds patience{10'000};  // real time in which a process that computes must come to its next step
};

// Runs stages as SimWorld does, with the same semantics, steps and numbers: see sim_world.h. Processes are forked from
// a zygote; they die with the thread that owns the world, which is moved to one core for as long as the world is there.
// Threads may have a world each, best on a core each.
class LiveWorld {
 public:
  // ERRORS: not_found, denied, io, exhausted; `denied` and `io` of the step "install filter" where this machine has no
  // seccomp user notification (Linux 5.19) or a container keeps it away.
  static modelcache::Result<std::unique_ptr<LiveWorld>> start(const LiveOptions& options);
  ~LiveWorld();
  LiveWorld(const LiveWorld&) = delete;
  LiveWorld& operator=(const LiveWorld&) = delete;

  // An empty directory at time zero. `peers` must live until the next `clear`. ERRORS: io.
  modelcache::Result<void> clear(Peers& peers);

  // Runs all processes until each has ended, was killed or was abandoned. The files stay for the next stage.
  // Does not call `strategy.begin`. ERRORS: exhausted, io: processes could not be started.
  modelcache::Result<LiveStageEnd> run(const LiveStage& stage, Strategy& strategy, Observer& observer);

  [[nodiscard]] const DiskView& disk() const;
  // As SimWorld's.
  void write_file(std::string_view path, std::span<const std::byte> bytes);
  void remove_name(std::string_view path);
  void set_read_only(bool is_read_only);
  void let_time_pass(std::chrono::nanoseconds time);
  [[nodiscard]] const std::array<std::uint64_t, kProcessFaultKinds>& process_faults_met() const;
  [[nodiscard]] modelcache::ProcessIdentity dead_process() const;
  [[nodiscard]] modelcache::ProcessIdentity identity(std::uint32_t process) const;

 private:
  class Impl;
  explicit LiveWorld(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_LIVE_WORLD_H
