// Looks after all entries: lists them, verifies them, recovers the directory after crashes.
#ifndef MODELCACHE_UPKEEP_H
#define MODELCACHE_UPKEEP_H

#include <string_view>
#include <vector>

#include "cache/cache.h"
#include "cache/open_cache.h"
#include "cache/result.h"

namespace modelcache {

// As Cache::list, Cache::verify and Cache::recover.
Result<std::vector<Entry>> list_entries(const OpenCache& cache);
Result<std::vector<VerifyReport>> verify_entries(const OpenCache& cache, std::string_view selector, bool repair);
Result<RecoveryReport> recover_directory(const OpenCache& cache);

}  // namespace modelcache

#endif  // MODELCACHE_UPKEEP_H
