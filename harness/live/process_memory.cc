// process_vm_readv and process_vm_writev.
#include "harness/live/process_memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

namespace stampede {
namespace {

// One page at a time: the next one may not be there, and most names end in the first.
constexpr std::uint64_t kPageBytes = 4096;
constexpr std::size_t kFirstRead = 256;

// iovec points to memory of another process, as a number.
void* far(std::uint64_t address) { return reinterpret_cast<void*>(address); }

int result_of(ssize_t moved, std::size_t asked) {
  if (moved == static_cast<ssize_t>(asked)) return 0;
  return moved < 0 ? errno : EFAULT;
}

}  // namespace

int read_memory(pid_t process, std::uint64_t address, std::span<std::byte> into) {
  if (into.empty()) return 0;
  const iovec here{into.data(), into.size()};
  const iovec there{far(address), into.size()};
  return result_of(::process_vm_readv(process, &here, 1, &there, 1, 0), into.size());
}

int write_memory(pid_t process, std::uint64_t address, std::span<const std::byte> from) {
  if (from.empty()) return 0;
  const iovec here{const_cast<std::byte*>(from.data()), from.size()};
  const iovec there{far(address), from.size()};
  return result_of(::process_vm_writev(process, &here, 1, &there, 1, 0), from.size());
}

int read_path(pid_t process, std::uint64_t address, std::string& into) {
  into.clear();
  std::array<std::byte, kFirstRead> piece;
  while (into.size() < PATH_MAX) {
    const auto size = std::min<std::uint64_t>(piece.size(), kPageBytes - address % kPageBytes);
    if (const int error = read_memory(process, address, std::span(piece).first(size))) return error;
    const auto* const text = reinterpret_cast<const char*>(piece.data());
    const std::size_t length = ::strnlen(text, size);
    into.append(text, length);
    if (length < size) return 0;
    address += size;
  }
  return ENAMETOOLONG;
}

}  // namespace stampede
