// Passes every call on to PosixOs, behind a mark, or instead of one, where the call's own steps would not tell.
#include "harness/live/marked_os.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "cache/posix_os.h"
#include "harness/live/call_stops.h"
#include "harness/plan/step.h"

namespace stampede {
namespace {

using modelcache::Errno;

// 0, or the errno with which the supervisor ends the step. Without one the kernel says ENOSYS, and it goes on.
int mark(StepKind kind, std::uint64_t first = 0, std::uint64_t second = 0, std::uint64_t third = 0) {
  const long result = ::syscall(kMarkCall, static_cast<std::uint64_t>(kind), first, second, third);
  return result == 0 || errno == ENOSYS ? 0 : errno;
}

std::uint64_t number_of(modelcache::Fd fd) { return static_cast<std::uint64_t>(static_cast<int>(fd)); }

bool is_numeric(std::string_view host) {
  in6_addr address;
  const std::string text(host);
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1 || ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_over(std::chrono::nanoseconds timeout) { return timeout <= std::chrono::nanoseconds::zero(); }

}  // namespace

MarkedOs::MarkedOs() : os_(modelcache::make_posix_os()) {}

MarkedOs::OsResult<MarkedOs::Fd> MarkedOs::open(Fd dir, std::string_view name, modelcache::OpenMode mode) {
  return os_->open(dir, name, mode);
}
MarkedOs::OsResult<std::size_t> MarkedOs::read(Fd file, std::span<std::byte> into, std::uint64_t offset) {
  return os_->read(file, into, offset);
}
MarkedOs::OsResult<std::size_t> MarkedOs::write(Fd file, std::span<const std::byte> from, std::uint64_t offset) {
  return os_->write(file, from, offset);
}
MarkedOs::OsResult<void> MarkedOs::truncate(Fd file, std::uint64_t size_bytes) {
  return os_->truncate(file, size_bytes);
}
MarkedOs::OsResult<void> MarkedOs::sync_file(Fd file) { return os_->sync_file(file); }
MarkedOs::OsResult<void> MarkedOs::sync_directory(Fd dir) { return os_->sync_directory(dir); }
MarkedOs::OsResult<void> MarkedOs::rename(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to,
                                          modelcache::RenameMode mode) {
  return os_->rename(from_dir, from, to_dir, to, mode);
}
MarkedOs::OsResult<void> MarkedOs::link(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to) {
  return os_->link(from_dir, from, to_dir, to);
}
MarkedOs::OsResult<void> MarkedOs::unlink(Fd dir, std::string_view name) { return os_->unlink(dir, name); }
MarkedOs::OsResult<modelcache::FileStat> MarkedOs::stat(Fd file) { return os_->stat(file); }
MarkedOs::OsResult<modelcache::FileStat> MarkedOs::stat_name(Fd dir, std::string_view name) {
  return os_->stat_name(dir, name);
}
MarkedOs::OsResult<std::vector<std::string>> MarkedOs::list(Fd dir) { return os_->list(dir); }
MarkedOs::OsResult<void> MarkedOs::make_directory(Fd dir, std::string_view name) {
  return os_->make_directory(dir, name);
}
MarkedOs::OsResult<void> MarkedOs::try_lock(Fd file, modelcache::LockMode mode) { return os_->try_lock(file, mode); }
MarkedOs::OsResult<void> MarkedOs::unlock(Fd file) { return os_->unlock(file); }
MarkedOs::OsResult<void> MarkedOs::close(Fd fd) { return os_->close(fd); }

MarkedOs::OsResult<std::vector<modelcache::Address>> MarkedOs::resolve(std::string_view host, std::uint16_t port) {
  if (const int error = mark(StepKind::resolve, is_numeric(host))) return tl::unexpected(Errno{error});
  return os_->resolve(host, port);
}

MarkedOs::OsResult<MarkedOs::Fd> MarkedOs::connect(const modelcache::Address& to, std::chrono::nanoseconds timeout) {
  if (is_over(timeout)) {
    if (const int error = mark(StepKind::connect)) return tl::unexpected(Errno{error});
  }
  return os_->connect(to, timeout);
}

MarkedOs::OsResult<std::size_t> MarkedOs::send(Fd connection, std::span<const std::byte> from,
                                               std::chrono::nanoseconds timeout) {
  if (is_over(timeout)) {
    if (const int error = mark(StepKind::send, number_of(connection), from.size())) return tl::unexpected(Errno{error});
  }
  return os_->send(connection, from, timeout);
}

MarkedOs::OsResult<std::size_t> MarkedOs::receive(Fd connection, std::span<std::byte> into,
                                                  std::chrono::nanoseconds timeout) {
  if (is_over(timeout)) {
    if (const int error = mark(StepKind::receive, number_of(connection), into.size()))
      return tl::unexpected(Errno{error});
  }
  return os_->receive(connection, into, timeout);
}

modelcache::Instant MarkedOs::now() { return os_->now(); }
modelcache::WallTime MarkedOs::wall_time() { return os_->wall_time(); }
MarkedOs::OsResult<void> MarkedOs::sleep_until(modelcache::Instant until) { return os_->sleep_until(until); }
std::uint64_t MarkedOs::random() { return os_->random(); }

// The supervisor writes it there.
modelcache::ProcessIdentity MarkedOs::self() {
  modelcache::ProcessIdentity identity;
  const auto place = reinterpret_cast<std::uintptr_t>(&identity);
  return ::syscall(kMarkCall, static_cast<std::uint64_t>(StepKind::self), place) == 0 ? identity : os_->self();
}

modelcache::Liveness MarkedOs::liveness(const modelcache::ProcessIdentity& process) {
  const long result = ::syscall(kMarkCall, static_cast<std::uint64_t>(StepKind::liveness), process.domain, process.pid,
                                process.start_time);
  return result >= 0 ? static_cast<modelcache::Liveness>(result) : os_->liveness(process);
}

}  // namespace stampede
