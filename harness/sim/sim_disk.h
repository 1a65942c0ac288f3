// The simulated file system: what each call on files and names does, and which errno it gives, as Linux on tmpfs.
#ifndef STAMPEDE_SIM_SIM_DISK_H
#define STAMPEDE_SIM_SIM_DISK_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/os.h"
#include "harness/sim/sim_inode.h"
#include "harness/sim/sim_path.h"
#include "harness/world/transfer.h"

namespace stampede {

// The largest file; beyond it EFBIG.
inline constexpr std::uint64_t kSimFileBytesMax = 64ULL << 20;

// Knows nothing of processes, descriptors and steps. Owned by one world. Every method that returns an `int` returns 0
// or an errno, and has no effect where it returns one. Checks are made in the kernel's order (fs/namei.c, 6.18).
class SimDisk {
 public:
  SimDisk();
  ~SimDisk();
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  // Only "/" and "/sim", which everybody may write to. Keeps memory.
  void clear();
  // What files are stamped with from now on.
  void set_wall_time(std::chrono::nanoseconds since_epoch) { wall_time_ = since_epoch; }
  void set_read_only(bool is_read_only) { paths_.set_read_only(is_read_only); }

  [[nodiscard]] Inode* root() const { return root_; }
  // Gives the inode a number, where it has none.
  FileNumber number(Inode& inode);
  // REQUIRES: `file` was given by `number`.
  [[nodiscard]] Inode& inode(FileNumber file) const { return *numbered_.at(file - 1); }

  // -- names ---------------------------------------------------------------------------------------------------------

  // `has_descriptor`: whether the caller has one left (else EMFILE). The caller counts it: `open_count`.
  int open(const At& at, modelcache::OpenMode mode, const Actor& actor, bool has_descriptor, Inode*& opened);
  int stat_name(const At& at, const Actor& actor, Inode*& found);
  int make_directory(const At& at, const Actor& actor, Inode*& made);
  int link(const At& from, const At& to, const Actor& actor, Inode*& linked);
  int unlink(const At& at, const Actor& actor, Inode*& removed);
  // `replaced` is null where the name was free.
  int rename(const At& from, const At& to, modelcache::RenameMode mode, const Actor& actor, Inode*& moved,
             Inode*& replaced);
  // Whether the directory may be read by `actor`: what opening "." in it checks.
  int list(const At& directory, const Actor& actor, Inode*& listed);

  // -- open files ----------------------------------------------------------------------------------------------------
  // `moved` is how many bytes did. REQUIRES: offsets up to INT64_MAX.

  int read(const Inode& inode, std::span<std::byte> into, std::uint64_t offset, Transfer transfer,
           std::size_t& moved) const;
  int write(Inode& inode, bool is_writable, std::span<const std::byte> from, std::uint64_t offset, Transfer transfer,
            std::size_t& moved);
  int truncate(Inode& inode, bool is_writable, std::uint64_t size_bytes);
  // Bytes of a file, names of a directory: they survive from now on.
  int sync(Inode& inode);
  [[nodiscard]] modelcache::FileStat stat(const Inode& inode) const;
  // A descriptor of it has closed.
  void close(Inode& inode);
  // Files without a name, a durable one included, and without a descriptor lose their bytes now. To be called before
  // a step, so that what a step removed can be looked at after it.
  void free_gone() {
    if (!gone_.empty()) free_gone_now();
  }

  // -- by hand -------------------------------------------------------------------------------------------------------
  // As if it had been so for long: durable at once, with all names of the directory. The owner is the directory's.

  void write_file(Inode& directory, std::string_view name, std::span<const std::byte> bytes);
  void make_special(Inode& directory, std::string_view name, modelcache::FileType type, std::string_view target);
  void remove_name(Inode& directory, std::string_view name);

 private:
  Inode* make(modelcache::FileType type, std::uint32_t mode, std::uint32_t user);
  Inode* add_directory(Inode& parent, std::string_view name, std::uint32_t mode, std::uint32_t user);
  void add_name(Inode& directory, std::string_view name, Inode& inode);
  void drop_name(Inode& directory, std::string_view name, Inode& inode);
  void sync_names(Inode& directory);
  void notice_gone(Inode& inode);
  void free_gone_now();
  void touch_names(Inode& directory);
  int check_rename(const Walked& from, const Walked& to, Inode& source, Inode* target, const Actor& actor) const;
  // What a caller that gives a name to something must be allowed, after the name was found free.
  [[nodiscard]] int may_create(const Inode& directory, const Actor& actor) const;
  [[nodiscard]] int may_delete(const Inode& directory, const Inode& victim, bool as_directory,
                               const Actor& actor) const;

  SimPaths paths_;
  BytesPool pool_;
  std::vector<std::unique_ptr<Inode>> inodes_;  // the first `inode_count_` are in use
  std::size_t inode_count_ = 0;
  std::vector<Inode*> numbered_;
  std::vector<Inode*> gone_;
  Inode* root_ = nullptr;
  std::chrono::nanoseconds wall_time_{};
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_DISK_H
