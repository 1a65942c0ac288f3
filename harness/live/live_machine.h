// What the processes of a live world share, beside the kernel.
#ifndef STAMPEDE_LIVE_LIVE_MACHINE_H
#define STAMPEDE_LIVE_LIVE_MACHINE_H

#include <cstdint>
#include <deque>
#include <span>

#include "harness/live/call_stops.h"
#include "harness/live/live_disk.h"
#include "harness/live/watched_process.h"
#include "harness/world/turn_engine.h"

namespace stampede {

// Owned by one LiveWorld; its parts look at it.
struct LiveMachine {
  explicit LiveMachine(OwnedFd listener) : stops(std::move(listener)) {}

  CallStops stops;
  std::uint64_t open_descriptors = 0;  // of all processes, connections included
  LiveDisk disk{open_descriptors};
  TurnEngine turns;
  std::deque<WatchedProcess> processes;  // of the present or last stage

  [[nodiscard]] modelcache::Liveness liveness(const modelcache::ProcessIdentity& identity) const;
  void count_open(WatchedProcess& process) {
    ++process.open_count;
    ++open_descriptors;
  }
  // As the kernel does at exit; and `close`.
  void close(WatchedProcess& process, int fd);
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_LIVE_MACHINE_H
