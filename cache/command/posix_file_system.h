// What the kernel says about a file system, and about the directory we stand in.
#ifndef MODELCACHE_COMMAND_POSIX_FILE_SYSTEM_H
#define MODELCACHE_COMMAND_POSIX_FILE_SYSTEM_H

#include <cstdint>
#include <optional>
#include <string>

#include "cache/result.h"

namespace modelcache {

// The bytes that this user may still write below `path`; nothing when the system does not tell.
std::optional<std::uint64_t> free_bytes(const std::string& path);

// ERRORS: not_found when it was removed; denied, io.
Result<std::string> working_directory();

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_POSIX_FILE_SYSTEM_H
