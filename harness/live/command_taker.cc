// Steps of executed programs: the calls themselves, made by the supervisor.
#include "harness/live/command_taker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "harness/live/command_filter.h"
#include "harness/live/process_memory.h"

namespace stampede {
namespace {

using modelcache::LockMode;

// proc(5); a program may change its own.
mode_t umask_of(const CommandTask& task) {
  std::ifstream file("/proc/" + std::to_string(task.thread) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Umask:")) return static_cast<mode_t>(std::strtoul(line.c_str() + 6, nullptr, 8));
  }
  return 022;
}

int flags_of_receive(const CommandTask& task) {
  switch (task.normal.number) {
    case __NR_recvfrom:
      return static_cast<int>(task.normal.arguments[3]);
    case __NR_recvmsg:
      return static_cast<int>(task.normal.arguments[2]);
    default:
      return 0;
  }
}

bool has_offset(int number) { return number == __NR_pread64 || number == __NR_pwrite64; }

// struct statx, with what `stat` says.
int write_statx(const CommandTask& task, const struct stat& stat) {
  struct statx to{};
  to.stx_mask = STATX_BASIC_STATS;
  to.stx_blksize = static_cast<std::uint32_t>(stat.st_blksize);
  to.stx_nlink = static_cast<std::uint32_t>(stat.st_nlink);
  to.stx_uid = stat.st_uid;
  to.stx_gid = stat.st_gid;
  to.stx_mode = static_cast<std::uint16_t>(stat.st_mode);
  to.stx_ino = stat.st_ino;
  to.stx_size = static_cast<std::uint64_t>(stat.st_size);
  to.stx_blocks = static_cast<std::uint64_t>(stat.st_blocks);
  const auto time = [](const timespec& from) {
    statx_timestamp stamp{};
    stamp.tv_sec = from.tv_sec;
    stamp.tv_nsec = static_cast<std::uint32_t>(from.tv_nsec);
    return stamp;
  };
  to.stx_atime = time(stat.st_atim);
  to.stx_mtime = time(stat.st_mtim);
  to.stx_ctime = time(stat.st_ctim);
  to.stx_dev_major = major(stat.st_dev);
  to.stx_dev_minor = minor(stat.st_dev);
  return write_value(task.thread, task.normal.arguments[4], to);
}

}  // namespace

CommandAnswer CommandTaker::take(CommandTask& task) {
  Step& step = task.step;
  CommandAnswer answer;
  opened_.reset();
  take_step(
      step, machine_.turns.fault_of(step), [&](Transfer transfer) { return effect(task, transfer, answer); },
      [&] {
        if (step.kind == StepKind::connect) step.connection = machine_.turns.network.next_number();
      });
  if (step.error != 0) answer = {CommandAnswer::Kind::error, 0, step.error};
  return answer;
}

void CommandTaker::tell(CommandTask& task, const CommandAnswer& answer) {
  CallStops& stops = machine_.stops;
  task.state = TaskState::running;
  switch (answer.kind) {
    case CommandAnswer::Kind::value:
      (void)stops.answer(task.call, answer.value);  // who died meanwhile is noticed when waited for
      return;
    case CommandAnswer::Kind::error: {
      StoppedCall closing = task.call;
      if (task.step.kind == StepKind::close) (void)stops.close_unseen(closing);  // it closes all the same
      (void)stops.refuse(task.call, answer.error);
      return;
    }
    case CommandAnswer::Kind::let_go:
      (void)stops.let_go(task.call);
      return;
    case CommandAnswer::Kind::descriptor: {
      const bool closes = (task.normal.arguments[2] & O_CLOEXEC) != 0;
      const int number = stops.answer_with_descriptor(task.call, opened_.get(), closes);
      if (number < 0) (void)stops.refuse(task.call, errno);
      if (number >= kFirstPrivateFd) machine_.trouble = too_many_descriptors(task);
      opened_.reset();
      return;
    }
  }
}

int CommandTaker::effect(CommandTask& task, Transfer transfer, CommandAnswer& answer) {
  switch (task.step.kind) {
    case StepKind::open:
      return open(task, answer);
    case StepKind::list:
      return list(task, answer);
    case StepKind::read:
      return read(task, transfer, answer);
    case StepKind::write:
      return write(task, transfer, answer);
    case StepKind::truncate:
    case StepKind::sync_file:
    case StepKind::sync_directory:
      return on_open_file(task);
    case StepKind::try_lock:
    case StepKind::unlock:
      return lock(task, answer);
    case StepKind::rename:
    case StepKind::link:
    case StepKind::unlink:
    case StepKind::make_directory:
      return names(task);
    case StepKind::stat:
    case StepKind::stat_name:
      return stat(task, answer);
    case StepKind::close:
      answer.kind = CommandAnswer::Kind::let_go;
      return 0;
    case StepKind::connect:
      return connect(task, answer);
    case StepKind::send:
      return send(task, transfer, answer);
    case StepKind::receive:
      return receive(task, transfer, answer);
    default:  // a sleep: the schedule has let time pass
      return 0;
  }
}

int CommandTaker::open(CommandTask& task, CommandAnswer& answer) {
  const auto& arguments = task.normal.arguments;
  const auto flags = static_cast<int>(arguments[2]);
  LiveFile* file = nullptr;
  const mode_t umask = (flags & O_CREAT) != 0 ? umask_of(task) : 0;
  if (const int error = machine_.disk.open(machine_.files.at(task.name), flags, static_cast<mode_t>(arguments[3]),
                                           umask, opened_, file)) {
    return error;
  }
  if ((flags & O_TRUNC) != 0) machine_.disk.changed(*file);
  task.step.file = machine_.disk.number(*file);
  answer.kind = CommandAnswer::Kind::descriptor;
  return 0;
}

// Directories of memory file systems list their names in the order of their births; others in any that stays the same.
int CommandTaker::list(CommandTask& task, CommandAnswer& answer) {
  const HeldFile held = machine_.files.hold(task, task.normal.arguments[0]);
  answer.kind = CommandAnswer::Kind::let_go;
  return held.is_open() ? machine_.disk.list(held.fd.get(), task.step.names) : EBADF;
}

int CommandTaker::gather(const CommandTask& task, std::size_t size) {
  if (buffer_.size() < size) buffer_.resize(size);
  std::size_t done = 0;
  for (const FarMemory& part : buffers_of(task)) {
    const std::size_t count = std::min(part.size, size - done);
    if (const int error = read_memory(task.thread, part.address, std::span(buffer_).subspan(done, count))) return error;
    done += count;
  }
  return 0;
}

int CommandTaker::scatter(const CommandTask& task, std::size_t size) {
  std::size_t done = 0;
  for (const FarMemory& part : buffers_of(task)) {
    const std::size_t count = std::min(part.size, size - done);
    if (const int error = write_memory(task.thread, part.address, std::span(buffer_).subspan(done, count)))
      return error;
    done += count;
  }
  return 0;
}

int CommandTaker::read(CommandTask& task, Transfer transfer, CommandAnswer& answer) {
  const HeldFile held = machine_.files.hold(task, task.normal.arguments[0]);
  const std::size_t size = moved_of(task.step.size, transfer);
  if (buffer_.size() < size) buffer_.resize(size);
  const bool is_placed = has_offset(task.normal.number) || task.normal.number == __NR_preadv;
  const ssize_t count = is_placed ? ::pread(held.fd.get(), buffer_.data(), size, static_cast<off_t>(task.step.offset))
                                  : ::read(held.fd.get(), buffer_.data(), size);
  if (count < 0) return errno;
  task.step.result = static_cast<std::uint64_t>(count);
  answer.value = count;
  return scatter(task, static_cast<std::size_t>(count));
}

int CommandTaker::write(CommandTask& task, Transfer transfer, CommandAnswer& answer) {
  const HeldFile held = machine_.files.hold(task, task.normal.arguments[0]);
  const std::size_t size = moved_of(task.step.size, transfer);
  if (const int error = gather(task, size)) return error;
  const bool is_placed = has_offset(task.normal.number) || task.normal.number == __NR_pwritev;
  const ssize_t count = is_placed ? ::pwrite(held.fd.get(), buffer_.data(), size, static_cast<off_t>(task.step.offset))
                                  : ::write(held.fd.get(), buffer_.data(), size);
  if (count < 0) return errno;
  if (count > 0) machine_.disk.changed(machine_.files.file_of(held));
  task.step.result = static_cast<std::uint64_t>(count);
  answer.value = count;
  return 0;
}

int CommandTaker::on_open_file(CommandTask& task) {
  HeldFile held;
  if (task.normal.number == __NR_truncate) {
    held.fd = OwnedFd(::open(task.name.c_str(), O_WRONLY | O_CLOEXEC));
    if (!held.is_open()) return errno;
    if (::fstat(held.fd.get(), &held.stat) != 0) return errno;
    held.path = task.name;
  } else {
    held = machine_.files.hold(task, task.normal.arguments[0]);
  }
  if (task.step.kind != StepKind::truncate) return ::fsync(held.fd.get()) == 0 ? 0 : errno;
  LiveFile& file = machine_.files.file_of(held);
  if (task.normal.number != __NR_fallocate) return machine_.disk.truncate(held.fd.get(), file, task.step.size);
  const auto& arguments = task.normal.arguments;
  const int done = ::fallocate(held.fd.get(), 0, static_cast<off_t>(arguments[2]), static_cast<off_t>(arguments[3]));
  if (done != 0) return errno;
  machine_.disk.changed(file);
  return 0;
}

// Locks of open files are taken by the supervisor on a duplicate; those of processes only they can take.
int CommandTaker::lock(CommandTask& task, CommandAnswer& answer) {
  const auto& arguments = task.normal.arguments;
  const bool is_flock = task.normal.number == __NR_flock;
  if (!is_flock && arguments[1] != F_OFD_SETLK && arguments[1] != F_OFD_SETLKW) {
    answer.kind = CommandAnswer::Kind::let_go;
    return 0;
  }
  const HeldFile held = machine_.files.hold(task, arguments[0]);
  if (is_flock) return ::flock(held.fd.get(), static_cast<int>(arguments[1]) | LOCK_NB) == 0 ? 0 : errno;
  struct flock lock{};
  if (const int error = read_value(task.thread, arguments[2], lock)) return error;
  return ::fcntl(held.fd.get(), F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

int CommandTaker::names(CommandTask& task) {
  Step& step = task.step;
  const auto& arguments = task.normal.arguments;
  const LiveAt at = machine_.files.at(task.name);
  LiveFile* file = nullptr;
  LiveFile* replaced = nullptr;
  int error = 0;
  if (step.kind == StepKind::unlink) {
    error = machine_.disk.unlink(at, file);
  } else if (step.kind == StepKind::make_directory) {
    error = machine_.disk.make_directory(at, static_cast<mode_t>(arguments[2]), umask_of(task), file);
  } else {
    const LiveAt to = machine_.files.at(task.to_name);
    // What comes from elsewhere must be known before it has a new name.
    struct stat stat{};
    const bool is_there = ::fstatat(at.base, at.path.c_str(), &stat, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_there) (void)machine_.disk.known(stat, at);
    error = step.kind == StepKind::link
                ? machine_.disk.link(at, to, file)
                : machine_.disk.rename(at, to, static_cast<unsigned>(arguments[4]), file, replaced);
  }
  if (error != 0) return error;
  if (file != nullptr) step.file = machine_.disk.number(*file);
  if (replaced != nullptr) step.replaced = machine_.disk.number(*replaced);
  return 0;
}

int CommandTaker::stat(CommandTask& task, CommandAnswer& answer) {
  Step& step = task.step;
  const auto& arguments = task.normal.arguments;
  const int number = task.normal.number;
  struct stat stat{};
  if (step.kind == StepKind::stat) {
    const HeldFile held = machine_.files.hold(task, arguments[0]);
    if (const int error = machine_.disk.stat_open(held.fd.get(), stat, machine_.files.file_of(held))) return error;
  } else {
    LiveFile* file = nullptr;
    if (const int error = machine_.disk.stat_name(machine_.files.at(task.name), stat, file)) return error;
    step.file = machine_.disk.number(*file);
  }
  step.stat = step_stat(stat);
  if (S_ISLNK(stat.st_mode) || number == __NR_faccessat || number == __NR_faccessat2) {
    answer.kind = CommandAnswer::Kind::let_go;  // where it leads, and what the process may do with it
    return 0;
  }
  if (number == __NR_statx) return write_statx(task, stat);
  return write_value(task.thread, arguments[number == __NR_fstat ? 1 : 2], stat);
}

int CommandTaker::connect(CommandTask& task, CommandAnswer& answer) {
  const HeldFile held = machine_.files.hold(task, task.normal.arguments[0]);
  sockaddr_in address{};
  if (const int error = read_value(task.thread, task.normal.arguments[1], address)) return error;
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  const ConnectionNumber number = task.step.connection = machine_.turns.network.next_number();
  const int error = machine_.links.connect(held.fd.get(), held.stat.st_ino, number, task.process->planned,
                                           {text, ntohs(address.sin_port)});
  if (error != EINPROGRESS) return error;
  answer = {CommandAnswer::Kind::value, -EINPROGRESS, 0};
  return 0;
}

int CommandTaker::send(CommandTask& task, Transfer transfer, CommandAnswer& answer) {
  const HeldFile held = machine_.files.hold(task, task.normal.arguments[0]);
  if (const int error = gather(task, task.step.size)) return error;
  std::size_t moved = 0;
  const int error = machine_.links.send(held.stat.st_ino, std::span(buffer_).first(task.step.size), transfer, moved);
  task.step.result = moved;
  answer.value = static_cast<std::int64_t>(moved);
  return error;
}

int CommandTaker::receive(CommandTask& task, Transfer transfer, CommandAnswer& answer) {
  const HeldFile held = machine_.files.hold(task, task.normal.arguments[0]);
  const std::size_t size = std::min<std::size_t>(task.step.size, kReceiveBytesMax);
  if (buffer_.size() < size) buffer_.resize(size);
  std::size_t moved = 0;
  const bool only_looks = (flags_of_receive(task) & MSG_PEEK) != 0;
  const int error = machine_.links.receive(held.stat.st_ino, held.fd.get(), std::span(buffer_).first(size), transfer,
                                           only_looks, moved);
  task.step.result = moved;
  answer.value = static_cast<std::int64_t>(moved);
  if (error != 0) return error;
  if (task.normal.number == __NR_recvmsg) {
    msghdr message{};
    if (read_value(task.thread, task.normal.arguments[1], message) != 0) return EFAULT;
    message.msg_namelen = 0;
    message.msg_controllen = 0;
    message.msg_flags = 0;
    (void)write_value(task.thread, task.normal.arguments[1], message);
  }
  return scatter(task, moved);
}

}  // namespace stampede
