// How the simulated disk walks a path: symbolic links, permissions, and the errno at the component that stops it.
#ifndef STAMPEDE_SIM_SIM_PATH_H
#define STAMPEDE_SIM_SIM_PATH_H

#include <cstdint>
#include <string_view>

#include "harness/sim/sim_inode.h"

namespace stampede {

// Who asks. Its group is its own: the group's bits never decide.
struct Actor {
  std::uint32_t user = 0;  // 0 passes every permission
  unsigned umask = 022;
};

// A path and where it begins.
struct At {
  Inode* directory = nullptr;  // of relative paths
  int error = 0;               // what a relative path fails with: no descriptor (EBADF), no directory (ENOTDIR)
  std::string_view path;
};

// All of a path but its last component.
struct Walked {
  enum class Last : std::uint8_t { name, dot, dot_dot, root };
  Inode* parent = nullptr;
  std::string_view name;  // with Last::name
  Last last = Last::name;
  bool has_trailing_slash = false;
};

inline constexpr std::size_t kNameBytesMax = 255;
inline constexpr std::size_t kPathBytesMax = 4095;

enum class Permission : std::uint8_t { execute = 1, write = 2, read = 4 };
constexpr unsigned operator|(Permission a, Permission b) { return static_cast<unsigned>(a) | static_cast<unsigned>(b); }

// Owned by its disk. Methods that return an `int` return 0 or an errno.
class SimPaths {
 public:
  void set_root(Inode* root) { root_ = root; }
  void set_read_only(bool is_read_only) { is_read_only_ = is_read_only; }
  [[nodiscard]] bool is_read_only() const { return is_read_only_; }

  // What is refused before anything is looked at: no bytes, too many, a NUL among them.
  static int check_text(std::string_view path);
  // Up to the last component. Symbolic links on the way are followed. REQUIRES: check_text.
  int walk(const At& at, const Actor& actor, Walked& walked) const;
  // The last component, by name, in a directory that was walked to; ENOENT where there is none.
  static int look_up(const Inode& directory, std::string_view name, Inode*& found);
  // What `walked` ends at. A symbolic link there is followed where `follows`, or where a slash is behind it.
  int last(const Walked& walked, const Actor& actor, bool follows, Inode*& found) const;
  [[nodiscard]] int permitted(const Inode& inode, unsigned wanted, const Actor& actor) const;

 private:
  int walk_from(Inode* directory, std::string_view path, const Actor& actor, unsigned& links, Walked& walked) const;
  int finish(const Walked& walked, const Actor& actor, bool follows, unsigned& links, Inode*& found) const;
  int follow(const Inode& link, Inode& directory, const Actor& actor, unsigned& links, Inode*& found) const;

  Inode* root_ = nullptr;
  bool is_read_only_ = false;
};

}  // namespace stampede

#endif  // STAMPEDE_SIM_SIM_PATH_H
