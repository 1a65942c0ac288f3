// getdents64 and unlinkat.
#include "harness/live/directory_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "harness/live/owned_fd.h"

namespace stampede {
namespace {

// getdents64(2): the name begins behind these.
constexpr std::size_t kNameOffset = offsetof(dirent64, d_name);

}  // namespace

bool names_in(int directory, std::vector<std::string>& names) {
  names.clear();
  const OwnedFd fd(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return false;
  alignas(dirent64) std::array<char, 8192> buffer;
  for (;;) {
    const long bytes = ::syscall(SYS_getdents64, fd.get(), buffer.data(), buffer.size());
    if (bytes < 0) return false;
    if (bytes == 0) break;
    for (long at = 0; at < bytes;) {
      std::uint16_t length = 0;
      std::memcpy(&length, buffer.data() + at + offsetof(dirent64, d_reclen), sizeof length);
      const std::string_view name = buffer.data() + static_cast<std::size_t>(at) + kNameOffset;
      if (name != "." && name != "..") names.emplace_back(name);
      at += length;
    }
  }
  std::sort(names.begin(), names.end());
  return true;
}

bool remove_below(int directory) {
  std::vector<std::string> names;
  if (!names_in(directory, names)) return false;
  for (const std::string& name : names) {
    if (::unlinkat(directory, name.c_str(), 0) == 0) continue;
    if (errno != EISDIR && errno != EPERM) return false;
    const OwnedFd below(::openat(directory, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!below.is_open() || !remove_below(below.get())) return false;
    if (::unlinkat(directory, name.c_str(), AT_REMOVEDIR) != 0) return false;
  }
  return true;
}

}  // namespace stampede
