// Sizes and spans of time as people write and read them.
#ifndef MODELCACHE_COMMAND_QUANTITIES_H
#define MODELCACHE_COMMAND_QUANTITIES_H

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "cache/result.h"

namespace modelcache {

// "1048576", "512MiB" (K, M, G, T and KiB ... are powers of 1024; KB ... are powers of 1000).
// ERRORS: invalid_argument, which says what was found and expected; its place is `option`.
Result<std::uint64_t> parse_size(std::string_view option, std::string_view text);

// Seconds, also in parts: "30", "0.5"; to the nearest millisecond, at most kSecondsMax. Less than a millisecond is
// refused unless `zero_allowed`. ERRORS: as parse_size.
inline constexpr double kSecondsMax = 1e8;  // three years, and far from the end of a 64-bit count of nanoseconds
Result<std::chrono::milliseconds> parse_seconds(std::string_view option, std::string_view text, bool zero_allowed);

std::string readable_size(std::uint64_t bytes);        // "0 B", "512 B", "64.0 MiB"
std::string readable_seconds(double seconds);          // "0:07", "1:02:03"; "-" beyond 99 hours
std::string exact_seconds(std::chrono::milliseconds);  // "30", "0.5"

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_QUANTITIES_H
