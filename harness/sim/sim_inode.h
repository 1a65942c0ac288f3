// What the simulated disk holds: files, directories and their names.
#ifndef STAMPEDE_SIM_SIM_INODE_H
#define STAMPEDE_SIM_SIM_INODE_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cache/os.h"
#include "harness/plan/step.h"
#include "harness/sim/shared_bytes.h"
#include "harness/world/file_locks.h"

namespace stampede {

struct Inode;

// The names in a directory, sorted bytewise. Keeps the memory of names that are gone for those that come.
class NameTable {
 public:
  struct Entry {
    std::string name;
    Inode* inode = nullptr;
  };

  [[nodiscard]] Inode* find(std::string_view name) const;
  // Adds the name, or gives it another inode.
  void set(std::string_view name, Inode* inode);
  void erase(std::string_view name);
  void clear() { count_ = 0; }
  void copy(const NameTable& other);
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] const Entry* begin() const { return entries_.data(); }
  [[nodiscard]] const Entry* end() const { return entries_.data() + count_; }

 private:
  [[nodiscard]] std::size_t place_of(std::string_view name) const;

  std::vector<Entry> entries_;  // what follows the first `count_` is memory to be used again
  std::size_t count_ = 0;
};

struct Inode {
  modelcache::FileType type = modelcache::FileType::regular;  // `other` is a FIFO
  std::uint32_t mode = 0;
  std::uint32_t user = 0;
  std::uint64_t links = 0;   // 0: no name is left
  std::uint64_t number = 0;  // of FileStat
  std::chrono::nanoseconds mtime{}, ctime{};
  std::uint32_t open_count = 0;
  std::uint32_t durable_links = 0;  // names as last synced
  FileNumber file = 0;              // 0 until a step or a view names it
  std::uint64_t version = 0;
  FileLocks locks;

  // Of a regular file: as written, and as last synced.
  SharedBytes bytes, durable_bytes;

  // Of a directory: as they are, and as last synced.
  NameTable names, durable_names;
  bool names_changed = false;  // since they were synced
  bool is_removed = false;     // another directory took its last name
  Inode* parent = nullptr;     // ".."

  std::string target;  // of a symbolic link

  [[nodiscard]] bool is_directory() const { return type == modelcache::FileType::directory; }
  [[nodiscard]] bool is_regular() const { return type == modelcache::FileType::regular; }
  [[nodiscard]] bool is_symlink() const { return type == modelcache::FileType::symlink; }
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_INODE_H
