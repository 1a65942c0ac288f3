// The lock of one entry, or of the manifest: taken by trying, held by the kernel, released with its owner.
#ifndef MODELCACHE_ENTRY_LOCK_H
#define MODELCACHE_ENTRY_LOCK_H

#include <functional>
#include <string>
#include <string_view>

#include "cache/directory.h"
#include "cache/open_file.h"
#include "cache/os.h"
#include "cache/result.h"

namespace modelcache {

// How long a lock is waited for, and who is told.
struct LockWait {
  Instant until;
  // Called before the first sleep, with the lock file's path and what is known of its holder: "process 4711".
  std::function<void(const std::string& lock, const std::string& holder)> on_wait = {};
};

// A lock file is never unlinked, so that everyone who waits, waits on the same inode (hermit issue 423). Its text names
// the process that took it last: a hint for people, and nothing is decided by it.
class EntryLock {
 public:
  enum class State {
    held,
    timed_out,    // someone else still holds it
    unavailable,  // the file system has no locks; the caller must be safe without
  };

  // Tries until it is held or `until` has passed; between tries it sleeps 1 ms, doubling up to 25 ms. ERRORS: those of
  // opening, reading and writing the lock file.
  static Result<EntryLock> wait(Os& os, const Directory& directory, std::string_view name, const LockWait& wait);

  EntryLock(EntryLock&&) noexcept = default;
  EntryLock& operator=(EntryLock&&) = delete;
  ~EntryLock() { release(); }

  [[nodiscard]] State state() const { return state_; }
  // With timed_out: "process 4711", or "an unknown process" when the file does not say.
  [[nodiscard]] const std::string& holder() const { return holder_; }
  // Unlocks before closing, because a child process may have inherited a copy of the descriptor.
  void release();

 private:
  EntryLock(Os& os, OpenFile file) : os_(&os), file_(std::move(file)) {}
  Os* os_;
  OpenFile file_;
  State state_ = State::timed_out;
  std::string holder_;
};

}  // namespace modelcache

#endif  // MODELCACHE_ENTRY_LOCK_H
