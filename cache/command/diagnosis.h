// What `modelcache doctor` finds out about a cache directory.
#ifndef MODELCACHE_COMMAND_DIAGNOSIS_H
#define MODELCACHE_COMMAND_DIAGNOSIS_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/cache.h"
#include "cache/command/cache_directory.h"
#include "cache/os.h"

namespace modelcache {

enum class LockHealth {
  works,      // a second descriptor is refused
  lies,       // a second descriptor is given the same lock
  missing,    // the file system has no locks
  not_tried,  // the directory does not exist, or cannot be written
};
std::string_view name_of(LockHealth health);

struct Diagnosis {
  CacheDirectory directory;
  bool exists = false;
  std::optional<bool> writable;  // nothing: not tried
  LockHealth locks = LockHealth::not_tried;
  std::optional<std::uint64_t> free_bytes;  // of the file system, as far as this user may use them
  std::optional<std::uint64_t> entries;
  std::optional<RecoveryReport> recovery;  // nothing: not run, or it failed
  std::optional<Error> error;              // why it failed
  std::vector<std::string> problems;       // what needs someone's attention, a sentence each
};

// Recovers the cache, then tries to write a temporary file and to lock it twice. A directory that does not exist is no
// problem: `get` makes it.
Diagnosis diagnose(Os& os, const CacheDirectory& directory, const CacheOptions& options);

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_DIAGNOSIS_H
