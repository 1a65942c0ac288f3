// Goes over the whole directory.
#include "cache/upkeep.h"

#include <cerrno>
#include <optional>

#include "cache/entry_check.h"
#include "cache/key.h"
#include "cache/listing.h"
#include "cache/manifest_store.h"
#include "cache/os_error.h"
#include "cache/recovery.h"
#include "cache/removal.h"
#include "cache/selection.h"

namespace modelcache {
namespace {

using State = EntryCheck::State;

// Under the manifest's lock: listings without a file go, files without a listing that were found good come.
Result<bool> reconcile(const OpenCache& cache, Manifest& manifest, RecoveryReport& report) {
  bool changed = false;
  for (auto record = manifest.entries.begin(); record != manifest.entries.end();) {
    const auto stat = cache.os.stat_name(cache.directory.entries(), record->first);
    if (!stat && stat.error() != Errno{ENOENT}) {
      return fail(stat.error(), "stat", cache.directory.place(kEntriesName, record->first));
    }
    if (stat) {
      ++record;
      continue;
    }
    record = manifest.entries.erase(record);
    ++report.listings_dropped;
    changed = true;
  }
  return changed;
}

}  // namespace

Result<std::vector<Entry>> list_entries(const OpenCache& cache) {
  const auto keys = entry_keys(cache, nullptr);
  if (!keys) return fail(keys.error());
  const auto stored = read_manifest(cache.os, cache.directory);
  std::vector<Entry> entries;
  for (const auto& key : *keys) {
    const auto stat = cache.os.stat_name(cache.directory.entries(), key);
    if (!stat && stat.error() == Errno{ENOENT}) continue;  // removed since
    if (!stat) return fail(stat.error(), "stat", cache.directory.place(kEntriesName, key));
    if (stat->type != FileType::regular) continue;
    EntryCheck check;
    check.stat = *stat;
    if (const auto record = stored.manifest.entries.find(key); record != stored.manifest.entries.end()) {
      check.record = record->second;
      check.listed = record->second.stamp == stamp_of(*stat);
    }
    entries.push_back(entry_of(cache.directory, key, check));
  }
  return entries;
}

Result<std::vector<VerifyReport>> verify_entries(const OpenCache& cache, std::string_view selector, bool repair) {
  const auto keys = select_keys(cache, selector);
  if (!keys) return fail(keys.error());
  std::vector<VerifyReport> reports;
  for (const auto& key : *keys) {
    auto check = check_entry(cache.os, cache.directory, key, VerifyPolicy::always);
    if (!check) return fail(std::move(check.error()));
    if (check->state == State::missing) continue;  // listed only, or removed since
    std::optional<EntryLock> lock;
    bool removed = false;
    if (repair && check->state != State::good && check->state != State::directory) {
      auto taken = lock_to_remove(cache, key);
      if (!taken) return fail(std::move(taken.error()));
      lock.emplace(std::move(*taken));
      check = check_entry(cache.os, cache.directory, key,
                          VerifyPolicy::always);  // someone may have replaced it by a good one
      if (!check) return fail(std::move(check.error()));
      if (check->state == State::corrupt || check->state == State::no_file) {
        const bool is_file = check->state == State::corrupt;
        if (auto gone = unlink_entry(cache, key, is_file ? std::optional(check->stat) : std::nullopt); !gone) {
          return fail(std::move(gone.error()));
        }
        removed = !cache.os.stat_name(cache.directory.entries(), key);
        if (!removed) {
          check = check_entry(cache.os, cache.directory, key, VerifyPolicy::always);
          if (!check) return fail(std::move(check.error()));
        }
      }
    }
    VerifyReport report;
    report.entry = entry_of(cache.directory, key, *check);
    report.state = check->state == State::good      ? EntryState::good
                   : check->state == State::corrupt ? EntryState::corrupt
                                                    : EntryState::not_a_file;
    report.detail = check->detail;
    if (check->state == State::good && !digest_in_key(key) && !check->record) {
      report.detail = "not listed and got without a checksum: there is nothing to compare it with";
    }
    report.removed = removed;
    reports.push_back(std::move(report));
  }
  return reports;
}

Result<RecoveryReport> recover_directory(const OpenCache& cache) {
  if (auto made = cache.directory.ensure_complete(); !made) return fail(std::move(made.error()));
  RecoveryReport report;
  auto swept = sweep_temporaries(cache.os, cache.directory);
  if (!swept) return fail(std::move(swept.error()));
  report.temporaries_removed = swept->removed;
  report.temporaries_kept = swept->kept;
  report.foreign = std::move(swept->foreign);
  report.notes = std::move(swept->notes);
  const auto keys = entry_keys(cache, &report.foreign);
  if (!keys) return fail(keys.error());

  const auto before = read_manifest(cache.os, cache.directory).state;
  const auto change = change_manifest(cache.os, cache.directory, cache.os.now() + cache.options.lock.wait_max,
                                      [&](Manifest& manifest) { return reconcile(cache, manifest, report); });
  if (!change) return fail(change.error());
  if (!change->note.empty()) report.notes.push_back(change->note);
  for (const auto& key : *keys) {
    auto check = check_entry(cache.os, cache.directory, key, VerifyPolicy::when_changed);
    if (!check) return fail(std::move(check.error()));
    if (check->state == State::good && !check->listed) {
      if (auto adopted = adopt(cache, key, {}, *check); !adopted) return fail(std::move(adopted.error()));
      if (check->listed) ++report.entries_adopted;
    } else if (check->state != State::good && check->state != State::missing) {
      ++report.entries_bad;
      report.notes.push_back(cache.directory.place(kEntriesName, key) + ": " + check->detail);
    }
  }
  report.manifest_rebuilt = change->done && (before == StoredManifest::State::bad ||
                                             (before == StoredManifest::State::missing && report.entries_adopted > 0));
  return report;
}

}  // namespace modelcache
