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

// Whether a failed look says something of the entry alone, so that the others can be looked at all the same.
bool is_of_the_entry(const Error& error) {
  return error.code != ErrorCode::interrupted && error.code != ErrorCode::exhausted;
}

bool may_be_removed(State state) { return state == State::corrupt || state == State::no_file; }

EntryState state_of(State state) {
  if (state == State::good) return EntryState::good;
  return state == State::corrupt ? EntryState::corrupt : EntryState::not_a_file;
}

VerifyReport report_of(const OpenCache& cache, const std::string& key, const EntryCheck& check) {
  VerifyReport report;
  report.entry = entry_of(cache.directory, key, check);
  report.state = state_of(check.state);
  report.detail = check.detail;
  if (check.state == State::good && !digest_in_key(key) && !check.record) {
    report.detail = "not listed and got without a checksum: there is nothing to compare it with";
  }
  return report;
}

VerifyReport unreadable(const OpenCache& cache, const std::string& key, const Error& error) {
  EntryCheck check;
  if (const auto stat = cache.os.stat_name(cache.directory.entries(), key)) check.stat = *stat;
  VerifyReport report;
  report.entry = entry_of(cache.directory, key, check);
  report.state = EntryState::unreadable;
  report.detail = error.step + ": " + error.detail;
  return report;
}

// Nothing where nothing stands: listed only, or removed since.
Result<std::optional<VerifyReport>> verify_entry(const OpenCache& cache, const std::string& key, bool repair) {
  const auto look = [&] { return check_entry(cache.os, cache.directory, key, VerifyPolicy::always); };
  auto check = look();
  std::optional<EntryLock> lock;
  bool removed = false;
  if (check && repair && may_be_removed(check->state)) {
    auto taken = lock_to_remove(cache, key);
    if (!taken) return fail(std::move(taken.error()));
    lock.emplace(std::move(*taken));
    check = look();  // someone may have replaced it by a good one
    if (check && may_be_removed(check->state)) {
      const bool is_file = check->state == State::corrupt;
      if (auto gone = unlink_entry(cache, key, is_file ? std::optional(check->stat) : std::nullopt); !gone) {
        return fail(std::move(gone.error()));
      }
      removed = !cache.os.stat_name(cache.directory.entries(), key);
      if (!removed) check = look();
    }
  }
  if (!check && !is_of_the_entry(check.error())) return fail(std::move(check.error()));
  if (!check) return std::optional(unreadable(cache, key, check.error()));
  if (check->state == State::missing) return std::optional<VerifyReport>();
  auto report = report_of(cache, key, *check);
  report.removed = removed;
  return std::optional(std::move(report));
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
    entries.push_back(entry_of(cache.directory, key, *stat, stored.manifest));
  }
  return entries;
}

Result<std::vector<VerifyReport>> verify_entries(const OpenCache& cache, std::string_view selector, bool repair) {
  const auto keys = select_keys(cache, selector);
  if (!keys) return fail(keys.error());
  std::vector<VerifyReport> reports;
  for (const auto& key : *keys) {
    auto report = verify_entry(cache, key, repair);
    if (!report) return fail(std::move(report.error()));
    if (*report) reports.push_back(std::move(**report));
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
    if (!check && !is_of_the_entry(check.error())) return fail(std::move(check.error()));
    if (!check) {
      ++report.entries_unreadable;
      report.notes.push_back(check.error().message());
      continue;
    }
    if (check->state == State::good && !check->listed) {
      const auto notes = adopt(cache, key, {}, *check);
      if (!notes) return fail(notes.error());
      report.notes.insert(report.notes.end(), notes->begin(), notes->end());
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
