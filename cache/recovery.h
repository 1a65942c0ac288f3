// Removes what dead processes left behind, and nothing else.
#ifndef MODELCACHE_RECOVERY_H
#define MODELCACHE_RECOVERY_H

#include <cstdint>
#include <string>
#include <vector>

#include "cache/directory.h"
#include "cache/os.h"
#include "cache/result.h"

namespace modelcache {

struct SweepReport {
  std::uint64_t removed = 0;
  std::uint64_t kept = 0;            // their owners live, or may
  std::vector<std::string> foreign;  // names below tmp/ that no cache made; left alone
  std::vector<std::string> notes;    // what could not be removed, and why
};

// A temporary goes only if its lock is free and its owner is not known to live. Both are asked, because either alone
// can be wrong: locks may do nothing, and an owner in another container or on another host cannot be looked up (then
// the lock decides alone). DURABLE: nothing. ERRORS: those of listing tmp/.
Result<SweepReport> sweep_temporaries(Os& os, const Directory& directory);

}  // namespace modelcache

#endif  // MODELCACHE_RECOVERY_H
