// What the manifest is told of an entry, and what is told of an entry to the caller.
#ifndef MODELCACHE_LISTING_H
#define MODELCACHE_LISTING_H

#include <chrono>
#include <string>

#include "cache/cache.h"
#include "cache/directory.h"
#include "cache/entry_check.h"
#include "cache/manifest.h"
#include "cache/open_cache.h"
#include "cache/os.h"
#include "cache/result.h"
#include "cache/sha256.h"

namespace modelcache {

// How long a listing waits for the manifest's lock: it is held for a few milliseconds, and an entry that is not listed
// is legal, so nobody waits long behind a stopped process.
inline constexpr std::chrono::seconds kManifestWait{5};

Entry entry_of(const Directory& directory, const std::string& key, const EntryCheck& check);
// By what its name and the manifest say, without a look at its bytes.
Entry entry_of(const Directory& directory, const std::string& key, const FileStat& stat, const Manifest& manifest);

struct Listing {
  std::string key;
  std::string url;
  Sha256Digest sha256;
  FileStat stat;  // as it was verified
};

// Lists an entry, if its name still leads to the file as it was verified (size, inode, times); returns a note when that
// could not be done. DURABLE: the listing. ERRORS: as change_manifest.
Result<std::string> list_entry(Os& os, const Directory& directory, const Listing& listing, Instant until);

// Lists an entry that was found good by hashing and is not listed as it is. ERRORS: as list_entry, but for those of
// beginning: on a hit the listing is a favour to later hits.
Result<void> adopt(const OpenCache& cache, const std::string& key, const std::string& url, EntryCheck& check);

}  // namespace modelcache

#endif  // MODELCACHE_LISTING_H
