// Makes interrupted calls again, until the caller has asked to stop.
#include "cache/patient_os.h"

#include <cerrno>

namespace modelcache {
namespace {

template <class Call>
auto until_done(const Call& call) {
  auto result = call();
  while (!result && result.error() == Errno{EINTR}) result = call();
  return result;
}

template <class Call>
auto until_done_or_cancelled(const std::function<bool()>& cancelled, const Call& call) -> decltype(call()) {
  for (;;) {
    if (cancelled()) return tl::unexpected(Errno{ECANCELED});
    auto result = call();
    if (result || result.error() != Errno{EINTR}) return result;
  }
}

}  // namespace

OsResult<Fd> PatientOs::open(Fd dir, std::string_view name, OpenMode mode) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.open(dir, name, mode); });
}
OsResult<std::size_t> PatientOs::read(Fd file, std::span<std::byte> into, std::uint64_t offset) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.read(file, into, offset); });
}
OsResult<std::size_t> PatientOs::write(Fd file, std::span<const std::byte> from, std::uint64_t offset) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.write(file, from, offset); });
}
OsResult<void> PatientOs::truncate(Fd file, std::uint64_t size_bytes) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.truncate(file, size_bytes); });
}
OsResult<void> PatientOs::sync_file(Fd file) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.sync_file(file); });
}
OsResult<void> PatientOs::sync_directory(Fd dir) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.sync_directory(dir); });
}
OsResult<void> PatientOs::rename(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to, RenameMode mode) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.rename(from_dir, from, to_dir, to, mode); });
}
OsResult<void> PatientOs::link(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.link(from_dir, from, to_dir, to); });
}
OsResult<void> PatientOs::unlink(Fd dir, std::string_view name) {
  return until_done([&] { return os_.unlink(dir, name); });
}
OsResult<FileStat> PatientOs::stat(Fd file) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.stat(file); });
}
OsResult<FileStat> PatientOs::stat_name(Fd dir, std::string_view name) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.stat_name(dir, name); });
}
OsResult<std::vector<std::string>> PatientOs::list(Fd dir) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.list(dir); });
}
OsResult<void> PatientOs::make_directory(Fd dir, std::string_view name) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.make_directory(dir, name); });
}
OsResult<void> PatientOs::try_lock(Fd file, LockMode mode) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.try_lock(file, mode); });
}
OsResult<void> PatientOs::unlock(Fd file) {
  return until_done([&] { return os_.unlock(file); });
}
OsResult<void> PatientOs::close(Fd fd) { return os_.close(fd); }
OsResult<std::vector<Address>> PatientOs::resolve(std::string_view host, std::uint16_t port) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.resolve(host, port); });
}
OsResult<Fd> PatientOs::connect(const Address& to, std::chrono::nanoseconds timeout) {
  return os_.connect(to, timeout);
}
OsResult<std::size_t> PatientOs::send(Fd connection, std::span<const std::byte> from,
                                      std::chrono::nanoseconds timeout) {
  return os_.send(connection, from, timeout);
}
OsResult<std::size_t> PatientOs::receive(Fd connection, std::span<std::byte> into, std::chrono::nanoseconds timeout) {
  return os_.receive(connection, into, timeout);
}
Instant PatientOs::now() { return os_.now(); }
WallTime PatientOs::wall_time() { return os_.wall_time(); }
OsResult<void> PatientOs::sleep_until(Instant until) {
  return until_done_or_cancelled(cancelled_, [&] { return os_.sleep_until(until); });
}
std::uint64_t PatientOs::random() { return os_.random(); }
ProcessIdentity PatientOs::self() { return os_.self(); }
Liveness PatientOs::liveness(const ProcessIdentity& process) { return os_.liveness(process); }

}  // namespace modelcache
