// Gives a verified temporary its final name.
#ifndef MODELCACHE_PUBLISH_H
#define MODELCACHE_PUBLISH_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/directory.h"
#include "cache/os.h"
#include "cache/result.h"
#include "cache/sha256.h"
#include "cache/staged_file.h"

namespace modelcache {

struct Published {
  FileStat stat;  // of the entry as it stands now
  Sha256Digest sha256;
  bool by_us = true;  // false: someone else had published meanwhile; theirs was checked, and ours is gone
  std::vector<std::string> notes;
};

// Sync file, rename without replacing, sync directory. A good entry that appeared meanwhile wins; a bad one (or, for a
// key by URL, the inode `bad_inode`, which the caller found bad) is replaced in one instant. Never removes a name
// first. DURABLE: the entry, its bytes and its name. ERRORS: bad_entry when a directory is in the way; no_space, io,
// ...
Result<Published> publish(Os& os, const Directory& directory, StagedFile staged, std::string_view key,
                          const Sha256Digest& sha256, std::optional<std::uint64_t> bad_inode);

}  // namespace modelcache

#endif  // MODELCACHE_PUBLISH_H
