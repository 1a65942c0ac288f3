// Takes entries away, under their locks.
#ifndef MODELCACHE_REMOVAL_H
#define MODELCACHE_REMOVAL_H

#include <optional>
#include <string>
#include <string_view>

#include "cache/cache.h"
#include "cache/entry_lock.h"
#include "cache/open_cache.h"
#include "cache/os.h"
#include "cache/result.h"

namespace modelcache {

// The entry's lock, to remove it. ENSURES: held, or unavailable where locks do not work. ERRORS: lock_timeout, which
// names the holder; those of making the directory complete and of opening the lock.
Result<EntryLock> lock_to_remove(const OpenCache& cache, const std::string& key);

// First the listing, then the file, both under the manifest's lock: a power loss in between leaves an entry that is not
// listed, which is legal, and nobody can adopt the entry between the two. With `only_if`, the file goes only as it was
// then. REQUIRES: the entry's lock. DURABLE: the removal. ERRORS: as change_manifest; what it could not do is one.
Result<void> unlink_entry(const OpenCache& cache, const std::string& key, const std::optional<FileStat>& only_if);

// As Cache::remove.
Result<Entry> remove_entry(const OpenCache& cache, std::string_view selector);

}  // namespace modelcache

#endif  // MODELCACHE_REMOVAL_H
