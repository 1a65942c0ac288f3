// A door that tries again after EINTR, until the caller has asked to stop.
#ifndef MODELCACHE_PATIENT_OS_H
#define MODELCACHE_PATIENT_OS_H

#include <functional>

#include "cache/os.h"

namespace modelcache {

// Passes every call on to another Os, which must outlive it. A call that was interrupted by a signal is made again,
// each time a step of its own; once `cancelled` returns true, calls fail with ECANCELED instead of being made. `close`,
// `unlock`, `unlink` and the clocks are always made, so that what was begun can be cleaned up; `close` is never made
// twice, since the descriptor is gone whatever it returned (close(2), Linux notes). Threads: as the Os behind it;
// `cancelled` must allow for the same.
class PatientOs final : public Os {
 public:
  PatientOs(Os& os, std::function<bool()> cancelled) : os_(os), cancelled_(std::move(cancelled)) {}

  OsResult<Fd> open(Fd dir, std::string_view name, OpenMode mode) override;
  OsResult<std::size_t> read(Fd file, std::span<std::byte> into, std::uint64_t offset) override;
  OsResult<std::size_t> write(Fd file, std::span<const std::byte> from, std::uint64_t offset) override;
  OsResult<void> truncate(Fd file, std::uint64_t size_bytes) override;
  OsResult<void> sync_file(Fd file) override;
  OsResult<void> sync_directory(Fd dir) override;
  OsResult<void> rename(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to, RenameMode mode) override;
  OsResult<void> link(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to) override;
  OsResult<void> unlink(Fd dir, std::string_view name) override;
  OsResult<FileStat> stat(Fd file) override;
  OsResult<FileStat> stat_name(Fd dir, std::string_view name) override;
  OsResult<std::vector<std::string>> list(Fd dir) override;
  OsResult<void> make_directory(Fd dir, std::string_view name) override;
  OsResult<void> try_lock(Fd file, LockMode mode) override;
  OsResult<void> unlock(Fd file) override;
  OsResult<void> close(Fd fd) override;
  OsResult<std::vector<Address>> resolve(std::string_view host, std::uint16_t port) override;
  OsResult<Fd> connect(const Address& to, std::chrono::nanoseconds timeout) override;
  OsResult<std::size_t> send(Fd connection, std::span<const std::byte> from, std::chrono::nanoseconds timeout) override;
  OsResult<std::size_t> receive(Fd connection, std::span<std::byte> into, std::chrono::nanoseconds timeout) override;
  Instant now() override;
  WallTime wall_time() override;
  OsResult<void> sleep_until(Instant until) override;
  std::uint64_t random() override;
  ProcessIdentity self() override;
  Liveness liveness(const ProcessIdentity& process) override;

 private:
  Os& os_;
  std::function<bool()> cancelled_;
};

}  // namespace modelcache

#endif  // MODELCACHE_PATIENT_OS_H
