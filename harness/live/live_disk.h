// The directory of a live world: real files, their numbers, and calls on them on behalf of processes.
#ifndef STAMPEDE_LIVE_LIVE_DISK_H
#define STAMPEDE_LIVE_LIVE_DISK_H

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/os.h"
#include "cache/result.h"
#include "harness/live/owned_fd.h"
#include "harness/plan/step.h"
#include "harness/world/disk_view.h"
#include "harness/world/file_locks.h"

namespace stampede {

// What a step tells of a file.
StepStat step_stat(const struct stat& stat);

// What the world knows of a file beyond what the kernel says. Times, and the inode's number as processes see it, follow
// from the plan alone; type, mode, links, size and bytes are the kernel's.
struct LiveFile {
  ino_t real_inode = 0;
  std::uint64_t inode = 0;  // that processes see
  FileNumber file = 0;      // 0 until a step or a view names it
  bool is_directory = false;
  std::uint64_t links = 0;
  std::uint32_t open_count = 0;
  std::chrono::nanoseconds mtime{}, ctime{};
  std::uint64_t version = 0;
  FileLocks locks;
  OwnedFd handle;  // O_PATH: it can be looked at as long as it has a name or is open, and its inode is not used again
  std::vector<std::byte> bytes;  // as they were at `bytes_version`
  std::uint64_t bytes_version = UINT64_MAX;
};

// The umask of the calling thread, which shares it with no other (unshare(CLONE_FS)): set for each process that creates
// a name, and as it was when this goes.
class ThreadUmask {
 public:
  ThreadUmask() = default;
  ~ThreadUmask();
  ThreadUmask(const ThreadUmask&) = delete;
  ThreadUmask& operator=(const ThreadUmask&) = delete;
  void set(mode_t umask);

 private:
  std::optional<mode_t> before_;
  mode_t now_ = 0;
};

// A path, and where it begins.
struct LiveAt {
  int base = -1;
  LiveFile* directory = nullptr;  // that `base` has open; null for absolute paths
  int error = 0;                  // what a relative path fails with
  std::string path;               // relative to `base`
};

// Owned by one world. Methods that return an `int` return 0 or an errno. The supervisor makes each call with its own
// user; a process's umask is given.
class LiveDisk final : public DiskView {
 public:
  explicit LiveDisk(const std::uint64_t& open_descriptors) : open_descriptors_(open_descriptors) {}

  // The world's directory: an existing one, of which the world may remove everything. ERRORS: not_found, denied, io.
  modelcache::Result<void> use(const std::string& directory);
  // Only "/" and "/sim". ERRORS: io.
  modelcache::Result<void> clear();
  // What files are stamped with from now on.
  void set_wall_time(std::chrono::nanoseconds since_epoch) { wall_time_ = since_epoch; }
  void set_read_only(bool is_read_only) { is_read_only_ = is_read_only; }
  // Another one whenever a file may have lost its path.
  [[nodiscard]] std::uint64_t names_age() const { return names_age_; }
  // Forgets files that have neither names nor descriptors.
  void free_gone();

  FileNumber number(LiveFile& file);
  // The file that a stat is of, which is found at `at`.
  LiveFile& known(const struct stat& stat, const LiveAt& at);
  // Its bytes were changed by somebody else on behalf of a process.
  void changed(LiveFile& file);
  // Where absolute paths, and those relative to the working directory, begin.
  [[nodiscard]] LiveAt at_root(std::string_view path) const;

  int open(const LiveAt& at, int flags, mode_t mode, mode_t umask, OwnedFd& opened, LiveFile*& file);
  int list(int directory, std::vector<std::string>& names);
  int stat_name(const LiveAt& at, struct stat& stat, LiveFile*& file);
  int stat_open(int fd, struct stat& stat, LiveFile& file);
  int make_directory(const LiveAt& at, mode_t mode, mode_t umask, LiveFile*& file);
  int link(const LiveAt& from, const LiveAt& to, LiveFile*& file);
  int unlink(const LiveAt& at, LiveFile*& file);
  int rename(const LiveAt& from, const LiveAt& to, unsigned flags, LiveFile*& file, LiveFile*& replaced);
  int write(int fd, LiveFile& file, std::span<const std::byte> from, std::uint64_t offset, std::size_t& moved);
  int truncate(int fd, LiveFile& file, std::uint64_t size);
  void close(LiveFile& file);

  // By hand; REQUIRES: the directory of the name is there.
  void write_file(std::string_view path, std::span<const std::byte> bytes);
  void remove_name(std::string_view path);

  [[nodiscard]] FileNumber file_at(std::string_view path) const override;
  [[nodiscard]] StepStat stat(FileNumber file) const override;
  [[nodiscard]] std::span<const std::byte> bytes(FileNumber file) const override;
  [[nodiscard]] std::uint64_t version(FileNumber file) const override;
  void for_each_name(const std::function<void(std::string_view path, FileNumber file)>& visit) const override;
  [[nodiscard]] std::uint64_t open_descriptors() const override { return open_descriptors_; }

 private:
  LiveFile* find(const struct stat& stat) const;
  LiveFile& add(const struct stat& stat, const LiveAt& at);
  LiveFile* parent_of(const LiveAt& at) const;
  void touch_names(const LiveAt& at);
  void notice_gone(LiveFile& file);
  void present(struct stat& stat, const LiveFile& file) const;
  // As seen from the view: what has no number gets one.
  FileNumber seen(int base, const char* path) const;
  void walk(int directory, std::string& path,
            const std::function<void(std::string_view path, FileNumber file)>& visit) const;

  const std::uint64_t& open_descriptors_;
  OwnedFd root_;  // stands for "/"
  ThreadUmask umask_;
  bool counts_names_ = true;  // for the size of directories, where the file system's own is another
  bool is_read_only_ = false;
  std::uint64_t names_age_ = 0;
  std::chrono::nanoseconds wall_time_{};
  std::deque<LiveFile> files_;
  std::map<ino_t, LiveFile*> by_inode_;
  std::vector<LiveFile*> numbered_, gone_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_LIVE_DISK_H
