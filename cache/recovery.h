// Removes what dead processes left behind, and nothing else.
#ifndef MODELCACHE_RECOVERY_H
#define MODELCACHE_RECOVERY_H

#include <chrono>
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

// How long nothing has been written to a temporary before it is taken for abandoned where neither its owner nor its
// lock can be asked: 24 times what a whole get may take by default, and a get writes or gives up within its idle
// timeout.
inline constexpr std::chrono::hours kAbandonedAfter{24};

// A temporary goes only if its lock is free and its owner is not known to live. Both are asked, because either alone
// can be wrong: locks may do nothing, and an owner in another container or on another host cannot be looked up (then
// the lock decides alone). Where the file system has no locks either, age decides, by the file system's own clock: the
// time of a file that is made for it. A process that was stopped for longer and goes on finds its temporary gone, and
// writes it again (StagedFile::rename_to). DURABLE: nothing. ERRORS: those of listing tmp/.
Result<SweepReport> sweep_temporaries(Os& os, const Directory& directory);

}  // namespace modelcache

#endif  // MODELCACHE_RECOVERY_H
