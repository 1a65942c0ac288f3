// Lists entries, and describes them.
#include "cache/listing.h"

#include <cerrno>

#include "cache/key.h"
#include "cache/manifest_store.h"
#include "cache/os_error.h"

namespace modelcache {
namespace {

// Whether a hit stands although its listing failed, and whether that is worth a word.
enum class Weight { none, note, error };
Weight weight_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::read_only:
    case ErrorCode::denied:
    case ErrorCode::not_found:
    case ErrorCode::bad_entry:
      return Weight::none;
    case ErrorCode::no_space:
      return may_have_lost_writes(error) ? Weight::error : Weight::note;
    case ErrorCode::exhausted:
      return error.step == "create temporary" || error.step == "open lock file" ? Weight::note : Weight::error;
    default:
      return Weight::error;
  }
}

// What becomes of a hit whose listing failed.
Result<std::vector<std::string>> hit_without_listing(Error error) {
  const auto weight = weight_of(error);
  if (weight == Weight::error) return fail(std::move(error));
  std::vector<std::string> notes;
  if (weight == Weight::note) notes.push_back("the entry could not be listed: " + error.message());
  return notes;
}

}  // namespace

Entry entry_of(const Directory& directory, const std::string& key, const EntryCheck& check) {
  Entry entry;
  entry.key = key;
  entry.path = directory.place(kEntriesName, key);
  entry.size_bytes = check.stat.size_bytes;
  entry.sha256 = check.sha256 ? check.sha256 : digest_in_key(key);
  if (!entry.sha256 && check.record) entry.sha256 = check.record->sha256;
  if (check.record) entry.url = check.record->url;
  entry.listed = check.listed;
  return entry;
}

Entry entry_of(const Directory& directory, const std::string& key, const FileStat& stat, const Manifest& manifest) {
  EntryCheck check;
  check.stat = stat;
  if (const auto record = manifest.entries.find(key); record != manifest.entries.end()) {
    check.record = record->second;
    check.listed = record->second.stamp == stamp_of(stat);
  }
  return entry_of(directory, key, check);
}

Result<Addition> add_listing(const OpenCache& cache, Manifest& manifest, const Listing& listing) {
  const auto now = cache.os.stat_name(cache.directory.entries(), listing.key);
  if (!now && now.error() != Errno{ENOENT}) {
    return fail(now.error(), "stat", cache.directory.place(kEntriesName, listing.key));
  }
  if (!now || stamp_of(*now) != stamp_of(listing.stat)) return Addition::not_as_verified;
  const auto added_at = std::chrono::floor<std::chrono::seconds>(cache.os.wall_time());
  ManifestRecord record{listing.url, listing.sha256, stamp_of(listing.stat), added_at};
  const auto [place, added] = manifest.entries.try_emplace(listing.key, record);
  if (added) return Addition::added;
  if (record.url.empty()) record.url = place->second.url;
  record.added_at = place->second.added_at;
  if (place->second == record) return Addition::there_already;
  place->second = std::move(record);
  return Addition::added;
}

Result<void> sync_entries(const OpenCache& cache) {
  const auto synced = cache.os.sync_directory(cache.directory.entries());
  if (!synced) return fail(synced.error(), "sync directory", cache.directory.place("", kEntriesName));
  return {};
}

Result<ListingOutcome> list_entry(const OpenCache& cache, const Listing& listing, Instant until) {
  auto addition = Addition::not_as_verified;
  const auto change = change_manifest(cache.os, cache.directory, {until}, [&](Manifest& manifest) -> Result<bool> {
    const auto added = add_listing(cache, manifest, listing);
    if (!added) return fail(added.error());
    addition = *added;
    if (addition != Addition::added) return false;
    if (listing.is_name_durable) return true;
    if (auto synced = sync_entries(cache); !synced) return fail(std::move(synced.error()));
    return true;
  });
  if (!change) return fail(change.error());
  ListingOutcome outcome;
  outcome.listed = change->done && addition != Addition::not_as_verified;
  if (!change->note.empty()) outcome.notes.push_back(change->note);
  if (change->done && !outcome.listed) {
    outcome.notes.push_back(cache.directory.place(kEntriesName, listing.key) +
                            " was removed or changed before it could be listed");
  }
  return outcome;
}

Result<std::vector<std::string>> adopt(const OpenCache& cache, const std::string& key, const std::string& url,
                                       EntryCheck& check) {
  if (!check.hashed || check.listed || !check.sha256) return std::vector<std::string>();
  if (auto made = cache.directory.ensure_complete(); !made) return hit_without_listing(std::move(made.error()));
  auto outcome = list_entry(cache, {key, url, *check.sha256, check.stat}, cache.os.now() + kManifestWait);
  if (!outcome) return hit_without_listing(std::move(outcome.error()));
  check.listed = outcome->listed;
  return std::move(outcome->notes);
}

}  // namespace modelcache
