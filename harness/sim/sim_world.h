// The simulated world: a disk, locks, a network and time for processes that run on fibers, one step at a time.
#ifndef STAMPEDE_SIM_SIM_WORLD_H
#define STAMPEDE_SIM_SIM_WORLD_H

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
#include "harness/plan/plan.h"
#include "harness/sim/durable_view.h"
#include "harness/strategy/strategy.h"
#include "harness/world/disk_view.h"
#include "harness/world/observer.h"
#include "harness/world/peers.h"
#include "harness/world/stage.h"
#include "harness/world/stage_end.h"
#include "harness/world/world_identity.h"

namespace stampede {

// The cache directory's path in the simulated file system. Its parent exists, the directory does not.
inline constexpr std::string_view kSimCacheDirectory = kWorldCacheDirectory;

// Owned by one thread; nothing in it is shared with another world. Touches nothing real: no clock, file, socket, thread
// or address. Its process numbers, inode numbers, random values and times depend on the plan alone.
// `random()` of process p gives the same values in every build: a hash of (stage, p, how many it drew before).
class SimWorld {
 public:
  SimWorld();
  ~SimWorld();
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  // An empty disk at time zero; keeps memory for the next run. `peers` must live until the next `clear`.
  void clear(Peers& peers);

  // Runs all processes until each has ended, was killed or was abandoned. The disk stays for the next stage.
  // Does not call `strategy.begin`. Counts of disk faults begin anew. `virtual_time` of the end is the stage's own.
  StageEnd run(const Stage& stage, Strategy& strategy, Observer& observer);

  // Whether a process of the present or last stage was killed or abandoned: what its body does from then on, with every
  // call failing (EIO), is no part of the run.
  [[nodiscard]] bool has_died(std::uint32_t process) const;
  // How often faults of each ProcessFaultKind took effect in the present or last stage.
  [[nodiscard]] const std::array<std::uint64_t, kProcessFaultKinds>& process_faults_met() const;

  [[nodiscard]] const DiskView& disk() const;
  [[nodiscard]] const DurableView& durable() const;
  // Between steps, by hand and not as steps: replaces a file's bytes in place (or makes it, mode 0644, owned by whom
  // the directory belongs to), makes a symbolic link or a FIFO, removes a name, mounts read-only, sets a process's
  // umask. What is done to files is durable at once. Paths as in PendingStep. REQUIRES: the directory of the name is
  // there, and the name of a link or FIFO is free.
  void write_file(std::string_view path, std::span<const std::byte> bytes);
  void make_symlink(std::string_view path, std::string_view target);
  void make_fifo(std::string_view path);
  void remove_name(std::string_view path);
  void set_umask(std::uint32_t process, unsigned umask);
  void set_read_only(bool is_read_only);
  // Between stages: nobody moves, and time passes. What changes afterwards has other stamps than what changed before.
  void let_time_pass(std::chrono::nanoseconds time);
  // The identity of a process that has died, for names of its leftovers.
  [[nodiscard]] modelcache::ProcessIdentity dead_process() const;
  // Of the process with that index in the present or last stage.
  [[nodiscard]] modelcache::ProcessIdentity identity(std::uint32_t process) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_WORLD_H
