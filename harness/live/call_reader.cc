// From system calls to steps of the door (cache/door.h).
#include "harness/live/call_reader.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "harness/live/process_memory.h"
#include "harness/live/set_up_calls.h"
#include "harness/world/world_identity.h"

namespace stampede {
namespace {

using modelcache::LockMode;
using modelcache::OpenMode;
using modelcache::RenameMode;
using std::chrono::nanoseconds;

// Makes a path of the cache directory relative to it.
void shorten(std::string& path) {
  if (!path.starts_with(kWorldCacheDirectory)) return;
  if (path.size() == kWorldCacheDirectory.size()) {
    path.clear();
  } else if (path[kWorldCacheDirectory.size()] == '/') {
    path.erase(0, kWorldCacheDirectory.size() + 1);
  }
}

// As posix_os.cc makes flags of modes.
OpenMode mode_of(int flags) {
  if ((flags & O_CREAT) != 0) return (flags & O_EXCL) != 0 ? OpenMode::create_new : OpenMode::open_or_create;
  if ((flags & O_DIRECTORY) != 0) return (flags & O_NOFOLLOW) != 0 ? OpenMode::directory : OpenMode::root;
  return (flags & O_ACCMODE) == O_RDONLY ? OpenMode::read : OpenMode::read_write;
}

bool is_working_directory(std::uint64_t fd) { return static_cast<int>(fd) == AT_FDCWD; }

class Reader {
 public:
  Reader(LiveMachine& machine, WatchedProcess& process, const StoppedCall& call)
      : machine_(machine), process_(process), call_(call), step_(process.step) {}

  bool read() {
    switch (call_.number) {
      case __NR_openat:
        return read_open();
      case __NR_pread64:
        return on_file(StepKind::read) && sized(2, 3);
      case __NR_pwrite64:
        return on_file(StepKind::write) && sized(2, 3);
      case __NR_ftruncate:
        return on_file(StepKind::truncate) && sized(1, -1);
      case __NR_fsync:
        return read_sync();
      case __NR_flock:
        return read_lock();
      case __NR_close:
        return on_open(StepKind::close);
      case __NR_fstat:
        return on_file(StepKind::stat);
      case __NR_newfstatat:
        return read_stat();
      case __NR_renameat2:
        return read_two_names(StepKind::rename);
      case __NR_linkat:
        return read_two_names(StepKind::link);
      case __NR_unlinkat:
        return argument(2) == 0 && read_name(StepKind::unlink, 0, 1);
      case __NR_mkdirat:
        return read_name(StepKind::make_directory, 0, 1);
      case __NR_connect:
        return read_connect();
      case __NR_sendto:
        return on_connection(StepKind::send) && sized(2, -1);
      case __NR_recvfrom:
        return read_receive();
      case __NR_clock_gettime:
        return read_clock();
      case __NR_clock_nanosleep:
        return read_sleep();
      case __NR_getrandom:
        return argument(1) == 8 && argument(2) == 0 && begin(StepKind::random);
      case __NR_getpid:
        return begin(StepKind::self);
      case kMarkCall:
        return read_mark();
      default:
        return false;
    }
  }

 private:
  [[nodiscard]] std::uint64_t argument(std::size_t i) const { return call_.arguments[i]; }

  bool begin(StepKind kind) {
    step_.kind = kind;
    step_.path.clear();
    step_.to_path.clear();
    step_.file = step_.replaced = 0;
    step_.connection = 0;
    step_.offset = step_.size = step_.result = 0;
    step_.mode = 0;
    step_.stage = machine_.turns.stage().stage;
    step_.process = process_.number;
    step_.own_step = process_.own_steps;
    step_.error = 0;
    step_.stat.reset();
    step_.names.clear();
    step_.fault = StepFault::none;
    process_.is_marked = false;
    process_.call = call_;
    return true;
  }

  void name(const LiveDescriptor& descriptor) {
    if (descriptor.connection != nullptr) {
      step_.connection = descriptor.connection->number;
    } else {
      step_.path.assign(descriptor.path);
      step_.file = machine_.disk.number(*descriptor.file);
    }
  }

  bool on_open(StepKind kind) {
    const LiveDescriptor* const descriptor = process_.descriptor(argument(0));
    if (descriptor == nullptr) return false;
    begin(kind);
    name(*descriptor);
    return true;
  }
  bool on_file(StepKind kind) {
    const LiveDescriptor* const descriptor = process_.descriptor(argument(0));
    return descriptor != nullptr && descriptor->file != nullptr && on_open(kind);
  }
  bool on_connection(StepKind kind) {
    const LiveDescriptor* const descriptor = process_.descriptor(argument(0));
    return descriptor != nullptr && descriptor->connection != nullptr && on_open(kind);
  }

  bool sized(std::size_t size, int offset) {
    step_.size = argument(size);
    if (offset >= 0) step_.offset = argument(static_cast<std::size_t>(offset));
    return true;
  }

  // The step's path from a directory and a name. False where it is not the world's.
  bool name_path(std::string& into, std::uint64_t directory, std::uint64_t address, std::string& text) {
    if (read_path(process_.pid, address, text) != 0) return false;
    if (text.starts_with('/')) {
      if (!is_world_path(text)) return false;
      into.assign(text);
    } else if (is_working_directory(directory)) {
      into.assign("/").append(text);
    } else {
      const LiveDescriptor* const descriptor = process_.descriptor(directory);
      if (descriptor == nullptr) return false;
      into.assign(descriptor->path);
      if (!into.empty() && into.back() != '/') into += '/';
      into += text;
    }
    if (into.starts_with('/')) shorten(into);
    return true;
  }

