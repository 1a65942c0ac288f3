// The bare work under a download: bytes over a loopback connection, and their SHA-256. Bounds what a cache can reach.
#ifndef STAMPEDE_RUN_POSIX_BARE_COPY_H
#define STAMPEDE_RUN_POSIX_BARE_COPY_H

#include <chrono>
#include <optional>

#include "harness/plan/model.h"

namespace stampede {

struct BareTimes {
  std::chrono::nanoseconds copy{};  // connect to a listening port, receive all of it
  std::chrono::nanoseconds hash{};  // SHA-256 of what was received
};

// One copy, then one hash. The sender is a thread of this process. Nothing when the system refused a socket, or the
// bytes did not arrive as they were.
std::optional<BareTimes> measure_bare_times(const Bytes& bytes, const modelcache::Sha256Digest& sha256);

}  // namespace stampede

#endif  // STAMPEDE_RUN_POSIX_BARE_COPY_H
