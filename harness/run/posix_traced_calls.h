// The same calls under `strace -f --seccomp-bpf`, which stops calls of other programs as people do it otherwise.
#ifndef STAMPEDE_RUN_POSIX_TRACED_CALLS_H
#define STAMPEDE_RUN_POSIX_TRACED_CALLS_H

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stampede {

// The median time of a call of `kind` (live_calls.h) in a process that strace follows: on one core with it, or free,
// whichever is faster. `program` is one of ours with the command `live-calls`. Nothing where there is no strace here,
// or where it cannot follow.
std::optional<std::chrono::nanoseconds> time_traced_calls(const std::string& program, std::string_view kind,
                                                          std::uint64_t count);

}  // namespace stampede

#endif  // STAMPEDE_RUN_POSIX_TRACED_CALLS_H
