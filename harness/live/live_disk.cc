// Calls on names and open files, made by the supervisor for whoever asked.
#include "harness/live/live_disk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "harness/live/directory_tree.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;
using std::chrono::nanoseconds;

// What processes see, as in every controlled world: one device, and directories whose size tells how many names they
// have, as tmpfs has it.
constexpr dev_t kDevice = 1;
constexpr off_t kDirectoryBytesPerName = 20;

timespec timespec_of(nanoseconds time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  timespec to{};
  to.tv_sec = static_cast<time_t>(whole.count());
  to.tv_nsec = static_cast<long>((time - whole).count());
  return to;
}

int error_of(int result) { return result == 0 ? 0 : errno; }

int status_of(const LiveAt& at, struct stat& stat) {
  return error_of(::fstatat(at.base, at.path.c_str(), &stat, AT_SYMLINK_NOFOLLOW));
}

bool is_writing(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

}  // namespace

ThreadUmask::~ThreadUmask() {
  if (before_) ::umask(*before_);
}

void ThreadUmask::set(mode_t umask) {
  if (before_ && umask == now_) return;
  const mode_t before = ::umask(umask);
  if (!before_) before_ = before;
  now_ = umask;
}

Result<void> LiveDisk::use(const std::string& directory) {
  root_ = OwnedFd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root_.is_open()) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::not_found : ErrorCode::io;
    return fail(code, "open directory", directory, std::strerror(errno));
  }
  struct statfs filesystem{};
  counts_names_ = ::fstatfs(root_.get(), &filesystem) != 0 || filesystem.f_type != TMPFS_MAGIC;
  return {};
}

Result<void> LiveDisk::clear() {
  ++names_age_;
  by_inode_.clear();
  numbered_.clear();
  gone_.clear();
  files_.clear();
  is_read_only_ = false;
  if (remove_below(root_.get())) {
    umask_.set(0);
    struct stat stat{};
    if (::fstatat(root_.get(), "", &stat, AT_EMPTY_PATH) == 0) {
      add(stat, at_root("/"));
      if (::mkdirat(root_.get(), "sim", 0777) == 0 && ::fstatat(root_.get(), "sim", &stat, 0) == 0) {
        add(stat, at_root("/sim"));
        return {};
      }
    }
  }
  return fail(ErrorCode::io, "empty directory", "", std::strerror(errno));
}

LiveFile* LiveDisk::find(const struct stat& stat) const {
  const auto found = by_inode_.find(stat.st_ino);
  return found == by_inode_.end() ? nullptr : found->second;
}

