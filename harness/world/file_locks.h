// The locks of one file, as flock(2) has them.
#ifndef STAMPEDE_WORLD_FILE_LOCKS_H
#define STAMPEDE_WORLD_FILE_LOCKS_H

#include <cstdint>
#include <optional>
#include <vector>

#include "cache/os.h"

namespace stampede {

// An open file: here a descriptor of a process, since nothing duplicates descriptors.
struct LockOwner {
  std::uint32_t process = 0;
  int fd = -1;
  friend bool operator==(const LockOwner&, const LockOwner&) = default;
};

// Owned by its file.
class FileLocks {
 public:
  // Whether it was taken. An owner that asks for the other mode gives up what it held first, and has lost it where the
  // new one is refused (flock(2): "converting a lock is not guaranteed to be atomic").
  bool try_lock(LockOwner owner, modelcache::LockMode mode);
  // Does nothing where nothing is held.
  void unlock(LockOwner owner);
  // An owner other than `owner` that stands in its way; the one that holds for longest.
  [[nodiscard]] std::optional<LockOwner> in_the_way(LockOwner owner, modelcache::LockMode mode) const;
  void clear() { holders_.clear(); }
  [[nodiscard]] bool is_free() const { return holders_.empty(); }

 private:
  struct Holder {
    LockOwner owner;
    modelcache::LockMode mode;
  };
  std::vector<Holder> holders_;  // oldest first
};

}  // namespace stampede

#endif  // STAMPEDE_WORLD_FILE_LOCKS_H
