// mkdtemp below the first place that takes it.
#include "harness/live/live_scratch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "harness/live/directory_tree.h"
#include "harness/live/owned_fd.h"

namespace stampede {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

Result<LiveScratch> LiveScratch::make() {
  std::error_code ignored;
  const std::string places[] = {"/dev/shm", std::filesystem::temp_directory_path(ignored).string()};
  for (const std::string& place : places) {
    std::string path = place + "/stampede-live-XXXXXX";
    if (::mkdtemp(path.data()) != nullptr) return LiveScratch(std::move(path));
  }
  const ErrorCode code = errno == EACCES ? ErrorCode::denied : errno == ENOSPC ? ErrorCode::no_space : ErrorCode::io;
  return fail(code, "make directory", places[1], std::strerror(errno));
}

LiveScratch::LiveScratch(LiveScratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}

LiveScratch::~LiveScratch() {
  if (path_.empty()) return;
  {
    const OwnedFd directory(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (directory.is_open()) (void)remove_below(directory.get());
  }
  (void)::rmdir(path_.c_str());
}

}  // namespace stampede
