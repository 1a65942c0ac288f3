// The walk, component by component, in the order of the kernel's link_path_walk.
#include "harness/sim/sim_path.h"

#include <algorithm>
#include <cerrno>

namespace stampede {
namespace {

constexpr unsigned kLinksFollowedMax = 40;  // of one path (path_resolution(7))

std::string_view without_leading_slashes(std::string_view path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  return path;
}

}  // namespace

int SimPaths::check_text(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return EINVAL;
  if (path.empty()) return ENOENT;
  return path.size() > kPathBytesMax ? ENAMETOOLONG : 0;
}

int SimPaths::permitted(const Inode& inode, unsigned wanted, const Actor& actor) const {
  const auto write = static_cast<unsigned>(Permission::write);
  if (is_read_only_ && (wanted & write) != 0 && inode.type != modelcache::FileType::other) return EROFS;
  if (actor.user == 0) return 0;
  const unsigned granted = inode.user == actor.user ? inode.mode >> 6 : inode.mode;
  return (wanted & ~granted & 7U) == 0 ? 0 : EACCES;
}

int SimPaths::look_up(const Inode& directory, std::string_view name, Inode*& found) {
  if (directory.is_removed) return ENOENT;
  if (name.size() > kNameBytesMax) return ENAMETOOLONG;
  found = directory.names.find(name);
  return found == nullptr ? ENOENT : 0;
}

int SimPaths::walk(const At& at, const Actor& actor, Walked& walked) const {
  if (!at.path.starts_with('/') && at.error != 0) return at.error;
  unsigned links = 0;
  return walk_from(at.directory, at.path, actor, links, walked);
}

int SimPaths::walk_from(Inode* directory, std::string_view path, const Actor& actor, unsigned& links,
                        Walked& walked) const {
  walked = {path.starts_with('/') ? root_ : directory, {}, Walked::Last::root, false};
  std::string_view rest = without_leading_slashes(path);
  while (!rest.empty()) {
    if (const int error = permitted(*walked.parent, static_cast<unsigned>(Permission::execute), actor)) return error;
    const std::size_t end = std::min(rest.find('/'), rest.size());
    walked.name = rest.substr(0, end);
    walked.last = walked.name == "."    ? Walked::Last::dot
                  : walked.name == ".." ? Walked::Last::dot_dot
                                        : Walked::Last::name;
    walked.has_trailing_slash = end < rest.size();
    rest = without_leading_slashes(rest.substr(end));
    if (rest.empty()) break;
    Inode* next = nullptr;
    if (const int error = finish(walked, actor, true, links, next)) return error;
    if (!next->is_directory()) return ENOTDIR;
    walked.parent = next;
  }
  return 0;
}

int SimPaths::finish(const Walked& walked, const Actor& actor, bool follows, unsigned& links, Inode*& found) const {
  switch (walked.last) {
    case Walked::Last::root:
    case Walked::Last::dot:
      found = walked.parent;
      return 0;
    case Walked::Last::dot_dot:
      found = walked.parent->parent;
      return 0;
    case Walked::Last::name:
      break;
  }
  if (const int error = look_up(*walked.parent, walked.name, found)) return error;
  if (!found->is_symlink() || !follows) return 0;
  return follow(*found, *walked.parent, actor, links, found);
}

int SimPaths::follow(const Inode& link, Inode& directory, const Actor& actor, unsigned& links, Inode*& found) const {
  if (links++ >= kLinksFollowedMax) return ELOOP;
  Walked walked;
  if (const int error = walk_from(&directory, link.target, actor, links, walked)) return error;
  if (const int error = finish(walked, actor, true, links, found)) return error;
  return walked.has_trailing_slash && !found->is_directory() ? ENOTDIR : 0;
}

int SimPaths::last(const Walked& walked, const Actor& actor, bool follows, Inode*& found) const {
  unsigned links = 0;
  if (const int error = finish(walked, actor, follows || walked.has_trailing_slash, links, found)) return error;
  return walked.has_trailing_slash && !found->is_directory() ? ENOTDIR : 0;
}

}  // namespace stampede
