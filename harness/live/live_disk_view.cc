// The real directory as judges see it between steps, and changes by hand.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "harness/live/directory_tree.h"
#include "harness/live/live_disk.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

// Below the directory that stands for "/".
std::string real_path(std::string_view path) {
  if (path.starts_with('/')) return std::string(path.substr(1));
  std::string whole(kWorldCacheDirectory.substr(1));
  if (!path.empty()) whole.append("/").append(path);
  return whole;
}

[[noreturn]] void give_up(const char* what, std::string_view path) {
  std::fprintf(stderr, "stampede: the live world cannot %s '%.*s': %s\n", what, static_cast<int>(path.size()),
               path.data(), std::strerror(errno));
  std::abort();
}

// Whatever `handle` names, opened to be read. O_PATH descriptors have no other way.
OwnedFd reopened(const OwnedFd& handle) {
  const std::string path = "/proc/self/fd/" + std::to_string(handle.get());
  return OwnedFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

FileNumber LiveDisk::seen(int base, const char* path) const {
  struct stat stat{};
  if (::fstatat(base, path, &stat, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  // Looking gives a number to what no step has named yet; it changes nothing that others see.
  auto& self = const_cast<LiveDisk&>(*this);
  LiveFile* file = find(stat);
  if (file == nullptr) file = &self.add(stat, {base, nullptr, 0, path});
  return self.number(*file);
}

FileNumber LiveDisk::file_at(std::string_view path) const { return seen(root_.get(), real_path(path).c_str()); }

StepStat step_stat(const struct stat& stat) {
  const auto type = S_ISREG(stat.st_mode)   ? modelcache::FileType::regular
                    : S_ISDIR(stat.st_mode) ? modelcache::FileType::directory
                    : S_ISLNK(stat.st_mode) ? modelcache::FileType::symlink
                                            : modelcache::FileType::other;
  return {type, stat.st_mode & 07777U, stat.st_nlink, static_cast<std::uint64_t>(stat.st_size)};
}

StepStat LiveDisk::stat(FileNumber file) const {
  LiveFile& known = *numbered_.at(file - 1);
  struct stat stat{};
  if (::fstatat(known.handle.get(), "", &stat, AT_EMPTY_PATH) != 0) return {};
  present(stat, known);
  return step_stat(stat);
}

std::span<const std::byte> LiveDisk::bytes(FileNumber file) const {
  LiveFile& known = *numbered_.at(file - 1);
  if (known.bytes_version == known.version) return known.bytes;
  const OwnedFd fd = reopened(known.handle);
  struct stat stat{};
  if (!fd.is_open() || ::fstat(fd.get(), &stat) != 0) give_up("read file", std::to_string(file));
  known.bytes.resize(static_cast<std::size_t>(stat.st_size));
  std::size_t done = 0;
  while (done < known.bytes.size()) {
    const ssize_t count =
        ::pread(fd.get(), known.bytes.data() + done, known.bytes.size() - done, static_cast<off_t>(done));
    if (count <= 0) give_up("read file", std::to_string(file));
    done += static_cast<std::size_t>(count);
  }
  known.bytes_version = known.version;
  return known.bytes;
}

std::uint64_t LiveDisk::version(FileNumber file) const { return numbered_.at(file - 1)->version; }

void LiveDisk::walk(int directory, std::string& path,
                    const std::function<void(std::string_view path, FileNumber file)>& visit) const {
  std::vector<std::string> names;
  if (!names_in(directory, names)) give_up("list", path);
  const std::size_t size = path.size();
  for (const std::string& name : names) {
    const FileNumber file = seen(directory, name.c_str());
    if (size > 0) path += '/';
    path += name;
    visit(path, file);
    const LiveFile& known = *numbered_.at(file - 1);
    if (known.is_directory) walk(known.handle.get(), path, visit);
    path.resize(size);
  }
}

void LiveDisk::for_each_name(const std::function<void(std::string_view path, FileNumber file)>& visit) const {
  const FileNumber top = file_at("");
  if (top == 0) return;
  std::string path;
  walk(numbered_.at(top - 1)->handle.get(), path, visit);
}

void LiveDisk::write_file(std::string_view path, std::span<const std::byte> bytes) {
  const LiveAt at = at_root(real_path(path));
  struct stat stat{};
  const bool is_new = ::fstatat(at.base, at.path.c_str(), &stat, AT_SYMLINK_NOFOLLOW) != 0;
  const OwnedFd fd(::openat(at.base, at.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.is_open() || ::fstat(fd.get(), &stat) != 0) give_up("write", path);
  LiveFile* file = find(stat);
  if (file == nullptr) file = &add(stat, at);
  if (is_new) (void)::fchmod(fd.get(), 0644);
  if (is_new) touch_names(at);
  std::size_t moved = 0;
  if (truncate(fd.get(), *file, 0) != 0) give_up("write", path);
  for (std::size_t done = 0; done < bytes.size(); done += moved) {
    if (write(fd.get(), *file, bytes.subspan(done), done, moved) != 0) give_up("write", path);
  }
}

void LiveDisk::remove_name(std::string_view path) {
  LiveFile* file = nullptr;
  const int error = unlink(at_root(real_path(path)), file);
  if (error != 0 && error != ENOENT) give_up("remove", path);
}

}  // namespace stampede
