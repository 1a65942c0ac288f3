// Loops over the door's short reads and short writes.
#include "cache/file_io.h"

#include <algorithm>
#include <memory>

#include "cache/hash_thread.h"
#include "cache/os_error.h"

namespace modelcache {
namespace {

// Large enough that the calls cost nothing beside the hash, small enough to stay in a second-level cache.
constexpr std::size_t kReadBytes = std::size_t{256} * 1024;
// Files up to here are hashed by the thread that reads them: starting another takes longer than it saves, and a small
// file's get stays a single thread, which a scheduler of system calls can follow.
constexpr std::uint64_t kSerialBytes = std::uint64_t{2} * 1024 * 1024;
// Enough for most manifests and more than most small models; below what malloc maps anew, with all its page faults.
constexpr std::size_t kSmallReadBytes = std::size_t{16} * 1024;

// Room for all of a file of that size and for seeing its end, as far as kReadBytes goes; not cleared, since clearing a
// quarter of a megabyte takes longer than hashing a small file.
std::size_t buffer_size_for(std::uint64_t size_expected) {
  return std::clamp<std::uint64_t>(size_expected + 1, kSmallReadBytes, kReadBytes);
}

Result<FileHash> hash_on_thread(Os& os, Fd file, HashThread& thread, std::string_view place) {
  for (std::uint64_t size = 0;;) {
    const auto count = os.read(file, thread.next(), size);
    if (!count) return fail(count.error(), "read", place);
    if (*count == 0) return FileHash{thread.finish(), size};
    thread.hand_over(*count);
    size += *count;
  }
}

}  // namespace

Result<void> write_all(Os& os, Fd file, std::span<const std::byte> bytes, std::uint64_t offset,
                       std::string_view place) {
  while (!bytes.empty()) {
    const auto count = os.write(file, bytes, offset);
    if (!count) return fail(count.error(), "write", place);
    if (*count == 0) return fail(ErrorCode::io, "write", place, "no byte was taken");
    bytes = bytes.subspan(*count);
    offset += *count;
  }
  return {};
}

Result<std::string> read_all(Os& os, Fd file, std::size_t bytes_max, std::string_view place) {
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kSmallReadBytes);
  std::string text;
  for (;;) {
    const auto count = os.read(file, {buffer.get(), kSmallReadBytes}, text.size());
    if (!count) return fail(count.error(), "read", place);
    if (*count == 0) return text;
    if (text.size() + *count > bytes_max) {
      return fail(ErrorCode::too_large, "read", place, "larger than " + std::to_string(bytes_max) + " bytes");
    }
    text.append(reinterpret_cast<const char*>(buffer.get()), *count);
  }
}

Result<FileHash> hash_file(Os& os, Fd file, std::uint64_t size_expected, std::string_view place) {
  if (size_expected > kSerialBytes) {
    if (const auto thread = HashThread::start()) return hash_on_thread(os, file, *thread, place);
  }
  const std::size_t buffer_size = buffer_size_for(size_expected);
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(buffer_size);
  Sha256 hash;
  for (std::uint64_t size = 0;;) {
    const auto count = os.read(file, {buffer.get(), buffer_size}, size);
    if (!count) return fail(count.error(), "read", place);
    if (*count == 0) return FileHash{hash.finish(), size};
    hash.update({buffer.get(), *count});
    size += *count;
  }
}

}  // namespace modelcache
