// Steps on files and names, and what all steps go through.
#include "harness/live/step_taker.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "harness/live/call_reader.h"
#include "harness/live/process_memory.h"

namespace stampede {
namespace {

using modelcache::LockMode;

// No plan's file is larger; a process that asks for more at a time gets less.
constexpr std::size_t kTransferMax = std::size_t{8} << 20;

}  // namespace

void StepTaker::take(WatchedProcess& process, StepAnswer& answer) {
  Step& step = process.step;
  answer = {};
  opened_.reset();
  take_step(
      step, machine_.turns.fault_of(step), [&](Transfer transfer) { return effect(process, transfer, answer); },
      [&] {  // a close closes, and a connect counts as a try
        if (step.kind == StepKind::close) machine_.close(process, static_cast<int>(process.call.arguments[0]));
        if (step.kind == StepKind::connect) step.connection = machine_.turns.network.next_number();
      });
  if (step.error != 0) answer = {StepAnswer::Kind::error, 0, step.error, -1};
}

Trouble StepTaker::tell(WatchedProcess& process, const StepAnswer& answer) {
  CallStops& stops = machine_.stops;
  process.is_running = true;
  switch (answer.kind) {
    case StepAnswer::Kind::value:
      (void)stops.answer(process.call, answer.value);  // who died meanwhile is noticed when waited for
      return nullptr;
    case StepAnswer::Kind::error:
      if (process.step.kind == StepKind::close && !stops.close_unseen(process.call)) {
        return "a descriptor of the process could not be closed";
      }
      (void)stops.refuse(process.call, answer.error);
      return nullptr;
    case StepAnswer::Kind::let_go:
      (void)stops.let_go(process.call);
      return nullptr;
    case StepAnswer::Kind::descriptor:
      break;
  }
  const int fd = stops.answer_with_descriptor(process.call, answer.fd);
  if (fd < 0) return "a descriptor could not be given to the process";
  if (process.step.kind != StepKind::open) return nullptr;
  LiveDescriptor& added = process.add_descriptor(fd);
  added.file = opened_file_;
  added.here = std::move(opened_);
  added.path.assign(process.step.path);
  return nullptr;
}

void StepTaker::forget(WatchedProcess& process) {
  if (process.step.kind != StepKind::open || process.step.error != 0) return;
  opened_.reset();
  --process.open_count;
  --machine_.open_descriptors;
  machine_.disk.close(*opened_file_);
}

int StepTaker::effect(WatchedProcess& process, Transfer transfer, StepAnswer& answer) {
  if (process.is_marked) return marked(process, answer);
  switch (process.step.kind) {
    case StepKind::open:
      return open(process, answer);
    case StepKind::list:
      return list(process, answer);
    case StepKind::read:
      return read(process, transfer, answer);
    case StepKind::write:
      return write(process, transfer, answer);
    case StepKind::truncate:
    case StepKind::sync_file:
    case StepKind::sync_directory:
      return on_open_file(process);
    case StepKind::try_lock:
    case StepKind::unlock:
      return lock(process);
    case StepKind::rename:
    case StepKind::link:
    case StepKind::unlink:
    case StepKind::make_directory:
      return names(process);
    case StepKind::stat:
    case StepKind::stat_name:
      return stat(process);
    case StepKind::close:
      machine_.close(process, static_cast<int>(process.call.arguments[0]));
      answer.kind = StepAnswer::Kind::let_go;
      return 0;
    case StepKind::connect:
      return connect(process);
    case StepKind::send:
      return send(process, transfer, answer);
    case StepKind::receive:
      return receive(process, transfer, answer);
    case StepKind::now:
    case StepKind::wall_time:
    case StepKind::sleep_until:
      return time(process);
    default:
      return chance(process, answer);
  }
}

int StepTaker::open(WatchedProcess& process, StepAnswer& answer) {
  if (!process.has_descriptor_left()) return EMFILE;
  const auto& arguments = process.call.arguments;
  const LiveAt at = place_of(machine_, process, arguments[0], process.name);
  const auto mode = static_cast<mode_t>(arguments[3]);
  if (const int error =
          machine_.disk.open(at, static_cast<int>(arguments[2]), mode, process.umask, opened_, opened_file_)) {
    return error;
  }
  process.step.file = machine_.disk.number(*opened_file_);
  machine_.count_open(process);
  answer.kind = StepAnswer::Kind::descriptor;
  answer.fd = opened_.get();
  return 0;
}

// What the process reads of it itself, before anybody else moves, are the same names.
int StepTaker::list(WatchedProcess& process, StepAnswer& answer) {
  if (!process.has_descriptor_left()) return EMFILE;
  const LiveDescriptor& directory = *process.descriptor(process.call.arguments[0]);
  opened_ = OwnedFd(::openat(directory.here.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened_.is_open()) return errno;
  if (const int error = machine_.disk.list(directory.here.get(), process.step.names)) return error;
  answer.kind = StepAnswer::Kind::descriptor;
  answer.fd = opened_.get();
  return 0;
}

int StepTaker::read(WatchedProcess& process, Transfer transfer, StepAnswer& answer) {
  const LiveDescriptor& file = *process.descriptor(process.call.arguments[0]);
  const std::size_t asked = std::min<std::uint64_t>(process.step.size, kTransferMax);
  if (buffer_.size() < asked) buffer_.resize(asked);
  const ssize_t count = ::pread(file.here.get(), buffer_.data(), asked, static_cast<off_t>(process.step.offset));
  if (count < 0) return errno;
  const std::size_t moved = moved_of(static_cast<std::size_t>(count), transfer);
  if (const int error = write_memory(process.pid, process.call.arguments[1], std::span(buffer_).first(moved))) {
    return error;
  }
  process.step.result = moved;
  answer.value = static_cast<std::int64_t>(moved);
  return 0;
}

int StepTaker::write(WatchedProcess& process, Transfer transfer, StepAnswer& answer) {
  const LiveDescriptor& file = *process.descriptor(process.call.arguments[0]);
  const std::size_t size = moved_of(std::min<std::uint64_t>(process.step.size, kTransferMax), transfer);
  if (buffer_.size() < size) buffer_.resize(size);
  const auto bytes = std::span(buffer_).first(size);
  if (const int error = read_memory(process.pid, process.call.arguments[1], bytes)) return error;
  std::size_t moved = 0;
  if (const int error = machine_.disk.write(file.here.get(), *file.file, bytes, process.step.offset, moved)) {
    return error;
  }
  process.step.result = moved;
  answer.value = static_cast<std::int64_t>(moved);
  return 0;
}

int StepTaker::on_open_file(WatchedProcess& process) {
  const LiveDescriptor& file = *process.descriptor(process.call.arguments[0]);
  if (process.step.kind == StepKind::truncate) {
    return machine_.disk.truncate(file.here.get(), *file.file, process.step.size);
  }
  return ::fsync(file.here.get()) == 0 ? 0 : errno;
}

// The world's table says what the kernel will, so that nothing is ever probed; a difference would show as an error
// here.
int StepTaker::lock(WatchedProcess& process) {
  const std::uint64_t fd = process.call.arguments[0];
  const LiveDescriptor& descriptor = *process.descriptor(fd);
  FileLocks& locks = descriptor.file->locks;
  if (process.step.kind == StepKind::unlock) {
    locks.unlock(process.owner(fd));
    return ::flock(descriptor.here.get(), LOCK_UN) == 0 ? 0 : errno;
  }
  const auto mode = static_cast<LockMode>(process.step.mode);
  const bool is_ours = locks.try_lock(process.owner(fd), mode);
  const int operation = (mode == LockMode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  const int error = ::flock(descriptor.here.get(), operation) == 0 ? 0 : errno;
  if (!is_ours && error == EWOULDBLOCK) {
    process.refused_lock = &locks;
    process.refused_owner = process.owner(fd);
    process.refused_mode = mode;
    process.refused_path = descriptor.path;
  }
  return error;
}

int StepTaker::names(WatchedProcess& process) {
  Step& step = process.step;
  const auto& arguments = process.call.arguments;
  const LiveAt at = place_of(machine_, process, arguments[0], process.name);
  LiveFile* file = nullptr;
  LiveFile* replaced = nullptr;
  int error = 0;
  if (step.kind == StepKind::unlink) {
    error = machine_.disk.unlink(at, file);
  } else if (step.kind == StepKind::make_directory) {
    error = machine_.disk.make_directory(at, static_cast<mode_t>(arguments[2]), process.umask, file);
  } else {
    const LiveAt to = place_of(machine_, process, arguments[2], process.to_name);
    error = step.kind == StepKind::link
                ? machine_.disk.link(at, to, file)
                : machine_.disk.rename(at, to, static_cast<unsigned>(arguments[4]), file, replaced);
  }
  if (error != 0) return error;
  if (file != nullptr) step.file = machine_.disk.number(*file);
  if (replaced != nullptr) step.replaced = machine_.disk.number(*replaced);
  return 0;
}

int StepTaker::stat(WatchedProcess& process) {
  Step& step = process.step;
  const auto& arguments = process.call.arguments;
  struct stat stat{};
  std::uint64_t into = arguments[1];
  if (step.kind == StepKind::stat) {
    if (process.call.number != __NR_fstat) into = arguments[2];
    const LiveDescriptor& file = *process.descriptor(arguments[0]);
    if (const int error = machine_.disk.stat_open(file.here.get(), stat, *file.file)) return error;
  } else {
    into = arguments[2];
    const LiveAt at = place_of(machine_, process, arguments[0], process.name);
    LiveFile* file = nullptr;
    if (const int error = machine_.disk.stat_name(at, stat, file)) {
      return error;
    }
    step.file = machine_.disk.number(*file);
  }
  if (const int error = write_value(process.pid, into, stat)) return error;
  step.stat = step_stat(stat);
  return 0;
}

}  // namespace stampede
