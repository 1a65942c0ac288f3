// A census: everything that stands in a cache directory, read by the harness itself.
#ifndef STAMPEDE_FREE_CENSUS_H
#define STAMPEDE_FREE_CENSUS_H

#include <string>

#include "harness/plan/run_facts.h"

namespace stampede {

// Every name below `directory`, symbolic links not followed. What cannot be read is in `problems`. Reads only.
Census take_census(const std::string& directory);

// Of this process: how many descriptors it has open, and its umask.
std::uint64_t count_open_descriptors();
unsigned read_umask();

}  // namespace stampede

#endif  // STAMPEDE_FREE_CENSUS_H
