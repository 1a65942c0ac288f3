// What paths and descriptors of executed programs lead to: below the cache directory, or none of the world's business.
#ifndef STAMPEDE_LIVE_COMMAND_FILES_H
#define STAMPEDE_LIVE_COMMAND_FILES_H

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
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
  // Whether a file lies on another device than the cache directory, and is none of
  // /proc, which differ with who opens them.
  [[nodiscard]] bool is_elsewhere(const struct stat& stat) const {
    return stat.st_dev != device_ && stat.st_dev != proc_device_;
  }
  // As steps have it: relative to the cache directory.
  [[nodiscard]] std::string step_path(std::string_view path) const;
  [[nodiscard]] LiveAt at(const std::string& path) const;

  [[nodiscard]] HeldFile hold(const CommandTask& task, std::uint64_t fd) const;
  [[nodiscard]] LiveFile& file_of(const HeldFile& held) const;

 private:
  [[nodiscard]] const std::string* known_path(const struct stat& stat) const;

  LiveDisk& disk_;
  std::string root_, cache_;
  // By inode, of what is watched and has one path; as long as no name changes. The disk keeps such inodes from being
  // used again.
  mutable std::map<ino_t, std::string> paths_;
  mutable std::uint64_t paths_age_ = 0;
  dev_t device_ = 0;       // of the cache directory, below which nothing is mounted
  dev_t proc_device_ = 0;  // of /proc
};

// What the first argument of a stopped call has open: asked for once, when first needed. It lives for one call only.
class FirstArgument {
 public:
  FirstArgument(const CommandFiles& files, const CommandTask& task) : files_(files), task_(task) {}
  [[nodiscard]] const HeldFile& held() {
    if (!held_) held_.emplace(files_.hold(task_, task_.normal.arguments[0]));
    return *held_;
  }

 private:
  const CommandFiles& files_;
  const CommandTask& task_;
  std::optional<HeldFile> held_;
};

// Why the world loses control of who has a watched file or a connection there where nobody sees it (command_filter.h).
std::string too_many_descriptors(const CommandTask& task);

// What a link of /proc leads to; empty where it cannot be read.
std::string link_target(const std::string& link);
// "." and ".." and double slashes are taken out of an absolute path.
std::string normal_path(std::string_view path);

}  // namespace stampede

#endif  // STAMPEDE_LIVE_COMMAND_FILES_H
