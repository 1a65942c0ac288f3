// Lists entries, and describes them.
#include "cache/listing.h"

#include <cerrno>

#include "cache/key.h"
#include "cache/manifest_store.h"
#include "cache/os_error.h"

namespace modelcache {
namespace {

// On a hit the listing is a favour to later hits: where it cannot even be begun, the hit stands all the same. A failed
// write, sync or close is another matter, and is reported.
bool could_not_begin(const Error& error) {
  switch (error.code) {
    case ErrorCode::read_only:
    case ErrorCode::denied:
    case ErrorCode::not_found:
    case ErrorCode::bad_entry:
      return true;
    case ErrorCode::no_space:
    case ErrorCode::exhausted:
      return error.step == "create temporary" || error.step == "open lock file";
    default:
      return false;
  }
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

Result<std::string> list_entry(Os& os, const Directory& directory, const Listing& listing, Instant until) {
  const auto added_at = std::chrono::floor<std::chrono::seconds>(os.wall_time());
  const auto change = change_manifest(os, directory, until, [&](Manifest& manifest) -> Result<bool> {
    const auto now = os.stat_name(directory.entries(), listing.key);
    if (!now && now.error() != Errno{ENOENT}) {
      return fail(now.error(), "stat", directory.place(kEntriesName, listing.key));
    }
    // Removed, replaced or touched since: what stands there now is not what was verified.
    if (!now || stamp_of(*now) != stamp_of(listing.stat)) return false;
    ManifestRecord record{listing.url, listing.sha256, stamp_of(listing.stat), added_at};
    const auto [place, added] = manifest.entries.try_emplace(listing.key, record);
    if (added) return true;
    if (record.url.empty()) record.url = place->second.url;
    record.added_at = place->second.added_at;
    if (place->second == record) return false;
    place->second = std::move(record);
    return true;
  });
  if (!change) return fail(change.error());
  return change->note;
}

Result<void> adopt(const OpenCache& cache, const std::string& key, const std::string& url, EntryCheck& check) {
  if (!check.hashed || check.listed || !check.sha256) return {};
  if (auto made = cache.directory.ensure_complete(); !made) {
    return could_not_begin(made.error()) ? Result<void>{} : Result<void>(fail(std::move(made.error())));
  }
  const auto noted =
      list_entry(cache.os, cache.directory, {key, url, *check.sha256, check.stat}, cache.os.now() + kManifestWait);
  if (!noted && !could_not_begin(noted.error())) return fail(noted.error());
  check.listed = noted && noted->empty();
  return {};
}

}  // namespace modelcache
