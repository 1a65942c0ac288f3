// Looks at what stands under an entry's name, as far as the verify policy says.
#ifndef MODELCACHE_ENTRY_CHECK_H
#define MODELCACHE_ENTRY_CHECK_H

#include <optional>
#include <string>
#include <string_view>

#include "cache/cache.h"
#include "cache/directory.h"
#include "cache/manifest.h"
#include "cache/os.h"
#include "cache/result.h"

namespace modelcache {

struct EntryCheck {
  enum class State {
    missing,
    good,
    corrupt,    // a regular file whose bytes are not the entry's
    no_file,    // a symbolic link, a FIFO or the like: may be replaced
    directory,  // is never replaced or removed
  };
  State state = State::missing;
  FileStat stat;                         // of what was found
  std::optional<Sha256Digest> sha256;    // of a good entry, as far as known
  std::optional<ManifestRecord> record;  // what the manifest says of it, where that was read
  bool listed = false;                   // the record is there, and its stamp is the file's
  bool hashed = false;                   // the whole file was read
  std::string detail;                    // for corrupt and no_file: what was expected and what was found
};

// Opens, stats, reads the manifest where the policy needs it, hashes where that leaves a doubt. Writes nothing.
// An entry named by URL is compared with its record; without one it is good when it is not empty, since only complete
// files get such a name and an empty one is what a power loss leaves of a careless cache's. REQUIRES: is_key(key).
// ERRORS: denied, exhausted, io; interrupted.
Result<EntryCheck> check_entry(Os& os, const Directory& directory, std::string_view key, VerifyPolicy policy);

}  // namespace modelcache

#endif  // MODELCACHE_ENTRY_CHECK_H
