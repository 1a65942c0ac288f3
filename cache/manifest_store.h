// The manifest's file: read at any time, changed under its lock, replaced in one instant.
#ifndef MODELCACHE_MANIFEST_STORE_H
#define MODELCACHE_MANIFEST_STORE_H

#include <functional>
#include <string>

#include "cache/directory.h"
#include "cache/entry_lock.h"
#include "cache/manifest.h"
#include "cache/os.h"
#include "cache/result.h"

namespace modelcache {

struct StoredManifest {
  enum class State {
    good,
    missing,
    bad,         // corrupt, of something else, or no file: the next change sets it aside
    future,      // a later version's: left alone
    unreadable,  // we may not read it, or the disk failed: left alone
  };
  State state = State::missing;
  Manifest manifest;                         // empty unless good
  std::string problem;                       // in words, unless good or missing
  ErrorCode code = ErrorCode::bad_manifest;  // the problem's class
};

// Takes no lock: a replaced manifest is read as it was or as it is. Never fails, because the files are the truth.
StoredManifest read_manifest(Os& os, const Directory& directory);

struct ManifestChange {
  bool done = false;                        // changed, or nothing had to be
  std::string note;                         // what was set aside, or why nothing was done
  ErrorCode why = ErrorCode::bad_manifest;  // the class of that reason, unless done
};

// Lock, read again, `edit` (returns whether it changed anything), write, sync, rename, sync, `then`, unlock. A bad
// manifest is kept as bad_manifest_name (key.h) says, and `edit` gets an empty one. `edit` and `then` run under the
// lock; `then` runs also when nothing had to be written. The order of locks is entry, then manifest. DURABLE: the
// change. ERRORS: failed writes, syncs, closes and renames; opening the lock or a temporary; those of `edit` and
// `then`. Not an error, but not `done` either (and `then` does not run): no lock in time, a future or unreadable
// manifest.
Result<ManifestChange> change_manifest(
    Os& os, const Directory& directory, const LockWait& wait, const std::function<Result<bool>(Manifest&)>& edit,
    const std::function<Result<void>()>& then = [] { return Result<void>{}; });

}  // namespace modelcache

#endif  // MODELCACHE_MANIFEST_STORE_H
