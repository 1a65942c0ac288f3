// Goes over the whole directory.
#include "cache/upkeep.h"

#include <cerrno>
#include <functional>
#include <optional>
#include <string>

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

// Whether a failed look says something of the entry alone, so that the others can be looked at all the same.
bool is_of_the_entry(const Error& error) {
  return error.code != ErrorCode::interrupted && error.code != ErrorCode::exhausted;
}

// Listings without a file go.
Result<std::uint64_t> drop_listings(const OpenCache& cache, Manifest& manifest) {
  std::uint64_t dropped = 0;
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
    ++dropped;
  }
  return dropped;
}

// Looks at every entry; returns those that are good and not listed.
Result<std::vector<Listing>> look_at_entries(const OpenCache& cache, RecoveryReport& report) {
  const auto keys = entry_keys(cache, &report.foreign);
  if (!keys) return fail(keys.error());
  std::vector<Listing> unlisted;
  for (const auto& key : *keys) {
    const auto check = check_entry(cache.os, cache.directory, key, VerifyPolicy::when_changed);
    if (!check && !is_of_the_entry(check.error())) return fail(check.error());
    if (!check) {
      ++report.entries_unreadable;
      report.notes.push_back(check.error().message());
    } else if (check->state == State::good && !check->listed && check->sha256) {
      unlisted.push_back({key, {}, *check->sha256, check->stat});
    } else if (check->state != State::good && check->state != State::missing) {
      ++report.entries_bad;
      report.notes.push_back(cache.directory.place(kEntriesName, key) + ": " + check->detail);
    }
  }
  return unlisted;
}

// One change under the manifest's lock: listings without a file go, files that were found good come.
Result<void> reconcile(const OpenCache& cache, const std::vector<Listing>& unlisted, RecoveryReport& report) {
  const auto before = read_manifest(cache.os, cache.directory).state;
  std::uint64_t dropped = 0, adopted = 0;
  const auto edit = [&](Manifest& manifest) -> Result<bool> {
    const auto gone = drop_listings(cache, manifest);
    if (!gone) return fail(gone.error());
    dropped = *gone;
    for (const auto& listing : unlisted) {
      const auto added = add_listing(cache, manifest, listing);
      if (!added) return fail(added.error());
      adopted += *added == Addition::added ? 1 : 0;
    }
    if (adopted > 0) {
      if (auto synced = sync_entries(cache); !synced) return fail(std::move(synced.error()));
    }
    return dropped + adopted > 0;
  };
  const auto change = change_manifest(cache.os, cache.directory, cache.lock_wait(), edit);
  if (!change) return fail(change.error());
  if (!change->done && change->why != ErrorCode::lock_timeout) {
    report.manifest_problem = change->note;
  } else if (!change->note.empty()) {
    report.notes.push_back(change->note);
  }
  if (!change->done) return {};
  report.listings_dropped = dropped;
  report.entries_adopted = adopted;
  report.manifest_rebuilt =
      before == StoredManifest::State::bad || (before == StoredManifest::State::missing && adopted > 0);
  return {};
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

struct Repair {
  bool removed = false;
  std::string hindrance;  // who holds a lock for too long
};

// Removes what is still bad once its lock is held: someone may have replaced it by a good one.
Result<Repair> remove_bad(const OpenCache& cache, const std::string& key,
                          const std::function<Result<EntryCheck>()>& look) {
  const auto lock = lock_to_remove(cache, key);
  if (!lock && lock.error().code == ErrorCode::lock_timeout) return Repair{false, lock.error().message()};
  if (!lock) return fail(lock.error());
  const auto check = look();
  if (!check || !may_be_removed(check->state)) return Repair{};
  const bool is_file = check->state == State::corrupt;
  const auto gone = unlink_entry(cache, key, is_file ? std::optional(check->stat) : std::nullopt);
  if (!gone && gone.error().code == ErrorCode::lock_timeout) return Repair{false, gone.error().message()};
  if (!gone) return fail(gone.error());
  return Repair{!cache.os.stat_name(cache.directory.entries(), key), {}};
}

// Nothing where nothing stands: listed only, or removed since.
Result<std::optional<VerifyReport>> verify_entry(const OpenCache& cache, const std::string& key, bool repair) {
  const auto look = [&] { return check_entry(cache.os, cache.directory, key, VerifyPolicy::always); };
  auto check = look();
  Repair repaired;
  if (check && repair && may_be_removed(check->state)) {
    auto done = remove_bad(cache, key, look);
    if (!done) return fail(std::move(done.error()));
    repaired = std::move(*done);
    if (!repaired.removed) check = look();
  }
  if (!check && !is_of_the_entry(check.error())) return fail(std::move(check.error()));
  if (!check) return std::optional(unreadable(cache, key, check.error()));
  if (check->state == State::missing) return std::optional<VerifyReport>();
  auto report = report_of(cache, key, *check);
  report.removed = repaired.removed;
  if (!repaired.hindrance.empty()) report.detail += "; not removed: " + repaired.hindrance;
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
  const auto unlisted = look_at_entries(cache, report);
  if (!unlisted) return fail(unlisted.error());
  if (auto reconciled = reconcile(cache, *unlisted, report); !reconciled) return fail(std::move(reconciled.error()));
  return report;
}

}  // namespace modelcache
