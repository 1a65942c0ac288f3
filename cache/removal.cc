// Removes an entry's listing and its file.
#include "cache/removal.h"

#include <cerrno>

#include "cache/key.h"
#include "cache/listing.h"
#include "cache/manifest_store.h"
#include "cache/os_error.h"
#include "cache/selection.h"

namespace modelcache {

Result<EntryLock> lock_to_remove(const OpenCache& cache, const std::string& key) {
  if (auto made = cache.directory.ensure_complete(); !made) return fail(std::move(made.error()));
  auto lock = EntryLock::wait(cache.os, cache.directory, lock_name(key), cache.lock_wait());
  if (lock && lock->state() == EntryLock::State::timed_out) {
    return fail(ErrorCode::lock_timeout, "wait for lock", cache.directory.place(kLocksName, lock_name(key)),
                "held by " + lock->holder());
  }
  return lock;
}

Result<void> unlink_entry(const OpenCache& cache, const std::string& key, const std::optional<FileStat>& only_if) {
  const auto forget = [&](Manifest& manifest) -> Result<bool> { return manifest.entries.erase(key) > 0; };
  const auto unlink = [&]() -> Result<void> {
    if (only_if) {  // a get that did not wait for the lock may have put a good one there
      const auto now = cache.os.stat_name(cache.directory.entries(), key);
      if (now && stamp_of(*now) != stamp_of(*only_if)) return {};
    }
    const auto unlinked = cache.os.unlink(cache.directory.entries(), key);
    if (!unlinked && unlinked.error() != Errno{ENOENT}) {
      return fail(unlinked.error(), "unlink", cache.directory.place(kEntriesName, key));
    }
    return sync_entries(cache);
  };
  const auto wait = cache.lock_wait();
  auto change = change_manifest(cache.os, cache.directory, wait, forget, unlink);
  if (!change && change.error().code == ErrorCode::no_space && !may_have_lost_writes(change.error())) {
    // No room for the smaller manifest: make some. Until it is written, the listing without a file is a miss.
    if (auto unlinked = unlink(); !unlinked) return unlinked;
    change = change_manifest(cache.os, cache.directory, wait, forget);
  }
  if (!change) return fail(change.error());
  if (!change->done) return fail(change->why, "remove", cache.directory.place(kEntriesName, key), change->note);
  return {};
}

Result<Entry> remove_entry(const OpenCache& cache, std::string_view selector) {
  const auto keys = select_keys(cache, selector);
  if (!keys) return fail(keys.error());
  if (keys->size() > 1) {
    return fail(ErrorCode::invalid_argument, "remove", selector,
                "names " + std::to_string(keys->size()) + " entries; give the key of one, as `ls` prints it");
  }
  const auto& key = keys->front();
  const auto lock = lock_to_remove(cache, key);
  if (!lock) return fail(lock.error());
  // By its name: what cannot be opened can be removed all the same.
  const auto stat = cache.os.stat_name(cache.directory.entries(), key);
  const auto place = cache.directory.place(kEntriesName, key);
  if (!stat && stat.error() != Errno{ENOENT}) return fail(stat.error(), "stat", place);
  if (stat && stat->type == FileType::directory) {
    return fail(ErrorCode::bad_entry, "remove", place, "found a directory; it is left alone");
  }
  auto entry =
      entry_of(cache.directory, key, stat ? *stat : FileStat{}, read_manifest(cache.os, cache.directory).manifest);
  if (auto removed = unlink_entry(cache, key, std::nullopt); !removed) return fail(std::move(removed.error()));
  return entry;
}

}  // namespace modelcache
