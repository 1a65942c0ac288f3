// Paths by the links of /proc, descriptors by pidfd_getfd.
#include "harness/live/command_files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "harness/live/command_filter.h"
#include "harness/live/process_memory.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

// What the kernel puts behind the path of a file that has no name any more.
constexpr std::string_view kDeleted = " (deleted)";

bool has_one_path(const struct stat& stat) { return S_ISDIR(stat.st_mode) || stat.st_nlink == 1; }

bool starts_below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace

std::string too_many_descriptors(const CommandTask& task) {
  return "process " + std::to_string(task.process->planned) + " (" + task.process->program + ") has more than " +
         std::to_string(kFirstPrivateFd) + " descriptors open";
}

std::string link_target(const std::string& link) {
  std::array<char, PATH_MAX> text;
  const ssize_t size = ::readlink(link.c_str(), text.data(), text.size());
  return size <= 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
}

std::string normal_path(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  std::string whole;
  for (const std::string_view part : parts) whole.append("/").append(part);
  return whole.empty() ? "/" : whole;
}

modelcache::Result<void> CommandFiles::use(const std::string& root) {
  std::array<char, PATH_MAX> real;
  if (::realpath(root.c_str(), real.data()) == nullptr) {
    return modelcache::fail(modelcache::ErrorCode::not_found, "open directory", root, std::strerror(errno));
  }
  struct stat stat{};
  if (::stat(real.data(), &stat) != 0) {
    return modelcache::fail(modelcache::ErrorCode::io, "look at directory", root, std::strerror(errno));
  }
  device_ = stat.st_dev;
  if (::stat("/proc", &stat) == 0) proc_device_ = stat.st_dev;
  root_ = real.data();
  cache_ = root_ + std::string(kWorldCacheDirectory);
  return disk_.use(root_);
}

std::string CommandFiles::path_of(const CommandTask& task, std::uint64_t directory, std::uint64_t address) const {
  std::string text;
  if (read_path(task.thread, address, text) != 0 || text.empty()) return {};
  if (text.starts_with('/')) return normal_path(text);
  const auto fd = static_cast<int>(directory);
  const std::string process = "/proc/" + std::to_string(task.thread);
  if (fd != AT_FDCWD) {
    if (const HeldFile held = hold(task, directory); held.is_watched()) return normal_path(held.path + "/" + text);
  }
  const std::string base = link_target(process + (fd == AT_FDCWD ? "/cwd" : "/fd/" + std::to_string(fd)));
  return base.starts_with('/') ? normal_path(base + "/" + text) : std::string();
}

bool CommandFiles::is_watched(std::string_view path) const { return starts_below(path, cache_); }

std::string CommandFiles::step_path(std::string_view path) const {
  if (!starts_below(path, cache_)) {
    return std::string(starts_below(path, root_) ? path.substr(root_.size()) : path);
  }
  return std::string(path.substr(std::min(cache_.size() + 1, path.size())));
}

LiveAt CommandFiles::at(const std::string& path) const {
  if (starts_below(path, root_)) return disk_.at_root(std::string_view(path).substr(root_.size()));
  return {AT_FDCWD, nullptr, 0, path};
}

// Null where it must be asked for.
const std::string* CommandFiles::known_path(const struct stat& stat) const {
  if (std::exchange(paths_age_, disk_.names_age()) != disk_.names_age()) paths_.clear();
  const auto found = has_one_path(stat) ? paths_.find(stat.st_ino) : paths_.end();
  return found == paths_.end() ? nullptr : &found->second;
}

HeldFile CommandFiles::hold(const CommandTask& task, std::uint64_t fd) const {
  HeldFile held;
  held.fd = OwnedFd(static_cast<int>(::syscall(SYS_pidfd_getfd, task.process->pidfd.get(), static_cast<int>(fd), 0)));
  if (!held.is_open() || ::fstat(held.fd.get(), &held.stat) != 0) return {};
  if (!S_ISREG(held.stat.st_mode) && !S_ISDIR(held.stat.st_mode)) return held;
  if (held.stat.st_dev != device_) return held;
  if (const std::string* const known = known_path(held.stat)) {
    held.path = *known;
    return held;
  }
  std::string path = link_target("/proc/self/fd/" + std::to_string(held.fd.get()));
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  if (!is_watched(path)) return held;
  held.path = std::move(path);
  if (has_one_path(held.stat)) paths_[held.stat.st_ino] = held.path;
  return held;
}

LiveFile& CommandFiles::file_of(const HeldFile& held) const { return disk_.known(held.stat, at(held.path)); }

}  // namespace stampede
