// What paths and descriptors of executed programs lead to: below the cache directory, or none of the world's business.
#ifndef STAMPEDE_LIVE_COMMAND_FILES_H
#define STAMPEDE_LIVE_COMMAND_FILES_H

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/live/command_task.h"
#include "harness/live/live_disk.h"
#include "harness/live/owned_fd.h"

namespace stampede {

// A descriptor of a process, duplicated. It keeps open what the process may close, so it lives for one call only.
struct HeldFile {
  OwnedFd fd;
  struct stat stat{};
  std::string path;  // absolute; of a file or directory below the cache directory alone

  [[nodiscard]] bool is_open() const { return fd.is_open(); }
  [[nodiscard]] bool is_watched() const { return !path.empty(); }
};

// Owned by one world.
class CommandFiles {
 public:
  explicit CommandFiles(LiveDisk& disk) : disk_(disk) {}

  // The directory that stands for "/" in the world; the cache directory lies in it as in every world. ERRORS as
  // realpath.
  modelcache::Result<void> use(const std::string& root);
  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] const std::string& cache() const { return cache_; }

  // The absolute path that an argument names, without "." and ".."; symbolic links stay. Empty where it cannot be read.
  [[nodiscard]] std::string path_of(const CommandTask& task, std::uint64_t directory, std::uint64_t address) const;
  [[nodiscard]] bool is_watched(std::string_view path) const;
  // As steps have it: relative to the cache directory.
  [[nodiscard]] std::string step_path(std::string_view path) const;
  [[nodiscard]] LiveAt at(const std::string& path) const;

  [[nodiscard]] HeldFile hold(const CommandTask& task, std::uint64_t fd) const;
  [[nodiscard]] LiveFile& file_of(const HeldFile& held) const;

 private:
  LiveDisk& disk_;
  std::string root_, cache_;
};

// What a link of /proc leads to; empty where it cannot be read.
std::string link_target(const std::string& link);
// "." and ".." and double slashes are taken out of an absolute path.
std::string normal_path(std::string_view path);

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_FILES_H
