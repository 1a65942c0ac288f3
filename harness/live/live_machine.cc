// What follows from who lives and what is open.
#include "harness/live/live_machine.h"

#include <cstdint>

#include "harness/world/world_identity.h"

namespace stampede {

modelcache::Liveness LiveMachine::liveness(const modelcache::ProcessIdentity& identity) const {
  using modelcache::Liveness;
  if (identity.domain != dead_world_identity().domain || identity.pid == 0 || identity.pid > INT32_MAX) {
    return Liveness::unknown;
  }
  for (const WatchedProcess& process : processes) {
    if (!process.is_live || process.identity.pid != identity.pid) continue;
    const bool same = identity.start_time == 0 || identity.start_time == process.identity.start_time;
    return same ? Liveness::alive : Liveness::dead;
  }
  return Liveness::dead;
}

void LiveMachine::close(WatchedProcess& process, int fd) {
  LiveDescriptor& descriptor = process.descriptors[static_cast<std::size_t>(fd)];
  descriptor.is_open = false;
  --process.open_count;
  --open_descriptors;
  descriptor.here.reset();
  process.timeouts.erase(fd);
  if (descriptor.connection != nullptr) {
    turns.network.leave(*descriptor.connection, turns.clock.now());
  } else {
    descriptor.file->locks.unlock(process.owner(static_cast<std::uint64_t>(fd)));
    disk.close(*descriptor.file);
  }
}

}  // namespace stampede