LiveFile& LiveDisk::add(const struct stat& stat, const LiveAt& at) {
  LiveFile& file = files_.emplace_back();
  file.real_inode = stat.st_ino;
  file.inode = files_.size();
  file.is_directory = S_ISDIR(stat.st_mode);
  file.links = stat.st_nlink;
  file.mtime = file.ctime = wall_time_;
  file.handle = OwnedFd(::openat(at.base, at.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  by_inode_[file.real_inode] = &file;
  return file;
}

LiveFile& LiveDisk::known(const struct stat& stat, const LiveAt& at) {
  LiveFile* const file = find(stat);
  return file != nullptr ? *file : add(stat, at);
}

void LiveDisk::changed(LiveFile& file) {
  file.mtime = file.ctime = wall_time_;
  ++file.version;
}

FileNumber LiveDisk::number(LiveFile& file) {
  if (file.file == 0) {
    numbered_.push_back(&file);
    file.file = static_cast<FileNumber>(numbered_.size());
  }
  return file.file;
}

void LiveDisk::free_gone() {
  for (LiveFile* const file : gone_) {
    by_inode_.erase(file->real_inode);
    file->handle.reset();
  }
  gone_.clear();
}

void LiveDisk::notice_gone(LiveFile& file) {
  const bool has_no_name = file.is_directory ? false : file.links == 0;
  if (has_no_name && file.open_count == 0) gone_.push_back(&file);
}

LiveAt LiveDisk::at_root(std::string_view path) const {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  return {root_.get(), nullptr, 0, path.empty() ? std::string(".") : std::string(path)};
}

// The directory in which the last component lies.
LiveFile* LiveDisk::parent_of(const LiveAt& at) const {
  const auto slash = at.path.rfind('/');
  if (slash == std::string::npos && at.directory != nullptr) return at.directory;
  const std::string parent = slash == std::string::npos ? "." : at.path.substr(0, slash);
  struct stat stat{};
  return ::fstatat(at.base, parent.c_str(), &stat, 0) == 0 ? find(stat) : nullptr;
}

void LiveDisk::touch_names(const LiveAt& at) {
  if (LiveFile* const directory = parent_of(at)) directory->mtime = directory->ctime = wall_time_;
}

// A mount that is read-only refuses what the kernel would do here; what the kernel refuses for other reasons comes
// first where it does there.
int LiveDisk::open(const LiveAt& at, int flags, mode_t mode, mode_t umask, OwnedFd& opened, LiveFile*& file) {
  if (at.error != 0) return at.error;
  bool creates = (flags & O_CREAT) != 0;
  bool is_refused = false;
  struct stat stat{};
  if (is_read_only_ && (creates || is_writing(flags))) {
    const int found = status_of(at, stat);
    if (creates && found == ENOENT && !at.path.ends_with('/')) return EROFS;
    is_refused = found == 0 && S_ISREG(stat.st_mode) && (flags & O_EXCL) == 0;
    if (is_refused) {
      flags = (flags & ~(O_ACCMODE | O_CREAT | O_TRUNC)) | O_RDONLY;
      creates = false;
    }
  }
  if (creates) umask_.set(umask);
  opened = OwnedFd(::openat(at.base, at.path.c_str(), flags | O_CLOEXEC, mode));
  if (!opened.is_open()) return errno;
  if (is_refused) {
    opened.reset();
    return EROFS;
  }
  if (::fstat(opened.get(), &stat) != 0) return errno;
  file = find(stat);
  if (file == nullptr) {
    file = &add(stat, at);
    if (creates) touch_names(at);
  }
  ++file->open_count;
  return 0;
}

int LiveDisk::list(int directory, std::vector<std::string>& names) { return names_in(directory, names) ? 0 : errno; }

void LiveDisk::present(struct stat& stat, const LiveFile& file) const {
  stat.st_dev = kDevice;
  stat.st_ino = file.inode;
  stat.st_mtim = timespec_of(file.mtime);
  stat.st_ctim = stat.st_atim = timespec_of(file.ctime);
  if (!file.is_directory || !counts_names_) return;
  std::vector<std::string> names;
  (void)names_in(file.handle.get(), names);
  stat.st_size = static_cast<off_t>(names.size() + 2) * kDirectoryBytesPerName;
}

int LiveDisk::stat_name(const LiveAt& at, struct stat& stat, LiveFile*& file) {
  if (at.error != 0) return at.error;
  if (const int error = status_of(at, stat)) return error;
  file = find(stat);
  if (file == nullptr) file = &add(stat, at);
  present(stat, *file);
  return 0;
}

int LiveDisk::stat_open(int fd, struct stat& stat, LiveFile& file) {
  if (::fstat(fd, &stat) != 0) return errno;
  present(stat, file);
  return 0;
}

int LiveDisk::make_directory(const LiveAt& at, mode_t mode, mode_t umask, LiveFile*& file) {
  if (at.error != 0) return at.error;
  struct stat stat{};
  if (is_read_only_) {
    const int found = status_of(at, stat);
    return found == 0 ? EEXIST : found == ENOENT ? EROFS : found;
  }
  umask_.set(umask);
  if (::mkdirat(at.base, at.path.c_str(), mode) != 0) return errno;
  if (const int error = status_of(at, stat)) return error;
  file = &add(stat, at);
  touch_names(at);
  return 0;
}

int LiveDisk::link(const LiveAt& from, const LiveAt& to, LiveFile*& file) {
  if (from.error != 0) return from.error;
  struct stat stat{};
  if (const int error = status_of(from, stat)) return error;
  if (to.error != 0) return to.error;
  if (is_read_only_) {
    struct stat taken{};
    const int found = status_of(to, taken);
    return found == 0 ? EEXIST : found == ENOENT ? EROFS : found;
  }
  if (::linkat(from.base, from.path.c_str(), to.base, to.path.c_str(), 0) != 0) return errno;
  file = find(stat);
  if (file == nullptr) file = &add(stat, from);
  ++file->links;
  file->ctime = wall_time_;
  touch_names(to);
  return 0;
}

int LiveDisk::unlink(const LiveAt& at, LiveFile*& file) {
  ++names_age_;
  if (at.error != 0) return at.error;
  if (is_read_only_) return EROFS;
  struct stat stat{};
  const bool is_there = status_of(at, stat) == 0;
  if (is_there) file = find(stat);
  if (is_there && file == nullptr) file = &add(stat, at);
  if (::unlinkat(at.base, at.path.c_str(), 0) != 0) return errno;
  --file->links;
  file->ctime = wall_time_;
  touch_names(at);
  notice_gone(*file);
  return 0;
}

int LiveDisk::rename(const LiveAt& from, const LiveAt& to, unsigned flags, LiveFile*& file, LiveFile*& replaced) {
  ++names_age_;
  if (from.error != 0) return from.error;
  if (to.error != 0) return to.error;
  if (is_read_only_) return EROFS;
  struct stat stat{};
  const bool is_there = status_of(from, stat) == 0;
  LiveFile* const source = is_there ? find(stat) : nullptr;
  LiveFile* const target = status_of(to, stat) == 0 ? find(stat) : nullptr;
  if (::syscall(SYS_renameat2, from.base, from.path.c_str(), to.base, to.path.c_str(), flags) != 0) return errno;
  file = source;
  replaced = target == source ? nullptr : target;
  if (target == source) return 0;
  if (replaced != nullptr) {
    replaced->links = replaced->is_directory ? 0 : replaced->links - 1;
    replaced->ctime = wall_time_;
    notice_gone(*replaced);
  }
  if (source != nullptr) source->ctime = wall_time_;
  touch_names(from);
  touch_names(to);
  return 0;
}

int LiveDisk::write(int fd, LiveFile& file, std::span<const std::byte> from, std::uint64_t offset, std::size_t& moved) {
  const ssize_t count = ::pwrite(fd, from.data(), from.size(), static_cast<off_t>(offset));
  if (count < 0) return errno;
  moved = static_cast<std::size_t>(count);
  if (moved > 0) {
    file.mtime = file.ctime = wall_time_;
    ++file.version;
  }
  return 0;
}

int LiveDisk::truncate(int fd, LiveFile& file, std::uint64_t size) {
  struct stat before{};
  if (::fstat(fd, &before) != 0 || ::ftruncate(fd, static_cast<off_t>(size)) != 0) return errno;
  if (static_cast<std::uint64_t>(before.st_size) != size) ++file.version;
  file.mtime = file.ctime = wall_time_;
  return 0;
}

void LiveDisk::close(LiveFile& file) {
  --file.open_count;
  notice_gone(file);
}

}  // namespace stampede
