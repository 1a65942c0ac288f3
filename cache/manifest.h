// The manifest: what is known about each entry beyond its bytes, as text and back.
//
// It is a memory, not the truth: the files are. An entry that is not listed is legal and is adopted when it is used; a
// listing without its file is a miss.
#ifndef MODELCACHE_MANIFEST_H
#define MODELCACHE_MANIFEST_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "cache/os.h"
#include "cache/sha256.h"

namespace modelcache {

inline constexpr std::size_t kManifestBytesMax = 256UL * 1024 * 1024;
inline constexpr std::size_t kManifestEntriesMax = 500'000;
inline constexpr int kManifestVersion = 1;

// What tells that a file was not touched since it was verified.
struct FileStamp {
  std::uint64_t size_bytes = 0;
  std::uint64_t inode = 0;
  std::chrono::nanoseconds mtime{};
  std::chrono::nanoseconds ctime{};
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
FileStamp stamp_of(const FileStat& stat);

struct ManifestRecord {
  std::string url;      // normalised, at most kUrlBytesMax bytes, no control characters; empty when adopted
  Sha256Digest sha256;  // of the bytes as they were verified
  FileStamp stamp;      // as it was after publication
  std::chrono::sys_seconds added_at{};
  friend bool operator==(const ManifestRecord&, const ManifestRecord&) = default;
};

struct ManifestError {
  enum class Kind {
    corrupt,  // no JSON, or JSON that breaks the manifest's own rules
    foreign,  // JSON of something else
    future,   // a later version's: to be left alone
  };
  Kind kind = Kind::corrupt;
  std::string message;  // with the byte offset, or the path of the key and what was expected there
};

struct Manifest {
  std::map<std::string, ManifestRecord, std::less<>> entries;  // by key

  // Strict: unknown, missing or repeated keys, wrong types, a sha256 that is not the key's, and whatever exceeds a
  // limit are errors. ENSURES: parse(print(m)) == m for every m it returns.
  static tl::expected<Manifest, ManifestError> parse(std::string_view text);
  // One line an entry, sorted by key. REQUIRES: keys are keys, and records obey the limits.
  [[nodiscard]] std::string print() const;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

}  // namespace modelcache

#endif  // MODELCACHE_MANIFEST_H
