// Walks over the simulated disk for those who look at it between steps.
#include "harness/sim/sim_disk_view.h"

#include <algorithm>
#include <string>

#include "harness/sim/sim_world.h"

namespace stampede {
namespace {

using Visit = std::function<void(std::string_view, FileNumber)>;

// A directory that was made durable in two places, one below the other, would be walked for ever.
constexpr std::size_t kDepthMax = 64;

void walk(SimDisk& disk, const Inode& directory, NameTable Inode::* names, std::string& path, std::size_t depth,
          const Visit& visit) {
  if (depth > kDepthMax) return;
  const std::size_t size = path.size();
  for (const NameTable::Entry& entry : directory.*names) {
    if (size > 0) path += '/';
    path += entry.name;
    visit(path, disk.number(*entry.inode));
    if (entry.inode->is_directory()) walk(disk, *entry.inode, names, path, depth + 1, visit);
    path.resize(size);
  }
}

// The cache directory, if both it and its parent have their names; null otherwise.
Inode* cache_directory(const SimDisk& disk, NameTable Inode::* names) {
  Inode* at = disk.root();
  std::string_view rest = kSimCacheDirectory;
  while (at != nullptr && !rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    at = (at->*names).find(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return at;
}

}  // namespace

Inode* SimDiskView::directory_of(std::string_view path, std::string_view& name) const {
  Inode* at = path.starts_with('/') ? disk_.root() : cache_directory(disk_, &Inode::names);
  if (path.starts_with('/')) path.remove_prefix(1);
  for (std::size_t end; at != nullptr && (end = path.find('/')) != std::string_view::npos;
       path.remove_prefix(end + 1)) {
    at = at->names.find(path.substr(0, end));
  }
  name = path;
  return at != nullptr && at->is_directory() ? at : nullptr;
}

FileNumber SimDiskView::file_at(std::string_view path) const {
  if (path.empty()) {
    Inode* const directory = cache_directory(disk_, &Inode::names);
    return directory == nullptr ? 0 : disk_.number(*directory);
  }
  std::string_view name;
  const Inode* const directory = directory_of(path, name);
  Inode* const inode = directory == nullptr ? nullptr : directory->names.find(name);
  return inode == nullptr ? 0 : disk_.number(*inode);
}

StepStat SimDiskView::stat(FileNumber file) const {
  const modelcache::FileStat stat = disk_.stat(disk_.inode(file));
  return {stat.type, stat.mode, stat.links, stat.size_bytes};
}

std::span<const std::byte> SimDiskView::bytes(FileNumber file) const { return disk_.inode(file).bytes.get(); }

std::uint64_t SimDiskView::version(FileNumber file) const { return disk_.inode(file).version; }

void SimDiskView::for_each_name(const Visit& visit) const {
  std::string path;
  if (const Inode* const directory = cache_directory(disk_, &Inode::names)) {
    walk(disk_, *directory, &Inode::names, path, 0, visit);
  }
}

void SimDiskView::for_each_durable_name(const Visit& visit) const {
  std::string path;
  if (const Inode* const directory = cache_directory(disk_, &Inode::durable_names)) {
    walk(disk_, *directory, &Inode::durable_names, path, 0, visit);
  }
}

std::span<const std::byte> SimDiskView::durable_bytes(FileNumber file) const {
  return disk_.inode(file).durable_bytes.get();
}

}  // namespace stampede
