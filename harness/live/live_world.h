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
#include "harness/plan/plan.h"
#include "harness/strategy/strategy.h"
#include "harness/world/disk_view.h"
#include "harness/world/observer.h"
#include "harness/world/peers.h"
#include "harness/world/stage.h"
#include "harness/world/stage_end.h"

namespace stampede {

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
  // Does not call `strategy.begin`. Processes that could not be started are `uncontrolled`.
  StageEnd run(const Stage& stage, Strategy& strategy, Observer& observer);

  [[nodiscard]] const DiskView& disk() const;
  // As SimWorld's.
  void write_file(std::string_view path, std::span<const std::byte> bytes);
  void remove_name(std::string_view path);
  void set_read_only(bool is_read_only);
  void let_time_pass(std::chrono::nanoseconds time);
  [[nodiscard]] const std::array<std::uint64_t, kProcessFaultKinds>& process_faults_met() const;

 private:
  class Impl;
  explicit LiveWorld(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_LIVE_WORLD_H
