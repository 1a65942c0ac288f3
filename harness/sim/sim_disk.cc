// Calls on open files, and what holds the simulated disk together.
#include "harness/sim/sim_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace stampede {
namespace {

using modelcache::FileType;

// tmpfs: twenty bytes a name (BOGO_DIRENT_SIZE), "." and ".." included.
constexpr std::uint64_t kDirectoryBytesPerName = 20;
constexpr std::uint64_t kDevice = 1;
constexpr std::uint64_t kOffsetMax = INT64_MAX;

std::uint64_t size_of(const Inode& inode) {
  switch (inode.type) {
    case FileType::regular:
      return inode.bytes.get().size();
    case FileType::directory:
      return (inode.names.size() + 2) * kDirectoryBytesPerName;
    case FileType::symlink:
      return inode.target.size();
    case FileType::other:
      break;
  }
  return 0;
}

}  // namespace

SimDisk::SimDisk() { clear(); }

SimDisk::~SimDisk() {
  inodes_.clear();  // before the pool that their bytes come from
}

void SimDisk::clear() {
  for (std::size_t i = 0; i < inode_count_; ++i) {
    Inode& inode = *inodes_[i];
    inode.bytes.clear();
    inode.durable_bytes.clear();
  }
  inode_count_ = 0;
  numbered_.clear();
  gone_.clear();
  wall_time_ = {};
  root_ = make(FileType::directory, 0755, 0);
  root_->links = 2;
  root_->parent = root_;
  paths_.set_root(root_);
  paths_.set_read_only(false);
  add_directory(*root_, "sim", 0777, 0);
  sync(*root_);
}

// An inode keeps the memory of its names from one use to the next.
Inode* SimDisk::make(FileType type, std::uint32_t mode, std::uint32_t user) {
  if (inode_count_ == inodes_.size()) inodes_.push_back(std::make_unique<Inode>());
  Inode& inode = *inodes_[inode_count_++];
  inode.type = type;
  inode.mode = mode;
  inode.user = user;
  inode.links = type == FileType::directory ? 2 : 1;
  inode.number = inode_count_;
  inode.mtime = inode.ctime = wall_time_;
  inode.open_count = inode.durable_links = 0;
  inode.file = 0;
  inode.version = 0;
  inode.locks.clear();
  inode.names.clear();
  inode.durable_names.clear();
  inode.names_changed = inode.is_removed = false;
  inode.parent = nullptr;
  inode.target.clear();
  return &inode;
}

FileNumber SimDisk::number(Inode& inode) {
  if (inode.file == 0) {
    numbered_.push_back(&inode);
    inode.file = static_cast<FileNumber>(numbered_.size());
  }
  return inode.file;
}

int SimDisk::read(const Inode& inode, std::span<std::byte> into, std::uint64_t offset, Transfer transfer,
                  std::size_t& moved) const {
  if (inode.type == FileType::other) return ESPIPE;
  if (into.size() > kOffsetMax - offset) return EINVAL;
  if (inode.is_directory()) return EISDIR;
  const std::vector<std::byte>& bytes = inode.bytes.get();
  const std::uint64_t left = bytes.size() - std::min<std::uint64_t>(offset, bytes.size());
  moved = moved_of(std::min<std::size_t>(into.size(), left), transfer);
  if (moved > 0) std::memcpy(into.data(), bytes.data() + offset, moved);
  return 0;
}

int SimDisk::write(Inode& inode, bool is_writable, std::span<const std::byte> from, std::uint64_t offset,
                   Transfer transfer, std::size_t& moved) {
  if (inode.type == FileType::other) return ESPIPE;
  if (!is_writable) return EBADF;
  if (from.size() > kOffsetMax - offset) return EINVAL;
  moved = 0;
  if (from.empty()) return 0;
  if (offset >= kSimFileBytesMax) return EFBIG;
  moved = moved_of(std::min<std::size_t>(from.size(), kSimFileBytesMax - offset), transfer);
  std::vector<std::byte>& bytes = inode.bytes.own(pool_);
  if (offset == bytes.size()) {
    bytes.insert(bytes.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(moved));
  } else {
    if (bytes.size() < offset + moved) bytes.resize(offset + moved);
    std::memcpy(bytes.data() + offset, from.data(), moved);
  }
  inode.mtime = inode.ctime = wall_time_;
  ++inode.version;
  return 0;
}

int SimDisk::truncate(Inode& inode, bool is_writable, std::uint64_t size_bytes) {
  if (size_bytes > kOffsetMax) return EINVAL;
  if (!inode.is_regular() || !is_writable) return EINVAL;
  if (size_bytes > kSimFileBytesMax) return EFBIG;
  if (size_bytes != inode.bytes.get().size()) {
    inode.bytes.own(pool_).resize(size_bytes);
    ++inode.version;
  }
  inode.mtime = inode.ctime = wall_time_;
  return 0;
}

int SimDisk::sync(Inode& inode) {
  switch (inode.type) {
    case FileType::regular:
      inode.durable_bytes = inode.bytes;
      return 0;
    case FileType::directory:
      if (inode.names_changed) sync_names(inode);
      return 0;
    default:
      return EINVAL;
  }
}

void SimDisk::sync_names(Inode& directory) {
  for (const NameTable::Entry& entry : directory.durable_names) --entry.inode->durable_links;
  for (const NameTable::Entry& entry : directory.names) ++entry.inode->durable_links;
  for (const NameTable::Entry& entry : directory.durable_names) notice_gone(*entry.inode);
  directory.durable_names.copy(directory.names);
  directory.names_changed = false;
}

void SimDisk::notice_gone(Inode& inode) {
  if (inode.links == 0 && inode.durable_links == 0 && inode.open_count == 0) gone_.push_back(&inode);
}

void SimDisk::free_gone_now() {
  for (Inode* const inode : gone_) {
    inode->bytes.clear();
    inode->durable_bytes.clear();
    ++inode->version;
  }
  gone_.clear();
}

void SimDisk::close(Inode& inode) {
  --inode.open_count;
  notice_gone(inode);
}

modelcache::FileStat SimDisk::stat(const Inode& inode) const {
  return {inode.type, inode.mode, inode.links, size_of(inode), kDevice, inode.number, inode.mtime, inode.ctime};
}

void SimDisk::write_file(Inode& directory, std::string_view name, std::span<const std::byte> bytes) {
  Inode* inode = directory.names.find(name);
  if (inode == nullptr) {
    inode = make(FileType::regular, 0644, directory.user);
    add_name(directory, name, *inode);
    sync_names(directory);
  }
  inode->bytes.own(pool_).assign(bytes.begin(), bytes.end());
  inode->mtime = inode->ctime = wall_time_;
  ++inode->version;
  inode->durable_bytes = inode->bytes;
}

void SimDisk::make_special(Inode& directory, std::string_view name, FileType type, std::string_view target) {
  Inode* const inode = make(type, type == FileType::symlink ? 0777 : 0644, directory.user);
  inode->target.assign(target);
  add_name(directory, name, *inode);
  sync_names(directory);
}

void SimDisk::remove_name(Inode& directory, std::string_view name) {
  if (Inode* const inode = directory.names.find(name)) drop_name(directory, name, *inode);
  sync_names(directory);
}

}  // namespace stampede
