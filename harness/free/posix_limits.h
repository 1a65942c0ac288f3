// Whether this machine can hold a crew of some size.
#ifndef STAMPEDE_FREE_POSIX_LIMITS_H
#define STAMPEDE_FREE_POSIX_LIMITS_H

#include <cstddef>
#include <cstdint>

#include "cache/result.h"

namespace stampede {

// Lets this process open as many descriptors as the system allows it. Returns how many that is.
std::uint64_t raise_descriptor_limit();

// What bounds the number of processes: descriptors of the harness (a listener, a connection, two pipes and the process
// itself for each), this user's processes, the system's, those of our control groups. ERRORS: exhausted, naming the
// limit, its value and what was needed.
modelcache::Result<void> check_limits(std::size_t processes);

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_LIMITS_H
