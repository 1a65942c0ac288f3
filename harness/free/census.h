// A census: everything that stands in a cache directory, read by the harness itself.
#ifndef STAMPEDE_FREE_CENSUS_H
#define STAMPEDE_FREE_CENSUS_H

#include <cstdint>
#include <optional>
#include <string>

#include "harness/plan/run_facts.h"

namespace stampede {

// Which files a census hashes.
enum class Hashes { entries, all };  // those in entries/, or all regular ones

// Every name below `directory`, symbolic links not followed. What cannot be read is in `problems`. Reads only.
Census take_census(const std::string& directory, Hashes hashes = Hashes::entries);

// Of this process: how many descriptors it has open, the most memory it had, and its umask.
std::optional<std::uint64_t> count_open_descriptors();
std::optional<std::uint64_t> read_peak_memory();  // bytes, since it was executed or forked (VmHWM)
unsigned read_umask();

}  // namespace stampede

#endif  // STAMPEDE_FREE_CENSUS_H
