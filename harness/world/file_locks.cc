// Shared and exclusive locks by open file, in the order of the kernel's flock_lock_inode.
#include "harness/world/file_locks.h"

#include <algorithm>

namespace stampede {

using modelcache::LockMode;

std::optional<LockOwner> FileLocks::in_the_way(LockOwner owner, LockMode mode) const {
  for (const Holder& holder : holders_) {
    if (holder.owner == owner) continue;
    if (mode == LockMode::exclusive || holder.mode == LockMode::exclusive) return holder.owner;
  }
  return std::nullopt;
}

bool FileLocks::try_lock(LockOwner owner, LockMode mode) {
  const auto own = std::find_if(holders_.begin(), holders_.end(), [&](const Holder& h) { return h.owner == owner; });
  if (own != holders_.end()) {
    if (own->mode == mode) return true;
    holders_.erase(own);
  }
  if (in_the_way(owner, mode)) return false;
  holders_.push_back({owner, mode});
  return true;
}

void FileLocks::unlock(LockOwner owner) {
  std::erase_if(holders_, [&](const Holder& holder) { return holder.owner == owner; });
}

}  // namespace stampede
