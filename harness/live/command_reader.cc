// From system calls to steps, by what their paths and descriptors lead to.
#include "harness/live/command_reader.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "harness/live/command_filter.h"
#include "harness/live/process_memory.h"

namespace stampede {
namespace {

using modelcache::LockMode;
using modelcache::OpenMode;
using modelcache::RenameMode;

constexpr std::size_t kTransferMax = std::size_t{8} << 20;
constexpr std::size_t kVectorsMax = 1024;
constexpr std::uint64_t kHere = static_cast<std::uint64_t>(AT_FDCWD);

#if defined(__x86_64__)
// The older form of a call, as the one with a directory.
void modernize(StoppedCall& call) {
  const auto a = call.arguments;
  const auto become = [&](int number, std::array<std::uint64_t, 6> arguments) {
    call.number = number;
    call.arguments = arguments;
  };
  switch (call.number) {
    case __NR_open:
      return become(__NR_openat, {kHere, a[0], a[1], a[2]});
    case __NR_creat:
      return become(__NR_openat, {kHere, a[0], O_CREAT | O_WRONLY | O_TRUNC, a[1]});
    case __NR_stat:
      return become(__NR_newfstatat, {kHere, a[0], a[1], 0});
    case __NR_lstat:
      return become(__NR_newfstatat, {kHere, a[0], a[1], AT_SYMLINK_NOFOLLOW});
    case __NR_access:
      return become(__NR_faccessat, {kHere, a[0], a[1]});
    case __NR_rename:
      return become(__NR_renameat2, {kHere, a[0], kHere, a[1], 0});
    case __NR_link:
      return become(__NR_linkat, {kHere, a[0], kHere, a[1], 0});
    case __NR_unlink:
      return become(__NR_unlinkat, {kHere, a[0], 0});
    case __NR_mkdir:
      return become(__NR_mkdirat, {kHere, a[0], a[1]});
    default:
      return;
  }
}
#else
void modernize(StoppedCall&) {}
#endif

OpenMode mode_of(std::uint64_t flags) {
  if ((flags & O_CREAT) != 0) return (flags & O_EXCL) != 0 ? OpenMode::create_new : OpenMode::open_or_create;
  if ((flags & O_DIRECTORY) != 0) return OpenMode::directory;
  return (flags & O_ACCMODE) == O_RDONLY ? OpenMode::read : OpenMode::read_write;
}

class Reader {
 public:
  Reader(CommandMachine& machine, CommandTask& task, FirstArgument& first)
      : machine_(machine), task_(task), first_(first), call_(task.normal), step_(task.step) {}

  // False where it is no step.
  bool read() {
    switch (call_.number) {
      case __NR_openat:
        return read_open();
      case __NR_openat2:
        return read_open2();
      case __NR_read:
      case __NR_readv:
      case __NR_pread64:
      case __NR_preadv:
      case __NR_preadv2:
      case __NR_recvfrom:
      case __NR_recvmsg:
        return read_transfer(StepKind::read, StepKind::receive);
      case __NR_write:
      case __NR_writev:
      case __NR_pwrite64:
      case __NR_pwritev:
      case __NR_pwritev2:
      case __NR_sendto:
      case __NR_sendmsg:
        return read_transfer(StepKind::write, StepKind::send);
      case __NR_close:
        return on_open(StepKind::close);
      case __NR_fstat:
        return on_file(StepKind::stat);
      case __NR_newfstatat:
        return read_stat(argument(3));
      case __NR_statx:
        return read_stat(argument(2));
      case __NR_faccessat:
      case __NR_faccessat2:
        return on_name(StepKind::stat_name);
      case __NR_getdents64:
        return on_file(StepKind::list) && ::lseek(first_.held().fd.get(), 0, SEEK_CUR) == 0;
      case __NR_fsync:
      case __NR_fdatasync:
      case __NR_sync_file_range:
        return on_file(StepKind::sync_file);
      case __NR_ftruncate:
        return on_file(StepKind::truncate) && sized(argument(1));
      case __NR_truncate:
        return read_truncate();
      case __NR_fallocate:
        return argument(1) == 0 && on_file(StepKind::truncate) &&
               sized(std::max<std::uint64_t>(static_cast<std::uint64_t>(first_.held().stat.st_size),
                                             argument(2) + argument(3)));
      case __NR_renameat2:
        return read_two_names(StepKind::rename);
      case __NR_linkat:
        return read_two_names(StepKind::link);
      case __NR_unlinkat:
        return argument(2) == 0 && on_name(StepKind::unlink);
      case __NR_mkdirat:
        return on_name(StepKind::make_directory);
      case __NR_flock:
        return read_flock();
      case __NR_fcntl:
        return read_record_lock();
      case __NR_connect:
        return read_connect();
      default:
        return false;
    }
  }

