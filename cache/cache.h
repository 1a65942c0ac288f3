// The model cache: one directory that many processes share, each entry a file that is complete and verified.
#ifndef MODELCACHE_CACHE_H
#define MODELCACHE_CACHE_H

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/http_client.h"
#include "cache/os.h"
#include "cache/result.h"
#include "cache/sha256.h"

namespace modelcache {

// How far a hit is checked before it is believed. An entry that the manifest does not list as it is now is hashed under
// `when_changed` and `always`.
enum class VerifyPolicy {
  when_changed,  // size, inode, mtime and ctime are those recorded after publication: no hash. Cannot see bit rot that
                 // leaves them alone
  always,        // every hit is hashed
  never,         // a regular file under the right name is believed, unless it is empty and must not be: by URL it
                 // must be listed as empty
};
std::string_view name_of(VerifyPolicy policy);

struct RetryPolicy {
  unsigned attempts_max = 5;  // the first one included
  // Attempt n waits a random time up to min(backoff_max, backoff_first * 2^(n-1)) ("full jitter"), or what Retry-After
  // says; a Retry-After beyond retry_after_max ends the retries.
  std::chrono::milliseconds backoff_first{200};
  std::chrono::milliseconds backoff_max{10'000};
  std::chrono::seconds retry_after_max{60};
};

struct LockPolicy {
  std::chrono::milliseconds wait_max{600'000};
  // After wait_max a get downloads for itself and publishes if nobody has; with `only_wait` it fails with lock_timeout
  // and names the holder.
  bool only_wait = false;
  // Told when `remove`, `verify` or `recover` begins to wait for a lock, on the caller's thread: the lock file's path,
  // and its holder, "process 4711". A get tells its progress instead.
  std::function<void(const std::string& lock, const std::string& holder)> on_wait = nullptr;
};

struct CacheOptions {
  VerifyPolicy verify = VerifyPolicy::when_changed;
  HttpOptions http;  // `deadline` is set by `get` from get_timeout
  RetryPolicy retry;
  LockPolicy lock;
  std::chrono::milliseconds get_timeout{3'600'000};  // the whole of one get, waiting included
  std::uint64_t entry_bytes_max = std::uint64_t{1} << 40;
};

// What a get is doing, for a progress display or a stop-watch. Called on the caller's thread when a phase begins, and
// at most once a received piece.
struct Progress {
  enum class Phase {
    checking,  // what stands there; hashed where the policy says so
    waiting_for_lock,
    connecting,  // and waiting for the answer to begin
    receiving,
    verifying,
    backing_off,
    publishing,
    listing,  // in the manifest
  };
  Phase phase = Phase::connecting;
  std::uint64_t received_bytes = 0;
  std::optional<std::uint64_t> total_bytes;
  unsigned attempt = 1;
  std::string note;  // why the last attempt failed, who holds the lock; empty otherwise
};

struct GetRequest {
  std::string url;
  std::optional<Sha256Digest> sha256 = {};
  // Without a checksum a get is refused unless this is set; it is then checked for the length that the server declared,
  // and refused, before any of it is received, when the server declares none.
  bool accept_unverified = false;
  std::function<void(const Progress&)> progress = nullptr;
};

struct Entry {
  std::string key;   // file name below entries/: "sha256-<64 hex>" or "url-<64 hex>"
  std::string path;  // the cache directory as it was given, then entries/<key>
  std::uint64_t size_bytes = 0;
  std::optional<Sha256Digest> sha256;  // as far as known without hashing
  std::string url;                     // where it came from; empty when it is not listed
  bool listed = false;                 // the manifest lists it as it is now
};

// How a get stood to the entry's lock.
enum class LockUse {
  none,         // none was needed: a hit at first sight
  held,         // it was held, maybe after waiting for it
  gave_up,      // someone held it for longer than LockPolicy::wait_max; this call went on without it
  unavailable,  // locks do not work in the directory; this call went on without one
};

struct GetResult {
  Entry entry;
  LockUse lock = LockUse::none;
  bool hit = false;                // this call caused no request
  bool hashed = false;             // this call read and hashed the whole entry
  unsigned attempts = 0;           // downloads begun by this call
  std::vector<std::string> notes;  // what was repaired or could not be done, a line each
};

enum class EntryState { good, corrupt, not_a_file, unreadable };

struct VerifyReport {
  Entry entry;
  EntryState state = EntryState::good;
  std::string detail;    // what was expected and what was found, or why it cannot be read, when not good
  bool removed = false;  // by repair
};

// What `recover` found and did.
struct RecoveryReport {
  std::uint64_t temporaries_removed = 0;
  std::uint64_t temporaries_kept = 0;    // their owners live
  std::uint64_t entries_adopted = 0;     // published, but not listed
  std::uint64_t listings_dropped = 0;    // listed, but not there
  std::uint64_t entries_bad = 0;         // not what they should be, each with a note; `verify` with repair removes them
  std::uint64_t entries_unreadable = 0;  // each with a note; `remove` removes them
  bool manifest_rebuilt = false;         // it was missing, or unreadable and set aside as manifest.json.bad
  // Why the manifest was left alone: of a later version, not to be read, or full. Empty when it was not, and when only
  // its lock was held for too long, which is a note.
  std::string manifest_problem;
  std::vector<std::string> foreign;  // names that no cache made; left alone
  std::vector<std::string> notes;
};

// Owns its directory descriptors; the Os must outlive it. Any number of processes and objects may use one directory at
// a time. Thread-compatible: one thread a Cache object; the objects share nothing but the directory.
class Cache {
 public:
  // Opens `directory`. With `create`, makes it and its parents first (DURABLE: the names of all directories made).
  // Writes nothing to a cache that exists. ERRORS: not_found, denied, read_only, bad_entry (no directory, or a symbolic
  // link where one of our own directories should be), no_space, exhausted, io.
  static Result<Cache> open(Os& os, std::string directory, CacheOptions options, bool create);
  Cache(Cache&&) noexcept;
  Cache& operator=(Cache&&) noexcept;
  ~Cache();

