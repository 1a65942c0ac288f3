// Calls on files and names as steps of the simulated world.
#include "harness/sim/sim_os.h"

#include <cstring>

#include "harness/sim/sim_world.h"

namespace stampede {
namespace {

using modelcache::Errno;
using modelcache::FileStat;
using modelcache::LockMode;
using modelcache::OpenMode;

tl::unexpected<Errno> failed(int error) { return tl::unexpected(Errno{error}); }

modelcache::OsResult<void> done(int error) {
  if (error != 0) return failed(error);
  return {};
}

// Makes a path of the cache directory relative to it.
void shorten(std::string& path) {
  if (!path.starts_with(kSimCacheDirectory)) return;
  if (path.size() == kSimCacheDirectory.size()) {
    path.clear();
  } else if (path[kSimCacheDirectory.size()] == '/') {
    path.erase(0, kSimCacheDirectory.size() + 1);
  }
}

}  // namespace

bool SimOs::begin(StepKind kind) {
  if (task_.has_died) {
    SimMachine::count_call_after_death(task_);
    return false;
  }
  Step& step = task_.step;
  step.kind = kind;
  step.path.clear();
  step.to_path.clear();
  step.file = step.replaced = 0;
  step.connection = 0;
  step.offset = step.size = step.result = 0;
  step.mode = 0;
  step.stage = machine_.stage();
  step.process = task_.number;
  step.own_step = task_.own_steps;
  step.error = 0;
  step.stat.reset();
  step.names.clear();
  step.fault = StepFault::none;
  return true;
}

void SimOs::name_file(Fd fd) {
  const SimDescriptor* const descriptor = task_.descriptor(fd);
  if (descriptor == nullptr) return;
  if (descriptor->connection != nullptr) {
    task_.step.connection = descriptor->connection->number;
  } else {
    task_.step.path.assign(descriptor->path);
    note(*descriptor->inode);
  }
}

void SimOs::name_path(std::string& into, Fd dir, std::string_view name) const {
  const SimDescriptor* const descriptor = task_.descriptor(dir);
  if (name.starts_with('/')) {
    into.assign(name);
  } else {
    into.assign(descriptor != nullptr ? std::string_view(descriptor->path) : std::string_view());
    if (dir == modelcache::kWorkingDirectory) into.assign("/");
    if (!into.empty() && into.back() != '/') into += '/';
    into += name;
  }
  if (into.starts_with('/')) shorten(into);
}

At SimOs::at(Fd dir, std::string_view name) const {
  if (dir == modelcache::kWorkingDirectory) return {machine_.disk().root(), 0, name};
  const SimDescriptor* const descriptor = task_.descriptor(dir);
  if (descriptor == nullptr) return {machine_.disk().root(), EBADF, name};
  if (descriptor->inode == nullptr || !descriptor->inode->is_directory())
    return {machine_.disk().root(), ENOTDIR, name};
  return {descriptor->inode, 0, name};
}

void SimOs::note_stat(const FileStat& stat) {
  task_.step.stat = StepStat{stat.type, stat.mode, stat.links, stat.size_bytes};
}

modelcache::OsResult<modelcache::Fd> SimOs::open(Fd dir, std::string_view name, OpenMode mode) {
  if (!begin(StepKind::open)) return failed(EIO);
  Step& step = task_.step;
  name_path(step.path, dir, name);
  step.mode = static_cast<std::uint32_t>(mode);
  Fd fd{-1};
  const int error = take([&](Transfer) {
    Inode* inode = nullptr;
    const bool has_descriptor = task_.has_descriptor_left();
    if (const int e = machine_.disk().open(at(dir, name), mode, task_.actor, has_descriptor, inode)) return e;
    SimDescriptor* descriptor = nullptr;
    fd = machine_.add_descriptor(task_, descriptor);
    descriptor->inode = inode;
    descriptor->is_writable =
        mode == OpenMode::read_write || mode == OpenMode::create_new || mode == OpenMode::open_or_create;
    descriptor->path.assign(step.path);
    ++inode->open_count;
    note(*inode);
    return 0;
  });
  if (error != 0) return failed(error);
  return fd;
}

modelcache::OsResult<std::size_t> SimOs::read(Fd file, std::span<std::byte> into, std::uint64_t offset) {
  if (!begin(StepKind::read)) return failed(EIO);
  Step& step = task_.step;
  name_file(file);
  step.offset = offset;
  step.size = into.size();
  std::size_t moved = 0;
  const int error = take([&](Transfer transfer) {
    if (offset > INT64_MAX) return EINVAL;
    const SimDescriptor* const descriptor = task_.descriptor(file);
    if (descriptor == nullptr) return EBADF;
    if (descriptor->inode == nullptr) return ESPIPE;
    const int e = machine_.disk().read(*descriptor->inode, into, offset, transfer, moved);
    step.result = moved;
    return e;
  });
  if (error != 0) return failed(error);
  return moved;
}

modelcache::OsResult<std::size_t> SimOs::write(Fd file, std::span<const std::byte> from, std::uint64_t offset) {
  if (!begin(StepKind::write)) return failed(EIO);
  Step& step = task_.step;
  name_file(file);
  step.offset = offset;
  step.size = from.size();
  std::size_t moved = 0;
  const int error = take([&](Transfer transfer) {
    if (offset > INT64_MAX) return EINVAL;
    const SimDescriptor* const descriptor = task_.descriptor(file);
    if (descriptor == nullptr) return EBADF;
    if (descriptor->inode == nullptr) return ESPIPE;
    const int e = machine_.disk().write(*descriptor->inode, descriptor->is_writable, from, offset, transfer, moved);
    step.result = moved;
    return e;
  });
  if (error != 0) return failed(error);
  return moved;
}

modelcache::OsResult<void> SimOs::truncate(Fd file, std::uint64_t size_bytes) {
  if (!begin(StepKind::truncate)) return failed(EIO);
  name_file(file);
  task_.step.size = size_bytes;
  return done(take([&](Transfer) {
    if (size_bytes > INT64_MAX) return EINVAL;
    const SimDescriptor* const descriptor = task_.descriptor(file);
    if (descriptor == nullptr) return EBADF;
    if (descriptor->inode == nullptr) return EINVAL;
    return machine_.disk().truncate(*descriptor->inode, descriptor->is_writable, size_bytes);
  }));
}

// One call, fsync: what it makes durable depends on what is open, not on the method.
modelcache::OsResult<void> SimOs::sync(StepKind kind, Fd fd) {
  if (!begin(kind)) return failed(EIO);
  name_file(fd);
  return done(take([&](Transfer) {
    const SimDescriptor* const descriptor = task_.descriptor(fd);
    if (descriptor == nullptr) return EBADF;
    return descriptor->inode == nullptr ? EINVAL : machine_.disk().sync(*descriptor->inode);
  }));
}

modelcache::OsResult<void> SimOs::sync_file(Fd file) { return sync(StepKind::sync_file, file); }
modelcache::OsResult<void> SimOs::sync_directory(Fd dir) { return sync(StepKind::sync_directory, dir); }

modelcache::OsResult<void> SimOs::rename(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to,
                                         modelcache::RenameMode mode) {
  if (!begin(StepKind::rename)) return failed(EIO);
  Step& step = task_.step;
  name_path(step.path, from_dir, from);
  name_path(step.to_path, to_dir, to);
  step.mode = static_cast<std::uint32_t>(mode);
  return done(take([&](Transfer) {
    Inode* moved = nullptr;
    Inode* replaced = nullptr;
    if (const int e = machine_.disk().rename(at(from_dir, from), at(to_dir, to), mode, task_.actor, moved, replaced)) {
      return e;
    }
    note(*moved);
    if (replaced != nullptr) step.replaced = machine_.disk().number(*replaced);
    return 0;
  }));
}

modelcache::OsResult<void> SimOs::link(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to) {
  if (!begin(StepKind::link)) return failed(EIO);
  name_path(task_.step.path, from_dir, from);
  name_path(task_.step.to_path, to_dir, to);
  return done(take([&](Transfer) {
    Inode* linked = nullptr;
    if (const int e = machine_.disk().link(at(from_dir, from), at(to_dir, to), task_.actor, linked)) return e;
    note(*linked);
    return 0;
  }));
}

modelcache::OsResult<void> SimOs::unlink(Fd dir, std::string_view name) {
  if (!begin(StepKind::unlink)) return failed(EIO);
  name_path(task_.step.path, dir, name);
  return done(take([&](Transfer) {
    Inode* removed = nullptr;
    if (const int e = machine_.disk().unlink(at(dir, name), task_.actor, removed)) return e;
    note(*removed);
    return 0;
  }));
}

modelcache::OsResult<FileStat> SimOs::stat(Fd file) {
  if (!begin(StepKind::stat)) return failed(EIO);
  name_file(file);
  FileStat stat;
  const int error = take([&](Transfer) {
    const SimDescriptor* const descriptor = task_.descriptor(file);
    if (descriptor == nullptr) return EBADF;
    if (descriptor->inode != nullptr) {
      stat = machine_.disk().stat(*descriptor->inode);
    } else {
      stat.mode = 0777;  // of a socket
      stat.links = 1;
    }
    note_stat(stat);
    return 0;
  });
  if (error != 0) return failed(error);
  return stat;
}

modelcache::OsResult<FileStat> SimOs::stat_name(Fd dir, std::string_view name) {
  if (!begin(StepKind::stat_name)) return failed(EIO);
  name_path(task_.step.path, dir, name);
  FileStat stat;
  const int error = take([&](Transfer) {
    Inode* inode = nullptr;
    if (const int e = machine_.disk().stat_name(at(dir, name), task_.actor, inode)) return e;
    note(*inode);
    stat = machine_.disk().stat(*inode);
    note_stat(stat);
    return 0;
  });
  if (error != 0) return failed(error);
  return stat;
}

modelcache::OsResult<std::vector<std::string>> SimOs::list(Fd dir) {
  if (!begin(StepKind::list)) return failed(EIO);
  Step& step = task_.step;
  name_file(dir);
  const int error = take([&](Transfer) {
    if (!task_.has_descriptor_left()) return EMFILE;  // it opens the directory once more
    Inode* listed = nullptr;
    if (const int e = machine_.disk().list(at(dir, "."), task_.actor, listed)) return e;
    for (const NameTable::Entry& entry : listed->names) step.names.push_back(entry.name);
    return 0;
  });
  if (error != 0) return failed(error);
  return step.names;
}

modelcache::OsResult<void> SimOs::make_directory(Fd dir, std::string_view name) {
  if (!begin(StepKind::make_directory)) return failed(EIO);
  name_path(task_.step.path, dir, name);
  return done(take([&](Transfer) {
    Inode* made = nullptr;
    if (const int e = machine_.disk().make_directory(at(dir, name), task_.actor, made)) return e;
    note(*made);
    return 0;
  }));
}

modelcache::OsResult<void> SimOs::try_lock(Fd file, LockMode mode) {
  if (!begin(StepKind::try_lock)) return failed(EIO);
  name_file(file);
  task_.step.mode = static_cast<std::uint32_t>(mode);
  return done(take([&](Transfer) {
    const SimDescriptor* const descriptor = task_.descriptor(file);
    if (descriptor == nullptr) return EBADF;
    if (descriptor->inode == nullptr || descriptor->inode->locks.try_lock(task_.owner(file), mode)) return 0;
    task_.refused_lock = &descriptor->inode->locks;
    task_.refused_owner = task_.owner(file);
    task_.refused_path.assign(descriptor->path);
    task_.refused_mode = mode;
    return EWOULDBLOCK;
  }));
}

modelcache::OsResult<void> SimOs::unlock(Fd file) {
  if (!begin(StepKind::unlock)) return failed(EIO);
  name_file(file);
  return done(take([&](Transfer) {
    const SimDescriptor* const descriptor = task_.descriptor(file);
    if (descriptor == nullptr) return EBADF;
    if (descriptor->inode != nullptr) descriptor->inode->locks.unlock(task_.owner(file));
    return 0;
  }));
}

modelcache::OsResult<void> SimOs::close(Fd fd) {
  if (!begin(StepKind::close)) return failed(EIO);
  name_file(fd);
  return done(take([&](Transfer) {
    SimDescriptor* const descriptor = task_.descriptor(fd);
    if (descriptor == nullptr) return EBADF;
    machine_.close(task_, *descriptor, fd);
    return 0;
  }));
}

}  // namespace stampede
