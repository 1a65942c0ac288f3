// What the manifest is told of an entry, and what is told of an entry to the caller.
#ifndef MODELCACHE_LISTING_H
#define MODELCACHE_LISTING_H

#include <chrono>
#include <string>
#include <vector>

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
  // The entry's name was synced after it was given. Otherwise whoever published it may not have come so far, or failed.
  bool is_name_durable = false;
};

// Adds a listing to a manifest, if the entry's name still leads to the file as it was verified (size, inode, times):
// what was removed, replaced or touched since is something else. REQUIRES: the manifest's lock. ERRORS: as
// Os::stat_name.
enum class Addition { added, there_already, not_as_verified };
Result<Addition> add_listing(const OpenCache& cache, Manifest& manifest, const Listing& listing);

struct ListingOutcome {
  bool listed = false;             // the manifest lists the entry as it was verified
  std::vector<std::string> notes;  // what was set aside, and why the entry is not listed
};

// Makes the names in entries/ durable, so that no listing outlives its entry in a power loss. ERRORS: as
// Os::sync_directory.
Result<void> sync_entries(const OpenCache& cache);

// Lists an entry, as add_listing does. DURABLE: the entry's name, then the listing. ERRORS: as sync_entries,
// change_manifest.
Result<ListingOutcome> list_entry(const OpenCache& cache, const Listing& listing, Instant until);

// Lists an entry that was found good by hashing and is not listed as it is; sets `check.listed` and returns notes. On a
// hit the listing is a favour to later hits, made in a file of its own: of the entry, whose hash was right, no byte is
// written. So a hit stands where the listing cannot be begun (silently where we may not write, with a note where
// descriptors or memory are short) and, with a note, where a full disk or quota refuses its bytes or its name.
// ERRORS: all others, and every failed sync or close: those may concern what had been written before.
Result<std::vector<std::string>> adopt(const OpenCache& cache, const std::string& key, const std::string& url,
                                       EntryCheck& check);

}  // namespace modelcache

#endif  // MODELCACHE_LISTING_H