  bool read_name(StepKind kind, std::size_t directory, std::size_t address) {
    begin(kind);
    return name_path(step_.path, argument(directory), argument(address), process_.name);
  }

  bool read_open() {
    const auto flags = static_cast<int>(argument(2));
    // PosixOs::list opens the directory once more, and nobody else opens it so.
    if (LiveDescriptor* const descriptor = process_.descriptor(argument(0));
        descriptor != nullptr && (flags & O_DIRECTORY) != 0 && (flags & O_NONBLOCK) == 0) {
      if (read_path(process_.pid, argument(1), process_.name) == 0 && process_.name == ".")
        return on_file(StepKind::list);
    }
    if (!read_name(StepKind::open, 0, 1)) return false;
    step_.mode = static_cast<std::uint32_t>(mode_of(flags));
    return true;
  }

  bool read_sync() {
    const LiveDescriptor* const descriptor = process_.descriptor(argument(0));
    if (descriptor == nullptr || descriptor->file == nullptr) return false;
    return on_open(descriptor->file->is_directory ? StepKind::sync_directory : StepKind::sync_file);
  }

  bool read_lock() {
    const auto operation = static_cast<int>(argument(1));
    if (!on_file((operation & LOCK_UN) != 0 ? StepKind::unlock : StepKind::try_lock)) return false;
    if (step_.kind == StepKind::try_lock) {
      step_.mode = static_cast<std::uint32_t>((operation & LOCK_SH) != 0 ? LockMode::shared : LockMode::exclusive);
    }
    return true;
  }

  bool read_stat() {
    if ((argument(3) & AT_EMPTY_PATH) != 0) return on_file(StepKind::stat);
    return read_name(StepKind::stat_name, 0, 1);
  }

  bool read_two_names(StepKind kind) {
    begin(kind);
    if (!name_path(step_.path, argument(0), argument(1), process_.name)) return false;
    if (!name_path(step_.to_path, argument(2), argument(3), process_.to_name)) return false;
    if (kind == StepKind::rename) {
      const bool keeps = (argument(4) & RENAME_NOREPLACE) != 0;
      step_.mode = static_cast<std::uint32_t>(keeps ? RenameMode::no_replace : RenameMode::replace);
    }
    return true;
  }

  bool read_connect() {
    sa_family_t family = 0;
    if (read_value(process_.pid, argument(1), family) != 0) return false;
    return (family == AF_INET || family == AF_INET6) && begin(StepKind::connect);
  }

  bool read_receive() {
    if (!on_connection(StepKind::receive)) return false;
    sized(2, -1);
    if (step_.size == 0) return true;
    process_.wait = ScheduledProcess::Wait::bytes;
    process_.wait_connection = process_.descriptor(argument(0))->connection;
    const auto timeouts = process_.timeouts.find(static_cast<int>(argument(0)));
    const nanoseconds limit = timeouts == process_.timeouts.end() ? nanoseconds() : timeouts->second.receive;
    process_.wait_end = limit == nanoseconds() ? kNever : later_by(machine_.turns.clock.now(), limit);
    return true;
  }

  bool read_clock() {
    if (argument(0) == CLOCK_MONOTONIC) return begin(StepKind::now);
    return argument(0) == CLOCK_REALTIME && begin(StepKind::wall_time);
  }

  bool read_sleep() {
    timespec time{};
    if (argument(0) != CLOCK_MONOTONIC || read_value(process_.pid, argument(2), time) != 0) return false;
    begin(StepKind::sleep_until);
    const nanoseconds span = std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
    process_.wait = ScheduledProcess::Wait::time;
    process_.wait_end = (argument(1) & TIMER_ABSTIME) != 0 ? VirtualClock::moment_of(modelcache::Instant(span))
                                                           : later_by(machine_.turns.clock.now(), span);
    step_.until = process_.wait_end;
    return true;
  }

  bool read_mark() {
    const auto kind = static_cast<StepKind>(argument(0));
    if (kind == StepKind::send || kind == StepKind::receive) {
      begin(kind);
      if (const LiveDescriptor* const descriptor = process_.descriptor(argument(1))) name(*descriptor);
      step_.size = argument(2);
    } else {
      begin(kind);
    }
    process_.asked = {argument(1), argument(2), argument(3)};
    process_.is_marked = true;
    return true;
  }

  LiveMachine& machine_;
  WatchedProcess& process_;
  const StoppedCall& call_;
  Step& step_;
};

}  // namespace

bool present(LiveMachine& machine, WatchedProcess& process, const StoppedCall& call) {
  process.wait = ScheduledProcess::Wait::nothing;
  if (Reader(machine, process, call).read()) return true;
  answer_set_up(machine, process, call);
  return false;
}

LiveAt place_of(LiveMachine& machine, WatchedProcess& process, std::uint64_t directory, std::string path) {
  if (path.starts_with('/') || is_working_directory(directory)) return machine.disk.at_root(path);
  const LiveDescriptor* const descriptor = process.descriptor(directory);
  if (descriptor == nullptr) return {-1, nullptr, EBADF, {}};
  if (descriptor->file == nullptr || !descriptor->file->is_directory) return {-1, nullptr, ENOTDIR, {}};
  return {descriptor->here.get(), descriptor->file, 0, std::move(path)};
}

}  // namespace stampede
