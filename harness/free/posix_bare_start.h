// What starting a program costs by itself.
#ifndef STAMPEDE_FREE_POSIX_BARE_START_H
#define STAMPEDE_FREE_POSIX_BARE_START_H

#include <cstddef>
#include <optional>
#include <string>

namespace stampede {

// Seconds to execute `program` with the hidden command `worker --exit`, which ends at once, `count` times, one after
// the other without waiting, and to reap all of them. Nothing when not all of them came and went well.
std::optional<double> measure_bare_starts(const std::string& program, std::size_t count);

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_BARE_START_H
