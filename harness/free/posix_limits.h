// Whether this machine can hold a crew of some size.
#ifndef STAMPEDE_FREE_POSIX_LIMITS_H
#define STAMPEDE_FREE_POSIX_LIMITS_H

#include <cstddef>
#include <cstdint>
#include <string>

#include "cache/result.h"

namespace stampede {

// Lets this process open as many descriptors as the system allows it. Returns how many that is.
std::uint64_t raise_descriptor_limit();

// What bounds the number of processes: descriptors of the harness (a listener, a connection, two pipes and the process
// itself for each), this user's processes, the system's, those of our control groups. UINT64_MAX: unlimited.
struct ProcessLimits {
  std::uint64_t descriptors = UINT64_MAX, of_user = UINT64_MAX, of_system = UINT64_MAX, of_group = UINT64_MAX;
};
// ERRORS: exhausted, naming the limit, its value and what was needed.
modelcache::Result<void> check_limits(std::size_t processes, const ProcessLimits& limits);
// With those of this process, whose descriptors it raises.
modelcache::Result<void> check_limits(std::size_t processes);

// The smallest pids.max below `root`, from the control group (version 2) in what proc(5) says up to the root's.
std::uint64_t control_group_limit(const std::string& groups = "/proc/self/cgroup",
                                  const std::string& root = "/sys/fs/cgroup");

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_LIMITS_H