  // The path of a complete, verified file; downloads it when it is not there. DURABLE: a downloaded entry and its name.
  // Processes that ask for one model at the same time share one download. A hit on a directory that cannot be written
  // works, and writes nothing; one on a full disk works, and says in a note that the entry could not be listed. A
  // corrupt entry is replaced. ERRORS: all but not_a-file ones of http_client.h and
  // os_error.h, unverifiable, wrong_checksum, lock_timeout, bad_entry, interrupted.
  Result<GetResult> get(const GetRequest& request);

  // The entry, if a get of the same request would be a hit now; never writes, never asks the network.
  // ERRORS: not_found when it would be a miss; as get otherwise.
  Result<GetResult> find(const GetRequest& request);

  // All entries, sorted by key, listed or not. Reads only.
  Result<std::vector<Entry>> list();

  // Hashes every entry, or the one named (a key, a digest or a URL). With `repair`, removes what is corrupt, under its
  // lock and after a second look; where a lock is held for too long the entry stays, and its `detail` says so. What is
  // unreadable stays too, since it may be good. An entry got by URL without a
  // checksum is compared with the digest recorded for it; without a record it cannot be checked and is called good with
  // a `detail` that says so. ERRORS: not_found; denied, read_only, no_space, io (of the directory, or of a removal);
  // exhausted; interrupted.
  Result<std::vector<VerifyReport>> verify(std::string_view selector, bool repair);

  // Removes an entry by key, digest or URL, without reading it. Who has it open keeps it. DURABLE: the removal.
  // ERRORS: not_found, lock_timeout, bad_entry, denied, read_only.
  Result<Entry> remove(std::string_view selector);

  // Removes temporaries of dead processes, adopts unlisted entries after hashing them, drops listings without a file,
  // rebuilds an unreadable manifest; only the first where the manifest's lock is held for too long (a note). Part of it
  // runs by itself in `get`; this does all of it at once. ERRORS: denied, read_only, no_space, io (not of single
  // entries); exhausted; interrupted.
  Result<RecoveryReport> recover();

 private:
  class Impl;
  explicit Cache(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The class's exit status in the command: the table of `modelcache --help`. 1 is kept for "found something wrong".
int exit_status(ErrorCode code);

}  // namespace modelcache

#endif  // MODELCACHE_CACHE_H
