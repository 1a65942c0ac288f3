// The cache's operations: a hit without a write, a miss under the entry's lock.
#include "cache/cache.h"

#include <algorithm>
#include <cerrno>

#include "cache/directory.h"
#include "cache/download.h"
#include "cache/entry_check.h"
#include "cache/entry_lock.h"
#include "cache/http_url.h"
#include "cache/key.h"
#include "cache/manifest_store.h"
#include "cache/os_error.h"
#include "cache/patient_os.h"
#include "cache/publish.h"
#include "cache/recovery.h"

namespace modelcache {
namespace {

using State = EntryCheck::State;

// How long a listing waits for the manifest's lock: it is held for a few milliseconds, and an entry that is not listed
// is legal, so nobody waits long behind a stopped process.
constexpr std::chrono::seconds kManifestWait{5};

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

struct Target {
  HttpUrl url;
  std::string key;
};

Result<Target> target_of(const GetRequest& request) {
  auto url = HttpUrl::parse(request.url);
  if (!url) return fail(std::move(url.error()));
  if (!request.sha256 && !request.accept_unverified) {
    return fail(ErrorCode::invalid_argument, "get", url->text,
                "expected a SHA-256, or leave to go without one (accept_unverified)");
  }
  auto key = request.sha256 ? key_of(*request.sha256) : key_of_url(url->text);
  return Target{std::move(*url), std::move(key)};
}

}  // namespace

std::string_view name_of(VerifyPolicy policy) {
  switch (policy) {
    case VerifyPolicy::when_changed:
      return "when-changed";
    case VerifyPolicy::always:
      return "always";
    case VerifyPolicy::never:
      return "never";
  }
  return "?";
}

class Cache::Impl {
 public:
  Impl(Os& os, CacheOptions options) : os_(os, options.http.cancelled), options_(std::move(options)) {}

  Result<void> open(std::string directory, bool create) {
    auto opened = Directory::open(os_, std::move(directory), create);
    if (!opened) return fail(std::move(opened.error()));
    directory_.emplace(std::move(*opened));
    return {};
  }

  Result<GetResult> get(const GetRequest& request);
  Result<GetResult> find(const GetRequest& request);
  Result<std::vector<Entry>> list();
  Result<std::vector<VerifyReport>> verify(std::string_view selector, bool repair);
  Result<Entry> remove(std::string_view selector);
  Result<RecoveryReport> recover();

 private:
  Entry entry_of(const std::string& key, const EntryCheck& check) const;
  Result<void> adopt(const std::string& key, const std::string& url, EntryCheck& check);
  Result<GetResult> fetch(const GetRequest& request, const Target& target, Instant deadline);
  Result<GetResult> hit(const Target& target, EntryCheck check);
  Result<std::vector<std::string>> keys_for(std::string_view selector);
  Result<std::vector<std::string>> entry_names(std::vector<std::string>* foreign);
  Result<EntryLock> lock_to_remove(const std::string& key);
  Result<void> unlink_entry(const std::string& key, const std::optional<FileStat>& only_if);
  Result<bool> reconcile(Manifest& manifest, RecoveryReport& report);

