// Asks the kernel with statvfs and getcwd.
#include "cache/command/posix_file_system.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "cache/os_error.h"

namespace modelcache {

std::optional<std::uint64_t> free_bytes(const std::string& path) {
  struct statvfs facts = {};
  if (statvfs(path.c_str(), &facts) != 0) return std::nullopt;
  return std::uint64_t{facts.f_bavail} * facts.f_frsize;
}

Result<std::string> working_directory() {
  // With a null buffer getcwd allocates what it needs (POSIX leaves that open; Linux, macOS and the BSDs do it).
  const std::unique_ptr<char, decltype(&std::free)> path(getcwd(nullptr, 0), &std::free);
  if (path == nullptr) return fail(Errno{errno}, "find the working directory", "");
  return std::string(path.get());
}

}  // namespace modelcache
