// One real process of the live world: who it is, what it has open, and the call that it is stopped at.
#ifndef STAMPEDE_LIVE_WATCHED_PROCESS_H
#define STAMPEDE_LIVE_WATCHED_PROCESS_H

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cache/os.h"
#include "harness/live/call_stops.h"
#include "harness/live/live_disk.h"
#include "harness/live/owned_fd.h"
#include "harness/world/peer_network.h"
#include "harness/world/turn_schedule.h"

namespace stampede {

// An open file or connection of the cache, by the process's own number. Descriptors that the world did not give are not
// here, and calls on them are no steps.
struct LiveDescriptor {
  bool is_open = false;
  LiveFile* file = nullptr;              // of a file
  PeerConnection* connection = nullptr;  // of a connection
  OwnedFd here;                          // the same open file, for calls on the process's behalf
  std::string path;                      // that it was opened by, as steps have it
};

// What a socket's options say; zero waits for ever.
struct SocketTimeouts {
  std::chrono::nanoseconds send{}, receive{};
};

struct WatchedProcess : ScheduledProcess {
  pid_t pid = -1;
  modelcache::ProcessIdentity identity;
  unsigned umask = 022;
  std::uint32_t descriptors_max = 0;
  bool is_running = false;       // between an answer and its next step
  bool dies_after_step = false;  // the plan kills it then
  std::uint64_t random_count = 0;
  int exit_status = 0;  // as waitpid tells, once it has ended

  StoppedCall call;                   // that is `step`
  std::string name, to_name;          // its path arguments, as they are
  bool is_marked = false;             // ... and only names it
  modelcache::ProcessIdentity asked;  // with `liveness`: about whom

  std::vector<LiveDescriptor> descriptors;  // by the process's number
  std::uint32_t open_count = 0;
  std::map<int, SocketTimeouts> timeouts;

  // Null where it is none of the world's.
  LiveDescriptor* descriptor(std::uint64_t fd) {
    const auto number_of_it = static_cast<std::uint32_t>(fd);  // the kernel looks at the low half only
    if (number_of_it >= descriptors.size() || !descriptors[number_of_it].is_open) return nullptr;
    return &descriptors[number_of_it];
  }
  LiveDescriptor& add_descriptor(int fd) {
    const auto place = static_cast<std::size_t>(fd);
    if (place >= descriptors.size()) descriptors.resize(place + 1);
    LiveDescriptor& added = descriptors[place];
    added.is_open = true;
    added.file = nullptr;
    added.connection = nullptr;
    added.path.clear();
    return added;
  }
  [[nodiscard]] bool has_descriptor_left() const { return open_count < descriptors_max; }
  [[nodiscard]] LockOwner owner(std::uint64_t fd) const { return {number, static_cast<int>(fd)}; }
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_WATCHED_PROCESS_H
