// The real door, and marks for those of its steps that no system call shows.
#ifndef STAMPEDE_LIVE_MARKED_OS_H
#define STAMPEDE_LIVE_MARKED_OS_H

#include <memory>

#include "cache/os.h"

namespace stampede {

// What the built-in cache of the live world runs on: PosixOs, unchanged. Before calls that make no system call (numeric
// hosts, time-outs of nothing, names with a NUL), it makes one of no effect that names the step; the supervisor may
// fail it. `self` and `liveness` are answered in one such call instead of ten on /proc, where identities are the
// world's in any case. Thread-safe as PosixOs is.
class MarkedOs final : public modelcache::Os {
 public:
  MarkedOs();

  template <class T>
  using OsResult = modelcache::OsResult<T>;
  using Fd = modelcache::Fd;

  OsResult<Fd> open(Fd dir, std::string_view name, modelcache::OpenMode mode) override;
  OsResult<std::size_t> read(Fd file, std::span<std::byte> into, std::uint64_t offset) override;
  OsResult<std::size_t> write(Fd file, std::span<const std::byte> from, std::uint64_t offset) override;
  OsResult<void> truncate(Fd file, std::uint64_t size_bytes) override;
  OsResult<void> sync_file(Fd file) override;
  OsResult<void> sync_directory(Fd dir) override;
  OsResult<void> rename(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to,
                        modelcache::RenameMode mode) override;
  OsResult<void> link(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to) override;
  OsResult<void> unlink(Fd dir, std::string_view name) override;
  OsResult<modelcache::FileStat> stat(Fd file) override;
  OsResult<modelcache::FileStat> stat_name(Fd dir, std::string_view name) override;
  OsResult<std::vector<std::string>> list(Fd dir) override;
  OsResult<void> make_directory(Fd dir, std::string_view name) override;
  OsResult<void> try_lock(Fd file, modelcache::LockMode mode) override;
  OsResult<void> unlock(Fd file) override;
  OsResult<void> close(Fd fd) override;
  OsResult<std::vector<modelcache::Address>> resolve(std::string_view host, std::uint16_t port) override;
  OsResult<Fd> connect(const modelcache::Address& to, std::chrono::nanoseconds timeout) override;
  OsResult<std::size_t> send(Fd connection, std::span<const std::byte> from, std::chrono::nanoseconds timeout) override;
  OsResult<std::size_t> receive(Fd connection, std::span<std::byte> into, std::chrono::nanoseconds timeout) override;
  modelcache::Instant now() override;
  modelcache::WallTime wall_time() override;
  OsResult<void> sleep_until(modelcache::Instant until) override;
  std::uint64_t random() override;
  modelcache::ProcessIdentity self() override;
  modelcache::Liveness liveness(const modelcache::ProcessIdentity& process) override;

 private:
  std::unique_ptr<modelcache::Os> os_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_MARKED_OS_H
