// The cache's gets: a hit without a write, a miss under the entry's lock.
#include "cache/cache.h"

#include <algorithm>
#include <utility>

#include "cache/directory.h"
#include "cache/download.h"
#include "cache/entry_check.h"
#include "cache/entry_lock.h"
#include "cache/http_url.h"
#include "cache/key.h"
#include "cache/listing.h"
#include "cache/open_cache.h"
#include "cache/patient_os.h"
#include "cache/publish.h"
#include "cache/recovery.h"
#include "cache/removal.h"
#include "cache/upkeep.h"

namespace modelcache {
namespace {

using Phase = Progress::Phase;
using State = EntryCheck::State;

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

void tell(const GetRequest& request, Phase phase, const std::string& note = {}) {
  if (!request.progress) return;
  Progress progress;
  progress.phase = phase;
  progress.note = note;
  request.progress(progress);
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
  // What works on all entries, by the directory as it is now.
  template <class Work>
  auto on_all(const Work& work) -> decltype(work(std::declval<OpenCache>())) {
    if (auto opened = directory_->open_what_came(); !opened) return fail(std::move(opened.error()));
    return work(parts());
  }

 private:
  Result<GetResult> fetch(const GetRequest& request, const Target& target, Instant deadline);
  Result<GetResult> hit(const Target& target, EntryCheck check);
  OpenCache parts() { return {os_, *directory_, options_}; }

  PatientOs os_;
  CacheOptions options_;
  std::optional<Directory> directory_;
};

Result<GetResult> Cache::Impl::hit(const Target& target, EntryCheck check) {
  auto notes = adopt(parts(), target.key, target.url.text, check);
  if (!notes) return fail(std::move(notes.error()));
  GetResult result;
  result.entry = entry_of(*directory_, target.key, check);
  if (result.entry.url.empty()) result.entry.url = target.url.text;
  result.hit = true;
  result.hashed = check.hashed;
  result.notes = std::move(*notes);
  return result;
}

Result<GetResult> Cache::Impl::get(const GetRequest& request) {
  auto target = target_of(request);
  if (!target) return fail(std::move(target.error()));
  const auto deadline = os_.now() + options_.get_timeout;
  tell(request, Phase::checking);
  if (auto opened = directory_->open_what_came(); !opened) return fail(std::move(opened.error()));
  auto check = check_entry(os_, *directory_, target->key, options_.verify);
  if (!check) return fail(std::move(check.error()));
  if (check->state == State::good) return hit(*target, std::move(*check));

  if (auto made = directory_->ensure_complete(); !made) return fail(std::move(made.error()));
  const auto waits_until = std::min(deadline, os_.now() + options_.lock.wait_max);
  const auto lock = EntryLock::wait(os_, *directory_, lock_name(target->key),
                                    {waits_until, [&](const std::string&, const std::string& holder) {
                                       tell(request, Phase::waiting_for_lock, holder);
                                     }});
  if (!lock) return fail(lock.error());
  if (lock->state() == EntryLock::State::timed_out && (options_.lock.only_wait || os_.now() >= deadline)) {
    return fail(ErrorCode::lock_timeout, "wait for lock", directory_->place(kLocksName, lock_name(target->key)),
                "held by " + lock->holder());
  }
  auto result = fetch(request, *target, deadline);
  if (!result) return result;
  switch (lock->state()) {
    case EntryLock::State::held:
      result->lock = LockUse::held;
      break;
    case EntryLock::State::timed_out:
      result->lock = LockUse::gave_up;
      result->notes.push_back("did not wait any longer for " + lock->holder());
      break;
    case EntryLock::State::unavailable:
      result->lock = LockUse::unavailable;
      result->notes.push_back("locks do not work in " + directory_->path());
      break;
  }
  return result;
}

// The miss. What was decided before the lock was taken counts for nothing: someone else may have published meanwhile.
Result<GetResult> Cache::Impl::fetch(const GetRequest& request, const Target& target, Instant deadline) {
  tell(request, Phase::checking);
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
  tell(request, Phase::publishing);
  auto published = publish(os_, *directory_, std::move(*staged), target.key, file->sha256, bad_inode);
  if (!published) return fail(std::move(published.error()));
  tell(request, Phase::listing);
  const auto outcome = list_entry(parts(), {target.key, target.url.text, published->sha256, published->stat, true},
                                  std::min(deadline, os_.now() + kManifestWait));
  if (!outcome) return fail(outcome.error());
  result.notes = std::move(published->notes);
  result.notes.insert(result.notes.end(), outcome->notes.begin(), outcome->notes.end());
  check->stat = published->stat;
  check->sha256 = published->sha256;
  check->listed = outcome->listed;
  check->record.reset();
  result.entry = entry_of(*directory_, target.key, *check);
  result.entry.url = target.url.text;
  result.hashed = true;
  return result;
}

Result<GetResult> Cache::Impl::find(const GetRequest& request) {
  auto target = target_of(request);
  if (!target) return fail(std::move(target.error()));
  if (auto opened = directory_->open_what_came(); !opened) return fail(std::move(opened.error()));
  auto check = check_entry(os_, *directory_, target->key, options_.verify);
  if (!check) return fail(std::move(check.error()));
  const auto place = directory_->place(kEntriesName, target->key);
  if (check->state == State::missing)
    return fail(ErrorCode::not_found, "find", target->url.text, "not in " + directory_->path());
  if (check->state != State::good) return fail(ErrorCode::not_found, "find", place, "not usable: " + check->detail);
  GetResult result;
  result.entry = entry_of(*directory_, target->key, *check);
  if (result.entry.url.empty()) result.entry.url = target->url.text;
  result.hit = true;
  result.hashed = check->hashed;
  return result;
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
Result<std::vector<Entry>> Cache::list() { return impl_->on_all(list_entries); }
Result<std::vector<VerifyReport>> Cache::verify(std::string_view selector, bool repair) {
  return impl_->on_all([&](const OpenCache& cache) { return verify_entries(cache, selector, repair); });
}
Result<Entry> Cache::remove(std::string_view selector) {
  return impl_->on_all([&](const OpenCache& cache) { return remove_entry(cache, selector); });
}
Result<RecoveryReport> Cache::recover() { return impl_->on_all(recover_directory); }

}  // namespace modelcache
