// mkdtemp below the first place that takes it, after what the dead have left there.
#include "harness/live/live_scratch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/live/directory_tree.h"
#include "harness/live/owned_fd.h"

namespace stampede {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

namespace {

constexpr std::string_view kPrefix = "stampede-world-";

OwnedFd open_directory(const std::string& path) {
  return OwnedFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool remove_all(const std::string& path, const OwnedFd& directory) {
  return remove_below(directory.get()) && ::rmdir(path.c_str()) == 0;
}

// Whoever made it may be about to lock it: he looks then whether it is still there.
void remove_what_the_dead_left(const std::string& place) {
  const OwnedFd directory = open_directory(place);
  std::vector<std::string> names;
  if (!directory.is_open() || !names_in(directory.get(), names)) return;
  for (const std::string& name : names) {
    if (!name.starts_with(kPrefix)) continue;
    const std::string path = place + "/" + name;
    const OwnedFd left = open_directory(path);
    struct stat stat{};
    if (!left.is_open() || ::fstat(left.get(), &stat) != 0 || stat.st_uid != ::geteuid()) continue;
    if (::flock(left.get(), LOCK_EX | LOCK_NB) == 0) (void)remove_all(path, left);
  }
}

// Closed, with errno, where none can be made there. What somebody else took for a dead one's is made again.
OwnedFd make_locked(const std::string& place, std::string& path) {
  for (;;) {
    path = place + "/" + std::string(kPrefix) + "XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return {};
    OwnedFd directory = open_directory(path);
    struct stat stat{};
    if (!directory.is_open() && errno == ENOENT) continue;
    if (!directory.is_open() || ::flock(directory.get(), LOCK_EX) != 0 || ::fstat(directory.get(), &stat) != 0) {
      const int error = errno;
      (void)::rmdir(path.c_str());
      errno = error;
      return {};
    }
    if (stat.st_nlink > 0) return directory;
  }
}

}  // namespace

Result<LiveScratch> LiveScratch::make() {
  std::error_code ignored;
  const std::string places[] = {"/dev/shm", std::filesystem::temp_directory_path(ignored).string()};
  for (const std::string& place : places) {
    remove_what_the_dead_left(place);
    std::string path;
    OwnedFd directory = make_locked(place, path);
    if (directory.is_open()) return LiveScratch(std::move(path), std::move(directory));
  }
  const ErrorCode code = errno == EACCES ? ErrorCode::denied : errno == ENOSPC ? ErrorCode::no_space : ErrorCode::io;
  return fail(code, "make directory", places[1], std::strerror(errno));
}

LiveScratch::LiveScratch(LiveScratch&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

LiveScratch::~LiveScratch() {
  if (!path_.empty()) (void)remove_all(path_, lock_);
}

}  // namespace stampede