 private:
  [[nodiscard]] std::uint64_t argument(std::size_t i) const { return call_.arguments[i]; }

  void begin(StepKind kind) {
    step_ = {};
    step_.kind = kind;
    step_.stage = machine_.turns.stage().stage;
    step_.process = task_.process->planned;
    step_.own_step = machine_.planned_of(task_).own_steps;
    step_.program = task_.process->program;
    task_.awaits = {};
  }

  bool sized(std::uint64_t size) {
    step_.size = size;
    return true;
  }

  // A watched file or a connection that the first argument has open.
  bool on_open(StepKind kind) {
    const HeldFile& held = first_.held();
    if (!held.is_open()) return false;
    if (held.is_watched()) {
      begin(kind);
      step_.path = machine_.files.step_path(held.path);
      step_.file = machine_.disk.number(machine_.files.file_of(held));
      const bool syncs = kind == StepKind::sync_file && S_ISDIR(held.stat.st_mode);
      if (syncs) step_.kind = StepKind::sync_directory;
      return true;
    }
    const PeerConnection* const connection =
        S_ISSOCK(held.stat.st_mode) ? machine_.links.connection(held.stat.st_ino) : nullptr;
    if (connection == nullptr) return false;
    begin(kind);
    step_.connection = connection->number;
    return true;
  }
  bool on_file(StepKind kind) { return on_open(kind) && step_.connection == 0; }

  bool name_path(std::string& into, std::size_t directory, std::size_t address) {
    into = machine_.files.path_of(task_, argument(directory), argument(address));
    return !into.empty();
  }
  bool on_name(StepKind kind) {
    if (!name_path(task_.name, 0, 1) || !machine_.files.is_watched(task_.name)) return false;
    begin(kind);
    step_.path = machine_.files.step_path(task_.name);
    return true;
  }

  bool read_open() {
    if (!on_name(StepKind::open)) return false;
    step_.mode = static_cast<std::uint32_t>(mode_of(argument(2)));
    return true;
  }
  bool read_open2() {
    open_how how{};
    if (read_value(task_.thread, argument(2), how) != 0) return false;
    task_.normal.number = __NR_openat;
    task_.normal.arguments[2] = how.flags;
    task_.normal.arguments[3] = how.mode;
    return read_open();
  }

  bool read_stat(std::uint64_t flags) {
    std::string text;
    const bool is_of_open = (flags & AT_EMPTY_PATH) != 0 &&
                            (argument(1) == 0 || (read_path(task_.thread, argument(1), text) == 0 && text.empty()));
    return is_of_open ? on_file(StepKind::stat) : on_name(StepKind::stat_name);
  }

  bool read_truncate() {
    task_.name = machine_.files.path_of(task_, kHere, argument(0));
    if (!machine_.files.is_watched(task_.name)) return false;
    begin(StepKind::truncate);
    step_.path = machine_.files.step_path(task_.name);
    return sized(argument(1));
  }

  bool read_two_names(StepKind kind) {
    if (!name_path(task_.name, 0, 1) || !name_path(task_.to_name, 2, 3)) return false;
    if (!machine_.files.is_watched(task_.name) && !machine_.files.is_watched(task_.to_name)) return false;
    begin(kind);
    step_.path = machine_.files.step_path(task_.name);
    step_.to_path = machine_.files.step_path(task_.to_name);
    if (kind == StepKind::rename) {
      const bool keeps = (argument(4) & RENAME_NOREPLACE) != 0;
      step_.mode = static_cast<std::uint32_t>(keeps ? RenameMode::no_replace : RenameMode::replace);
    }
    return true;
  }

  [[nodiscard]] std::uint64_t offset() const {
    switch (call_.number) {
      case __NR_pread64:
      case __NR_pwrite64:
      case __NR_preadv:
      case __NR_pwritev:
        return argument(3);
      default:
        break;
    }
    if ((::fcntl(first_.held().fd.get(), F_GETFL) & O_APPEND) != 0 && step_.kind == StepKind::write) {
      return static_cast<std::uint64_t>(first_.held().stat.st_size);
    }
    return static_cast<std::uint64_t>(std::max<off_t>(::lseek(first_.held().fd.get(), 0, SEEK_CUR), 0));
  }

  bool read_transfer(StepKind of_file, StepKind of_connection) {
    if (!on_open(of_file)) return false;
    if (step_.connection == 0 && !S_ISREG(first_.held().stat.st_mode)) return false;
    sized(size_of(buffers_of(task_)));
    if (step_.connection == 0) {
      step_.offset = offset();
      return true;
    }
    step_.kind = of_connection;
    if (of_connection == StepKind::receive && step_.size > 0) wait_for_bytes();
    return true;
  }