  PatientOs os_;
  CacheOptions options_;
  std::optional<Directory> directory_;
};

Entry Cache::Impl::entry_of(const std::string& key, const EntryCheck& check) const {
  Entry entry;
  entry.key = key;
  entry.path = directory_->place(kEntriesName, key);
  entry.size_bytes = check.stat.size_bytes;
  entry.sha256 = check.sha256 ? check.sha256 : digest_in_key(key);
  if (!entry.sha256 && check.record) entry.sha256 = check.record->sha256;
  if (check.record) entry.url = check.record->url;
  entry.listed = check.listed;
  return entry;
}

// Lists an entry that was found good by hashing and is not listed as it is.
Result<void> Cache::Impl::adopt(const std::string& key, const std::string& url, EntryCheck& check) {
  if (!check.hashed || check.listed || !check.sha256) return {};
  if (auto made = directory_->ensure_complete(); !made) {
    return could_not_begin(made.error()) ? Result<void>{} : Result<void>(fail(std::move(made.error())));
  }
  const auto noted = list_entry(os_, *directory_, {key, url, *check.sha256, check.stat}, os_.now() + kManifestWait);
  if (!noted && !could_not_begin(noted.error())) return fail(noted.error());
  check.listed = noted && noted->empty();
  return {};
}

Result<GetResult> Cache::Impl::hit(const Target& target, EntryCheck check) {
  if (auto adopted = adopt(target.key, target.url.text, check); !adopted) return fail(std::move(adopted.error()));
  GetResult result;
  result.entry = entry_of(target.key, check);
  if (result.entry.url.empty()) result.entry.url = target.url.text;
  result.hit = true;
  result.hashed = check.hashed;
  return result;
}

Result<GetResult> Cache::Impl::get(const GetRequest& request) {
  auto target = target_of(request);
  if (!target) return fail(std::move(target.error()));
  const auto deadline = os_.now() + options_.get_timeout;
  auto check = check_entry(os_, *directory_, target->key, options_.verify);
  if (!check) return fail(std::move(check.error()));
  if (check->state == State::good) return hit(*target, std::move(*check));

  if (auto made = directory_->ensure_complete(); !made) return fail(std::move(made.error()));
  const auto waits_until = std::min(deadline, os_.now() + options_.lock.wait_max);
  const auto lock =
      EntryLock::wait(os_, *directory_, lock_name(target->key), waits_until, [&](const std::string& holder) {
        Progress waiting;
        waiting.phase = Progress::Phase::waiting_for_lock;
        waiting.note = holder;
        if (request.progress) request.progress(waiting);
      });
  if (!lock) return fail(lock.error());
  if (lock->state() == EntryLock::State::timed_out && (options_.lock.only_wait || os_.now() >= deadline)) {
    return fail(ErrorCode::lock_timeout, "wait for lock", directory_->place(kLocksName, lock_name(target->key)),
                "held by " + (lock->holder().empty() ? std::string("an unknown process") : lock->holder()));
  }
  auto result = fetch(request, *target, deadline);
  if (result && lock->state() != EntryLock::State::held) {
    result->notes.push_back(lock->state() == EntryLock::State::unavailable
                                ? "locks do not work in " + directory_->path()
                                : "did not wait any longer for " + lock->holder());
  }
  return result;
}

// The miss. What was decided before the lock was taken counts for nothing: someone else may have published meanwhile.
Result<GetResult> Cache::Impl::fetch(const GetRequest& request, const Target& target, Instant deadline) {
  auto check = check_entry(os_, *directory_, target.key, options_.verify);
  if (!check) return fail(std::move(check.error()));
  if (check->state == State::good) return hit(target, std::move(*check));
  if (check->state == State::directory) {
    return fail(ErrorCode::bad_entry, "get", directory_->place(kEntriesName, target.key),
                "a directory stands where the entry should be; move it away");
  }
  if (const auto swept = sweep_temporaries(os_, *directory_); !swept) return fail(swept.error());

  auto staged = StagedFile::create(os_, *directory_, target.key);
  if (!staged) return fail(std::move(staged.error()));
  GetResult result;
  const auto file =
      download(os_, target.url, request.sha256, options_, deadline, request.progress, *staged, result.attempts);
  if (!file) return fail(file.error());
  const auto bad_inode = check->state == State::missing ? std::nullopt : std::optional(check->stat.inode);
  auto published = publish(os_, *directory_, std::move(*staged), target.key, file->sha256, bad_inode);
  if (!published) return fail(std::move(published.error()));
  const auto noted = list_entry(os_, *directory_, {target.key, target.url.text, published->sha256, published->stat},
                                std::min(deadline, os_.now() + kManifestWait));
  if (!noted) return fail(noted.error());
  result.notes = std::move(published->notes);
  if (!noted->empty()) result.notes.push_back(*noted);
  check->stat = published->stat;
  check->sha256 = published->sha256;
  check->listed = noted->empty();
  check->record.reset();
  result.entry = entry_of(target.key, *check);
  result.entry.url = target.url.text;
  result.hashed = true;
  return result;
}

Result<GetResult> Cache::Impl::find(const GetRequest& request) {
  auto target = target_of(request);
  if (!target) return fail(std::move(target.error()));
  auto check = check_entry(os_, *directory_, target->key, options_.verify);
  if (!check) return fail(std::move(check.error()));
  const auto place = directory_->place(kEntriesName, target->key);
  if (check->state == State::missing)
    return fail(ErrorCode::not_found, "find", target->url.text, "not in " + directory_->path());
  if (check->state != State::good) return fail(ErrorCode::not_found, "find", place, "not usable: " + check->detail);
  GetResult result;
  result.entry = entry_of(target->key, *check);
  if (result.entry.url.empty()) result.entry.url = target->url.text;
  result.hit = true;
  result.hashed = check->hashed;
  return result;
}

Result<std::vector<std::string>> Cache::Impl::entry_names(std::vector<std::string>* foreign) {
  std::vector<std::string> keys;
  if (!directory_->has_entries()) return keys;
  auto names = os_.list(directory_->entries());
  if (!names) return fail(names.error(), "list", directory_->place("", kEntriesName));
  for (auto& name : *names) {
    if (is_key(name)) {
      keys.push_back(std::move(name));
    } else if (foreign != nullptr) {
      foreign->push_back(std::string(kEntriesName) + '/' + name);
    }
  }
  return keys;
}

Result<std::vector<Entry>> Cache::Impl::list() {
  const auto keys = entry_names(nullptr);
  if (!keys) return fail(keys.error());
  const auto stored = read_manifest(os_, *directory_);
  std::vector<Entry> entries;
  for (const auto& key : *keys) {
    const auto stat = os_.stat_name(directory_->entries(), key);
    if (!stat && stat.error() == Errno{ENOENT}) continue;  // removed since
    if (!stat) return fail(stat.error(), "stat", directory_->place(kEntriesName, key));
    if (stat->type != FileType::regular) continue;
    EntryCheck check;
    check.stat = *stat;
    if (const auto record = stored.manifest.entries.find(key); record != stored.manifest.entries.end()) {
      check.record = record->second;
      check.listed = record->second.stamp == stamp_of(*stat);
    }
    entries.push_back(entry_of(key, check));
  }
  return entries;
}

// The entries that a key, a digest or a URL names: those that are there, and those that are only listed.
Result<std::vector<std::string>> Cache::Impl::keys_for(std::string_view selector) {
  auto keys = entry_names(nullptr);
  if (!keys) return keys;
  const auto stored = read_manifest(os_, *directory_);
  for (const auto& [key, record] : stored.manifest.entries) keys->push_back(key);
  std::sort(keys->begin(), keys->end());
  keys->erase(std::unique(keys->begin(), keys->end()), keys->end());
  if (selector.empty()) return keys;

  const auto digest = Sha256Digest::parse(selector);
  const auto url = HttpUrl::parse(selector);
  std::erase_if(*keys, [&](const std::string& key) {
    if (key == selector) return false;
    const auto record = stored.manifest.entries.find(key);
    const bool recorded = record != stored.manifest.entries.end();
    if (digest && (digest_in_key(key) == *digest || (recorded && record->second.sha256 == *digest))) return false;
    return !(url && (key == key_of_url(url->text) || (recorded && record->second.url == url->text)));
  });
  if (keys->empty()) {
    const bool known_form = digest || url || is_key(selector);
    return fail(
        known_form ? ErrorCode::not_found : ErrorCode::invalid_argument, "select", selector,
        known_form ? "no such entry in " + directory_->path() : "expected a URL, a SHA-256 or a key as `ls` prints it");
  }
  return keys;
}

Result<EntryLock> Cache::Impl::lock_to_remove(const std::string& key) {
  if (auto made = directory_->ensure_complete(); !made) return fail(std::move(made.error()));
  auto lock = EntryLock::wait(os_, *directory_, lock_name(key), os_.now() + options_.lock.wait_max, {});
  if (lock && lock->state() == EntryLock::State::timed_out) {
    return fail(ErrorCode::lock_timeout, "wait for lock", directory_->place(kLocksName, lock_name(key)),
                "held by " + lock->holder());
  }
  return lock;
}

// First the listing, then the file, both under the manifest's lock: a power loss in between leaves an entry that is not
// listed, which is legal, and nobody can adopt the entry between the two. With `only_if`, the file goes only as it was
// then. REQUIRES: the entry's lock.
Result<void> Cache::Impl::unlink_entry(const std::string& key, const std::optional<FileStat>& only_if) {
  const auto forget = [&](Manifest& manifest) -> Result<bool> { return manifest.entries.erase(key) > 0; };
  const auto unlink = [&]() -> Result<void> {
    if (only_if) {  // a get that did not wait for the lock may have put a good one there
      const auto now = os_.stat_name(directory_->entries(), key);
      if (now && stamp_of(*now) != stamp_of(*only_if)) return {};
    }
    const auto unlinked = os_.unlink(directory_->entries(), key);
    if (!unlinked && unlinked.error() != Errno{ENOENT}) {
      return fail(unlinked.error(), "unlink", directory_->place(kEntriesName, key));
    }
    const auto synced = os_.sync_directory(directory_->entries());
    if (!synced) return fail(synced.error(), "sync directory", directory_->place("", kEntriesName));
    return {};
  };
  const auto until = os_.now() + options_.lock.wait_max;
  auto change = change_manifest(os_, *directory_, until, forget, unlink);
  if (!change && change.error().code == ErrorCode::no_space) {
    // No room for the smaller manifest: make some. Until it is written, the listing without a file is a miss.
    if (auto unlinked = unlink(); !unlinked) return unlinked;
    change = change_manifest(os_, *directory_, until, forget);
  }
  if (!change) return fail(change.error());
  if (!change->done) return fail(change->why, "remove", directory_->place(kEntriesName, key), change->note);
  return {};
}

Result<Entry> Cache::Impl::remove(std::string_view selector) {
  const auto keys = keys_for(selector);
  if (!keys) return fail(keys.error());
  if (keys->size() > 1) {
    return fail(ErrorCode::invalid_argument, "remove", selector,
                "names " + std::to_string(keys->size()) + " entries; give the key of one, as `ls` prints it");
  }
  const auto& key = keys->front();
  const auto lock = lock_to_remove(key);
  if (!lock) return fail(lock.error());
  const auto check = check_entry(os_, *directory_, key, VerifyPolicy::never);
  if (!check) return fail(check.error());
  if (check->state == State::directory) {
    return fail(ErrorCode::bad_entry, "remove", directory_->place(kEntriesName, key),
                "found a directory; it is left alone");
  }
  if (auto removed = unlink_entry(key, std::nullopt); !removed) return fail(std::move(removed.error()));
  return entry_of(key, *check);
}

Result<std::vector<VerifyReport>> Cache::Impl::verify(std::string_view selector, bool repair) {
  const auto keys = keys_for(selector);
  if (!keys) return fail(keys.error());
  std::vector<VerifyReport> reports;
  for (const auto& key : *keys) {
    auto check = check_entry(os_, *directory_, key, VerifyPolicy::always);
    if (!check) return fail(std::move(check.error()));
    if (check->state == State::missing) continue;  // listed only, or removed since
    std::optional<EntryLock> lock;
    bool removed = false;
    if (repair && check->state != State::good && check->state != State::directory) {
      auto taken = lock_to_remove(key);
      if (!taken) return fail(std::move(taken.error()));
      lock.emplace(std::move(*taken));
      check = check_entry(os_, *directory_, key, VerifyPolicy::always);  // someone may have replaced it by a good one
      if (!check) return fail(std::move(check.error()));
      if (check->state == State::corrupt || check->state == State::no_file) {
        const bool is_file = check->state == State::corrupt;
        if (auto gone = unlink_entry(key, is_file ? std::optional(check->stat) : std::nullopt); !gone) {
          return fail(std::move(gone.error()));
        }
        removed = !os_.stat_name(directory_->entries(), key);
        if (!removed) {
          check = check_entry(os_, *directory_, key, VerifyPolicy::always);
          if (!check) return fail(std::move(check.error()));
        }
      }
    }
    VerifyReport report;
    report.entry = entry_of(key, *check);
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

// Under the manifest's lock: listings without a file go, files without a listing that were found good come.
Result<bool> Cache::Impl::reconcile(Manifest& manifest, RecoveryReport& report) {
  bool changed = false;
  for (auto record = manifest.entries.begin(); record != manifest.entries.end();) {
    const auto stat = os_.stat_name(directory_->entries(), record->first);
    if (!stat && stat.error() != Errno{ENOENT}) {
      return fail(stat.error(), "stat", directory_->place(kEntriesName, record->first));
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

Result<RecoveryReport> Cache::Impl::recover() {
  if (auto made = directory_->ensure_complete(); !made) return fail(std::move(made.error()));
  RecoveryReport report;
  auto swept = sweep_temporaries(os_, *directory_);
  if (!swept) return fail(std::move(swept.error()));
  report.temporaries_removed = swept->removed;
  report.temporaries_kept = swept->kept;
  report.foreign = std::move(swept->foreign);
  report.notes = std::move(swept->notes);
  const auto keys = entry_names(&report.foreign);
  if (!keys) return fail(keys.error());

  const auto before = read_manifest(os_, *directory_).state;
  const auto change = change_manifest(os_, *directory_, os_.now() + options_.lock.wait_max,
                                      [&](Manifest& manifest) { return reconcile(manifest, report); });
  if (!change) return fail(change.error());
  if (!change->note.empty()) report.notes.push_back(change->note);
  for (const auto& key : *keys) {
    auto check = check_entry(os_, *directory_, key, VerifyPolicy::when_changed);
    if (!check) return fail(std::move(check.error()));
    if (check->state == State::good && !check->listed) {
      if (auto adopted = adopt(key, {}, *check); !adopted) return fail(std::move(adopted.error()));
      if (check->listed) ++report.entries_adopted;
    } else if (check->state != State::good && check->state != State::missing) {
      ++report.entries_bad;
      report.notes.push_back(directory_->place(kEntriesName, key) + ": " + check->detail);
    }
  }
  report.manifest_rebuilt = change->done && (before == StoredManifest::State::bad ||
                                             (before == StoredManifest::State::missing && report.entries_adopted > 0));
  return report;
}

Result<Cache> Cache::open(Os& os, std::string directory, CacheOptions options, bool create) {
  auto impl = std::make_unique<Impl>(os, std::move(options));
  if (auto opened = impl->open(std::move(directory), create); !opened) return fail(std::move(opened.error()));
  return Cache(std::move(impl));
}

Cache::Cache(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cache::Cache(Cache&&) noexcept = default;
Cache& Cache::operator=(Cache&&) noexcept = default;
Cache::~Cache() = default;

Result<GetResult> Cache::get(const GetRequest& request) { return impl_->get(request); }
Result<GetResult> Cache::find(const GetRequest& request) { return impl_->find(request); }
Result<std::vector<Entry>> Cache::list() { return impl_->list(); }
Result<std::vector<VerifyReport>> Cache::verify(std::string_view selector, bool repair) {
  return impl_->verify(selector, repair);
}
Result<Entry> Cache::remove(std::string_view selector) { return impl_->remove(selector); }
Result<RecoveryReport> Cache::recover() { return impl_->recover(); }

}  // namespace modelcache
