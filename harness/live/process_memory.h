// Reads and writes the memory of a stopped process.
#ifndef STAMPEDE_LIVE_PROCESS_MEMORY_H
#define STAMPEDE_LIVE_PROCESS_MEMORY_H

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace stampede {

// Each returns 0 or an errno: EFAULT where the address is not the process's, ESRCH where it is gone.
int read_memory(pid_t process, std::uint64_t address, std::span<std::byte> into);
int write_memory(pid_t process, std::uint64_t address, std::span<const std::byte> from);
// A path, up to its NUL. ENAMETOOLONG beyond PATH_MAX.
int read_path(pid_t process, std::uint64_t address, std::string& into);

template <class T>
int read_value(pid_t process, std::uint64_t address, T& value) {
  return read_memory(process, address, std::as_writable_bytes(std::span(&value, 1)));
}
template <class T>
int write_value(pid_t process, std::uint64_t address, const T& value) {
  return write_memory(process, address, std::as_bytes(std::span(&value, 1)));
}

}  // namespace stampede

#endif  // STAMPEDE_LIVE_PROCESS_MEMORY_H
