// Whole reads, writes and hashes over the door's single steps, with errors that name file and step.
#ifndef MODELCACHE_FILE_IO_H
#define MODELCACHE_FILE_IO_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cache/os.h"
#include "cache/result.h"
#include "cache/sha256.h"

namespace modelcache {

// `place` names the file in errors.

// Writes all of `bytes` at `offset`. ERRORS: as Os::write; io when the door writes nothing.
Result<void> write_all(Os& os, Fd file, std::span<const std::byte> bytes, std::uint64_t offset, std::string_view place);

// The whole file. ERRORS: too_large beyond `bytes_max`; as Os::read.
Result<std::string> read_all(Os& os, Fd file, std::size_t bytes_max, std::string_view place);

struct FileHash {
  Sha256Digest sha256;
  std::uint64_t size_bytes = 0;
};
// Reads the file from its first byte to its end through the descriptor. `size_expected` decides how, never what: a
// large file is hashed on a second thread. ERRORS: as Os::read.
Result<FileHash> hash_file(Os& os, Fd file, std::uint64_t size_expected, std::string_view place);

}  // namespace modelcache

#endif  // MODELCACHE_FILE_IO_H
