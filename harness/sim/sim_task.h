// One simulated process: who it is, what it has open, and what it is about to do.
#ifndef STAMPEDE_SIM_SIM_TASK_H
#define STAMPEDE_SIM_SIM_TASK_H

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cache/os.h"
#include "harness/plan/step.h"
#include "harness/sim/sim_fiber.h"
#include "harness/sim/sim_inode.h"
#include "harness/sim/sim_path.h"
#include "harness/world/peer_network.h"
#include "harness/world/turn_schedule.h"

namespace stampede {

// An open file or connection.
struct SimDescriptor {
  bool is_open = false;
  bool is_writable = false;
  Inode* inode = nullptr;                // of a file
  PeerConnection* connection = nullptr;  // of a connection
  std::string path;                      // that it was opened by, as steps have it
};

// Owned by the machine, which uses it again for a process of the next stage.
struct SimTask : ScheduledProcess {
  modelcache::ProcessIdentity identity;
  Actor actor;
  std::uint32_t descriptors_max = 0;
  const std::function<void(modelcache::Os&)>* body = nullptr;

  SimFiber fiber;
  std::unique_ptr<modelcache::Os> os;
  bool has_died = false;  // it was killed or abandoned
  std::uint64_t calls_after_death = 0;
  std::uint64_t random_count = 0;  // values that it drew
  bool dies_after_step = false;    // the plan kills it then

  std::vector<SimDescriptor> descriptors;  // by number, from kFirstDescriptor on
  std::uint32_t open_count = 0;

  // 0 to 2 are the standard streams.
  static constexpr int kFirstDescriptor = 3;
  [[nodiscard]] bool has_descriptor_left() const { return open_count < descriptors_max; }
  // Null where nothing is open by that number.
  [[nodiscard]] SimDescriptor* descriptor(modelcache::Fd fd);
  // The lowest free number. REQUIRES: has_descriptor_left().
  modelcache::Fd add_descriptor(SimDescriptor*& added);
  [[nodiscard]] LockOwner owner(modelcache::Fd fd) const { return {number, static_cast<int>(fd)}; }
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_TASK_H
