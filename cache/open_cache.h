// An open cache directory with the means to work on it: what all operations on entries take.
#ifndef MODELCACHE_OPEN_CACHE_H
#define MODELCACHE_OPEN_CACHE_H

#include "cache/cache.h"
#include "cache/directory.h"
#include "cache/entry_lock.h"
#include "cache/os.h"

namespace modelcache {

// Owns nothing: all three must outlive it. Thread-compatible, as they are.
struct OpenCache {
  Os& os;
  Directory& directory;
  const CacheOptions& options;

  // How long removing, verifying and recovering wait for a lock, counted from now.
  [[nodiscard]] LockWait lock_wait() const { return {os.now() + options.lock.wait_max, options.lock.on_wait}; }
};

}  // namespace modelcache

#endif  // MODELCACHE_OPEN_CACHE_H
