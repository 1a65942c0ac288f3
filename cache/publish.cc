// Publishes entries: the only code that makes a final name.
#include "cache/publish.h"

#include "cache/entry_check.h"
#include "cache/key.h"
#include "cache/os_error.h"

namespace modelcache {
namespace {

using State = EntryCheck::State;

// Whether what stands there already may stay, or must be replaced. By digest the bytes decide. By URL any complete
// version that the server gave is right, unless it is the very file that the caller found to be bad.
bool may_stay(const EntryCheck& existing, std::string_view key, std::optional<std::uint64_t> bad_inode) {
  if (existing.state != State::good) return false;
  return digest_in_key(key).has_value() || existing.stat.inode != bad_inode;
}

}  // namespace

Result<Published> publish(Os& os, const Directory& directory, StagedFile staged, std::string_view key,
                          const Sha256Digest& sha256, std::optional<std::uint64_t> bad_inode) {
  const auto place = directory.place(kEntriesName, key);
  if (auto synced = staged.sync(); !synced) return fail(std::move(synced.error()));
  Published published;
  published.sha256 = sha256;
  auto outcome = staged.rename_to(directory.entries(), key, RenameMode::no_replace, place);
  if (!outcome) return fail(std::move(outcome.error()));
  if (*outcome == StagedFile::Outcome::taken) {
    auto existing = check_entry(os, directory, key, VerifyPolicy::always);
    if (!existing) return fail(std::move(existing.error()));
    if (existing->state == State::directory) {
      return fail(ErrorCode::bad_entry, "publish", place, "a directory stands where the entry should be; move it away");
    }
    if (may_stay(*existing, key, bad_inode)) {
      published.by_us = false;
      published.stat = existing->stat;
      published.sha256 = existing->sha256.value_or(sha256);
    } else {
      outcome = staged.rename_to(directory.entries(), key, RenameMode::replace, place);
      if (!outcome) return fail(std::move(outcome.error()));
      published.notes.push_back("replaced " + place + ": " + existing->detail);
    }
  }
  if (published.by_us) {  // the inode's times as they are after the rename
    auto stat = staged.stat();
    if (!stat) return fail(std::move(stat.error()));
    published.stat = *stat;
  }
  if (auto finished = staged.finish(); !finished) return fail(std::move(finished.error()));
  // Also for another's entry: its maker may not have come this far yet, and we are about to promise that it stays.
  const auto synced = os.sync_directory(directory.entries());
  if (!synced) return fail(synced.error(), "sync directory", directory.place("", kEntriesName));
  return published;
}

}  // namespace modelcache
