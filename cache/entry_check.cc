// Decides whether what stands under an entry's name is the entry.
#include "cache/entry_check.h"

#include <cerrno>

#include "cache/file_io.h"
#include "cache/key.h"
#include "cache/manifest_store.h"
#include "cache/open_file.h"
#include "cache/os_error.h"

namespace modelcache {
namespace {

using State = EntryCheck::State;

EntryCheck found(State state, const FileStat& stat, std::string detail) {
  EntryCheck check;
  check.state = state;
  check.stat = stat;
  check.detail = std::move(detail);
  return check;
}

}  // namespace

Result<EntryCheck> check_entry(Os& os, const Directory& directory, std::string_view key, VerifyPolicy policy) {
  if (!directory.has_entries()) return EntryCheck{};
  const auto place = directory.place(kEntriesName, key);
  const auto fd = os.open(directory.entries(), key, OpenMode::read);
  if (!fd && fd.error() == Errno{ENOENT}) return EntryCheck{};
  if (!fd && fd.error() == Errno{ELOOP})
    return found(State::no_file, {}, "found a symbolic link, which is not followed");
  if (!fd && fd.error() == Errno{ENXIO}) return found(State::no_file, {}, "found a socket");
  if (!fd) return fail(fd.error(), "open entry", place);
  const OpenFile file(os, *fd);
  const auto stat = os.stat(*fd);
  if (!stat) return fail(stat.error(), "stat", place);
  if (stat->type == FileType::directory) return found(State::directory, *stat, "found a directory");
  if (stat->type != FileType::regular) return found(State::no_file, *stat, "found no regular file");

  EntryCheck check;
  check.stat = *stat;
  auto expected = digest_in_key(key);
  // Without a look at the manifest an empty model got by URL would never be believed.
  if (policy != VerifyPolicy::never || (stat->size_bytes == 0 && !expected)) {
    const auto stored = read_manifest(os, directory);
    if (const auto record = stored.manifest.entries.find(key); record != stored.manifest.entries.end()) {
      check.record = record->second;
      check.listed = record->second.stamp == stamp_of(*stat);
      // Of another inode it is the record of an earlier version: this one was published and is not listed yet.
      if (!expected && record->second.stamp.inode == stat->inode) expected = record->second.sha256;
    }
  }
  // The digest of nothing is computed for an empty file alone: OpenSSL's first hash in a process costs a millisecond.
  if (stat->size_bytes == 0 && expected != sha256_of(std::string_view{})) {
    // What a power loss leaves under a good name on careless caches; never what this one publishes.
    check.state = State::corrupt;
    check.detail = "found 0 bytes";
    return check;
  }
  if (policy == VerifyPolicy::never || (policy == VerifyPolicy::when_changed && check.listed)) {
    check.state = State::good;
    check.sha256 = expected;
    return check;
  }
  const auto hash = hash_file(os, *fd, stat->size_bytes, place);
  if (!hash) return fail(hash.error());
  check.hashed = true;
  if (expected && hash->sha256 != *expected) {
    check.state = State::corrupt;
    check.detail = "expected SHA-256 " + expected->hex() + ", found " + hash->sha256.hex() + " in " +
                   std::to_string(hash->size_bytes) + " bytes";
    return check;
  }
  check.state = State::good;
  check.sha256 = hash->sha256;
  return check;
}

}  // namespace modelcache