  void wait_for_bytes() {
    const std::uint64_t flags = call_.number == __NR_recvfrom  ? argument(3)
                                : call_.number == __NR_recvmsg ? argument(2)
                                                               : 0;
    if ((flags & MSG_DONTWAIT) != 0 || (::fcntl(first_.held().fd.get(), F_GETFL) & O_NONBLOCK) != 0) return;
    task_.awaits.kind = CommandWait::Kind::bytes;
    task_.awaits.connection = first_.held().stat.st_ino;
    timeval limit{};
    socklen_t size = sizeof limit;
    if (::getsockopt(first_.held().fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, &size) != 0) return;
    const auto span = std::chrono::seconds(limit.tv_sec) + std::chrono::microseconds(limit.tv_usec);
    if (span > span.zero()) task_.awaits.end = later_by(machine_.turns.clock.now(), span);
  }

  void lock_step(bool is_shared, bool waits) {
    step_.kind = StepKind::try_lock;
    step_.mode = static_cast<std::uint32_t>(is_shared ? LockMode::shared : LockMode::exclusive);
    if (waits) task_.awaits.kind = CommandWait::Kind::lock;
  }
  bool read_flock() {
    if (!on_file(StepKind::unlock)) return false;
    const std::uint64_t operation = argument(1);
    if ((operation & LOCK_UN) == 0) lock_step((operation & LOCK_SH) != 0, (operation & LOCK_NB) == 0);
    return true;
  }
  // A whole file's, as far as steps tell; the kernel knows of ranges.
  bool read_record_lock() {
    struct flock lock{};
    if (!on_file(StepKind::unlock) || read_value(task_.thread, argument(2), lock) != 0) return false;
    const bool waits = argument(1) == F_SETLKW || argument(1) == F_OFD_SETLKW;
    if (lock.l_type != F_UNLCK) lock_step(lock.l_type == F_RDLCK, waits);
    return true;
  }

  bool read_connect() {
    sa_family_t family = 0;
    if (read_value(task_.thread, argument(1), family) != 0 || (family != AF_INET && family != AF_INET6)) return false;
    const HeldFile& held = first_.held();
    int type = 0;
    socklen_t size = sizeof type;
    if (!held.is_open() || ::getsockopt(held.fd.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) return false;
    if (type != SOCK_STREAM || machine_.links.connection(held.stat.st_ino) != nullptr) return false;
    if (argument(0) >= kFirstPrivateFd) machine_.trouble = too_many_descriptors(task_);
    begin(StepKind::connect);
    return true;
  }

  CommandMachine& machine_;
  CommandTask& task_;
  FirstArgument& first_;
  const StoppedCall& call_;
  Step& step_;
};

}  // namespace

std::size_t size_of(const std::vector<FarMemory>& buffers) {
  std::size_t size = 0;
  for (const FarMemory& buffer : buffers) size += buffer.size;
  return size;
}

std::vector<FarMemory> buffers_of(const CommandTask& task) {
  const auto& arguments = task.normal.arguments;
  std::uint64_t vectors = arguments[1];
  std::size_t count = arguments[2];
  switch (task.normal.number) {
    case __NR_readv:
    case __NR_writev:
    case __NR_preadv:
    case __NR_pwritev:
    case __NR_preadv2:
    case __NR_pwritev2:
      break;
    case __NR_recvmsg:
    case __NR_sendmsg: {
      msghdr message{};
      if (read_value(task.thread, arguments[1], message) != 0) return {};
      vectors = reinterpret_cast<std::uint64_t>(message.msg_iov);
      count = message.msg_iovlen;
      break;
    }
    default:
      return {{arguments[1], std::min<std::size_t>(arguments[2], kTransferMax)}};
  }
  std::vector<iovec> list(std::min(count, kVectorsMax));
  if (read_memory(task.thread, vectors, std::as_writable_bytes(std::span(list))) != 0) return {};
  std::vector<FarMemory> buffers;
  std::size_t left = kTransferMax;
  for (const iovec& vector : list) {
    const std::size_t size = std::min(left, vector.iov_len);
    if (size > 0) buffers.push_back({reinterpret_cast<std::uint64_t>(vector.iov_base), size});
    left -= size;
  }
  return buffers;
}

CommandLook look_at(CommandMachine& machine, CommandTask& task) {
  task.normal = task.call;
  modernize(task.normal);
  task.awaits = {};
  task.written = 0;
  FirstArgument first(machine.files, task);
  if (Reader(machine, task, first).read()) return CommandLook::step;
  task.awaits = {};
  CommandLook look = CommandLook::passes;
  if (wait_of(machine, task, first, look)) return look;
  return answer_at_once(machine, task, first) ? CommandLook::answered : CommandLook::passes;
}

}  // namespace stampede
