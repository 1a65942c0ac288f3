// Calls on names, each with its checks in the order of the kernel's fs/namei.c.
#include <cerrno>

#include "harness/sim/sim_disk.h"

namespace stampede {
namespace {

using modelcache::FileType;
using modelcache::OpenMode;
using modelcache::RenameMode;

constexpr unsigned kRead = static_cast<unsigned>(Permission::read);
constexpr unsigned kWrite = static_cast<unsigned>(Permission::write);

bool writes(OpenMode mode) {
  return mode == OpenMode::read_write || mode == OpenMode::create_new || mode == OpenMode::open_or_create;
}

// Refused by the door itself, before any other name is looked at.
bool has_nul(std::string_view name) { return name.find('\0') != std::string_view::npos; }

// The directory through which one comes from `ancestor` down to `directory`; null where it is not above it.
Inode* child_towards(const Inode& ancestor, Inode& directory) {
  for (Inode* at = &directory; at->parent != at; at = at->parent) {
    if (at->parent == &ancestor) return at;
  }
  return nullptr;
}

}  // namespace

// -- effects ---------------------------------------------------------------------------------------------------------

void SimDisk::touch_names(Inode& directory) {
  directory.mtime = directory.ctime = wall_time_;
  directory.names_changed = true;
}

void SimDisk::add_name(Inode& directory, std::string_view name, Inode& inode) {
  directory.names.set(name, &inode);
  touch_names(directory);
}

void SimDisk::drop_name(Inode& directory, std::string_view name, Inode& inode) {
  directory.names.erase(name);
  touch_names(directory);
  inode.ctime = wall_time_;
  if (inode.links > 0) --inode.links;
  notice_gone(inode);
}

Inode* SimDisk::add_directory(Inode& parent, std::string_view name, std::uint32_t mode, std::uint32_t user) {
  Inode* const made = make(FileType::directory, mode, user);
  made->parent = &parent;
  add_name(parent, name, *made);
  ++parent.links;
  return made;
}

// -- what is allowed -------------------------------------------------------------------------------------------------

int SimDisk::may_create(const Inode& directory, const Actor& actor) const {
  if (directory.is_removed) return ENOENT;
  return paths_.permitted(directory, Permission::write | Permission::execute, actor);
}

int SimDisk::may_delete(const Inode& directory, const Inode& victim, bool as_directory, const Actor& actor) const {
  if (const int error = paths_.permitted(directory, Permission::write | Permission::execute, actor)) return error;
  if (as_directory) return victim.is_directory() ? 0 : ENOTDIR;
  return victim.is_directory() ? EISDIR : 0;
}

// -- calls -----------------------------------------------------------------------------------------------------------

int SimDisk::open(const At& at, OpenMode mode, const Actor& actor, bool has_descriptor, Inode*& opened) {
  if (const int error = SimPaths::check_text(at.path)) return error;
  if (!has_descriptor) return EMFILE;
  Walked walked;
  if (const int error = paths_.walk(at, actor, walked)) return error;
  const bool creates = mode == OpenMode::create_new || mode == OpenMode::open_or_create;
  if (creates && walked.last == Walked::Last::name) {
    if (walked.has_trailing_slash) return EISDIR;
    const int found = SimPaths::look_up(*walked.parent, walked.name, opened);
    if (found == ENOENT && !walked.parent->is_removed) {
      if (paths_.is_read_only()) return EROFS;
      if (const int error = may_create(*walked.parent, actor)) return error;
      opened = make(FileType::regular, 0666 & ~actor.umask, actor.user);
      add_name(*walked.parent, walked.name, *opened);
      return 0;
    }
    if (found != 0) return found;
  } else if (const int error = paths_.last(walked, actor, mode == OpenMode::root, opened)) {
    return error;
  }
  if (mode == OpenMode::create_new) return EEXIST;
  if (creates && opened->is_directory()) return EISDIR;
  const bool wants_directory = mode == OpenMode::directory || mode == OpenMode::root;
  if (wants_directory && !opened->is_directory()) return ENOTDIR;
  if (opened->is_symlink()) return ELOOP;
  if (opened->is_directory() && writes(mode)) return EISDIR;
  return paths_.permitted(*opened, writes(mode) ? kRead | kWrite : kRead, actor);
}

int SimDisk::list(const At& directory, const Actor& actor, Inode*& listed) {
  Walked walked;
  if (const int error = paths_.walk(directory, actor, walked)) return error;
  if (const int error = paths_.last(walked, actor, false, listed)) return error;
  return paths_.permitted(*listed, kRead, actor);
}

int SimDisk::stat_name(const At& at, const Actor& actor, Inode*& found) {
  if (const int error = SimPaths::check_text(at.path)) return error;
  Walked walked;
  if (const int error = paths_.walk(at, actor, walked)) return error;
  return paths_.last(walked, actor, false, found);
}

int SimDisk::make_directory(const At& at, const Actor& actor, Inode*& made) {
  if (const int error = SimPaths::check_text(at.path)) return error;
  Walked walked;
  if (const int error = paths_.walk(at, actor, walked)) return error;
  if (walked.last != Walked::Last::name) return EEXIST;
  Inode* taken = nullptr;
  const int found = SimPaths::look_up(*walked.parent, walked.name, taken);
  if (found == 0) return EEXIST;
  if (found != ENOENT || walked.parent->is_removed) return found;
  if (paths_.is_read_only()) return EROFS;
  if (const int error = may_create(*walked.parent, actor)) return error;
  made = add_directory(*walked.parent, walked.name, 0777 & ~actor.umask, actor.user);
  return 0;
}

int SimDisk::link(const At& from, const At& to, const Actor& actor, Inode*& linked) {
  if (has_nul(from.path) || has_nul(to.path)) return EINVAL;
  if (const int error = SimPaths::check_text(from.path)) return error;
  Walked walked;
  if (const int error = paths_.walk(from, actor, walked)) return error;
  if (const int error = paths_.last(walked, actor, false, linked)) return error;
  if (const int error = SimPaths::check_text(to.path)) return error;
  if (const int error = paths_.walk(to, actor, walked)) return error;
  if (walked.last != Walked::Last::name) return EEXIST;
  Inode* taken = nullptr;
  const int found = SimPaths::look_up(*walked.parent, walked.name, taken);
  if (found == 0) return EEXIST;
  if (found != ENOENT || walked.parent->is_removed || walked.has_trailing_slash) return found;
  if (paths_.is_read_only()) return EROFS;
  // Distributions set fs.protected_hardlinks: what one does not own one must be able to read and write.
  if (actor.user != 0 && actor.user != linked->user &&
      (!linked->is_regular() || paths_.permitted(*linked, kRead | kWrite, actor) != 0)) {
    return EPERM;
  }
  if (const int error = may_create(*walked.parent, actor)) return error;
  if (linked->is_directory()) return EPERM;
  ++linked->links;
  linked->ctime = wall_time_;
  add_name(*walked.parent, walked.name, *linked);
  return 0;
}

int SimDisk::unlink(const At& at, const Actor& actor, Inode*& removed) {
  if (const int error = SimPaths::check_text(at.path)) return error;
  Walked walked;
  if (const int error = paths_.walk(at, actor, walked)) return error;
  if (walked.last != Walked::Last::name) return EISDIR;
  if (paths_.is_read_only()) return EROFS;
  if (const int error = SimPaths::look_up(*walked.parent, walked.name, removed)) return error;
  if (walked.has_trailing_slash) return removed->is_directory() ? EISDIR : ENOTDIR;
  if (const int error = may_delete(*walked.parent, *removed, false, actor)) return error;
  drop_name(*walked.parent, walked.name, *removed);
  return 0;
}

int SimDisk::check_rename(const Walked& from, const Walked& to, Inode& source, Inode* target,
                          const Actor& actor) const {
  if (!source.is_directory() && (from.has_trailing_slash || to.has_trailing_slash)) return ENOTDIR;
  if (from.parent != to.parent) {
    if (child_towards(*from.parent, *to.parent) == &source) return EINVAL;
    if (target != nullptr && child_towards(*to.parent, *from.parent) == target) return ENOTEMPTY;
  }
  if (target == &source) return 0;
  if (const int error = may_delete(*from.parent, source, source.is_directory(), actor)) return error;
  if (target == nullptr) {
    if (const int error = may_create(*to.parent, actor)) return error;
  } else if (const int error = may_delete(*to.parent, *target, source.is_directory(), actor)) {
    return error;
  }
  if (from.parent != to.parent && source.is_directory()) {  // its ".." changes
    if (const int error = paths_.permitted(source, kWrite, actor)) return error;
  }
  return target != nullptr && target->is_directory() && target->names.size() > 0 ? ENOTEMPTY : 0;
}

int SimDisk::rename(const At& from_at, const At& to_at, RenameMode mode, const Actor& actor, Inode*& moved,
                    Inode*& replaced) {
  if (has_nul(from_at.path) || has_nul(to_at.path)) return EINVAL;
  Walked from, to;
  if (const int error = SimPaths::check_text(from_at.path)) return error;
  if (const int error = paths_.walk(from_at, actor, from)) return error;
  if (const int error = SimPaths::check_text(to_at.path)) return error;
  if (const int error = paths_.walk(to_at, actor, to)) return error;
  if (from.last != Walked::Last::name) return EBUSY;
  if (to.last != Walked::Last::name) return mode == RenameMode::no_replace ? EEXIST : EBUSY;
  if (paths_.is_read_only()) return EROFS;
  if (const int error = SimPaths::look_up(*from.parent, from.name, moved)) return error;
  Inode* target = nullptr;
  const int found = SimPaths::look_up(*to.parent, to.name, target);
  if (found != 0 && (found != ENOENT || to.parent->is_removed)) return found;
  if (found == 0 && mode == RenameMode::no_replace) return EEXIST;
  if (const int error = check_rename(from, to, *moved, target, actor)) return error;
  replaced = nullptr;
  if (target == moved) return 0;  // two names of one file: nothing happens (rename(2))
  replaced = target;
  if (target != nullptr) {
    drop_name(*to.parent, to.name, *target);
    if (target->is_directory()) {
      target->links = 0;
      target->is_removed = true;
      --to.parent->links;
    }
  }
  from.parent->names.erase(from.name);
  touch_names(*from.parent);
  add_name(*to.parent, to.name, *moved);
  moved->ctime = wall_time_;
  if (moved->is_directory()) {
    moved->parent = to.parent;
    --from.parent->links;
    ++to.parent->links;
  }
  return 0;
}

}  // namespace stampede
