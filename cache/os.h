// The door: everything that the cache does to the world goes through this interface.
//
// One method is one step: between two calls any other process may move. Each has one deciding system call, the one
// whose result is the step's result (`kDoor` in door.h); set-up calls on private descriptors (socket, setsockopt) are
// not steps. A method never retries: EINTR, short reads and short writes come back to the caller, because what happens
// between two tries is visible to others.
#ifndef MODELCACHE_OS_H
#define MODELCACHE_OS_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace modelcache {

// An errno value, as <cerrno> names it.
struct Errno {
  int value = 0;
  friend bool operator==(Errno, Errno) = default;
};

template <class T>
class [[nodiscard]] OsResult : public tl::expected<T, Errno> {
 public:
  using tl::expected<T, Errno>::expected;
};

// An open file, directory or connection. Owned by whoever opened it; `OpenFile` (open_file.h) closes it.
enum class Fd : int {};
// Where relative paths begin when there is no directory yet. Never closed.
inline constexpr Fd kWorkingDirectory{-1};

// All modes are close-on-exec. All but `root` refuse a symbolic link in the last component (ELOOP, or ENOTDIR for
// `directory`), and never block on a FIFO.
enum class OpenMode {
  read,            // an existing file, to read
  read_write,      // an existing file, to read and write; where an exclusive lock needs that (flock(2), "NFS details")
  create_new,      // a new file, to read and write; EEXIST where the name is taken; mode 0666 less the umask
  open_or_create,  // a file to read and write (lock files); mode 0666 less the umask
  directory,       // an existing directory
  root,            // an existing directory by a path the user gave: symbolic links are followed
};

enum class FileType { regular, directory, symlink, other };

struct FileStat {
  FileType type = FileType::other;
  std::uint32_t mode = 0;  // permission bits only
  std::uint64_t links = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::chrono::nanoseconds mtime{};  // since 1970
  std::chrono::nanoseconds ctime{};  // since 1970
};

enum class RenameMode {
  replace,     // renameat: the new name is replaced in one instant
  no_replace,  // renameat2(RENAME_NOREPLACE): EEXIST where the name is taken; EINVAL or ENOSYS where unsupported
};

enum class LockMode { shared, exclusive };

// A monotonic clock that only the door can read; it counts from an arbitrary start.
struct MonotonicClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using Instant = MonotonicClock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

struct Address {
  std::string ip;  // numeric, without brackets: "127.0.0.1", "::1"
  std::uint16_t port = 0;
  friend bool operator==(const Address&, const Address&) = default;
};

// Who a process is, for as long as anyone may ask. Process numbers are used again, and two containers or hosts that
// share a directory have different ones, so the number alone says nothing.
struct ProcessIdentity {
  std::uint64_t domain = 0;      // names boot and pid namespace; numbers of different domains cannot be compared
  std::uint64_t pid = 0;         // within the domain
  std::uint64_t start_time = 0;  // clock ticks since boot; 0 where the system does not tell
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

enum class Liveness { alive, dead, unknown };

// Implementations: PosixOs (posix_os.h) is the real one; laboratories bring their own.
// Thread-safe as far as the kernel's calls are: two threads may use it, on different descriptors.
//
// Names are single components unless said otherwise; they hold no NUL. Every method may also return EINTR and EIO.
// DURABLE says what survives a power loss once the method has returned OK.
class Os {
 public:
  virtual ~Os() = default;

  // -- files ---------------------------------------------------------------------------------------------------------

  // Opens `name` in `dir`; with OpenMode::root `name` may be a path. DURABLE: nothing, not even a name it created.
  // ERRORS: ENOENT, EEXIST, EACCES, EROFS, ELOOP, ENOTDIR, EISDIR, EMFILE, ENFILE, ENOSPC, ENAMETOOLONG.
  virtual OsResult<Fd> open(Fd dir, std::string_view name, OpenMode mode) = 0;

  // Reads up to `into.size()` bytes at `offset`; 0 is the end of the file. May return fewer than asked. DURABLE:
  // nothing. ERRORS: EIO, EISDIR, ESTALE.
  virtual OsResult<std::size_t> read(Fd file, std::span<std::byte> into, std::uint64_t offset) = 0;

  // Writes up to `from.size()` bytes at `offset`, extending the file. May write fewer. DURABLE: nothing.
  // ERRORS: ENOSPC, EDQUOT, EIO, EFBIG, ESTALE.
  virtual OsResult<std::size_t> write(Fd file, std::span<const std::byte> from, std::uint64_t offset) = 0;

  // Sets the size; what is cut off is gone, what is added reads as zero. DURABLE: nothing. ERRORS: EIO, ENOSPC, EFBIG.
  virtual OsResult<void> truncate(Fd file, std::uint64_t size_bytes) = 0;

  // DURABLE: the file's bytes and size; not its name. After an error the bytes written since the last success may be
  // lost although a second call succeeds (fsync(2), "errors"), so the caller must not try again. ERRORS: EIO, ENOSPC,
  // EDQUOT.
  virtual OsResult<void> sync_file(Fd file) = 0;

  // DURABLE: every name made, replaced or removed in `dir` before the call. ERRORS: as sync_file.
  virtual OsResult<void> sync_directory(Fd dir) = 0;

  // Gives `from` the name `to`, in one instant. DURABLE: nothing, until both directories are synced.
  // ERRORS: ENOENT, EEXIST, EISDIR, ENOTDIR, EXDEV, EACCES, EROFS, ENOSPC; EINVAL or ENOSYS for no_replace.
  virtual OsResult<void> rename(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to,
                                RenameMode mode) = 0;

  // A second name for the same file; never replaces. DURABLE: nothing. ERRORS: EEXIST, ENOENT, EPERM or EOPNOTSUPP
  // where the file system has no hard links, EMLINK, EXDEV, EACCES, EROFS, ENOSPC.
  virtual OsResult<void> link(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to) = 0;

  // Removes a name, not a directory. Who has the file open keeps it. DURABLE: nothing. ERRORS: ENOENT, EACCES, EROFS,
  // EISDIR.
  virtual OsResult<void> unlink(Fd dir, std::string_view name) = 0;

  // The open file, or the name itself (a symbolic link is described, not followed). ERRORS: EIO; ENOENT, ENOTDIR for
  // names.
  virtual OsResult<FileStat> stat(Fd file) = 0;
  virtual OsResult<FileStat> stat_name(Fd dir, std::string_view name) = 0;

  // The names in `dir` without "." and "..", sorted bytewise. Names made or removed meanwhile may or may not appear.
  // ERRORS: ENOTDIR, EACCES, EMFILE.
  virtual OsResult<std::vector<std::string>> list(Fd dir) = 0;

  // Mode 0777 less the umask. DURABLE: nothing. ERRORS: EEXIST, EACCES, EROFS, ENOSPC, ENOENT.
  virtual OsResult<void> make_directory(Fd dir, std::string_view name) = 0;

  // Takes or refuses, never waits. The lock belongs to the open file and dies with its last descriptor.
  // ERRORS: EWOULDBLOCK when someone else holds it; ENOLCK, EOPNOTSUPP or ENOSYS where the file system has no locks.
  virtual OsResult<void> try_lock(Fd file, LockMode mode) = 0;
  virtual OsResult<void> unlock(Fd file) = 0;

  // Ends `fd` whatever it returns: never call it again for the same open. ERRORS: EIO, ENOSPC, EDQUOT (a delayed
  // write).
  virtual OsResult<void> close(Fd fd) = 0;

  // -- network -------------------------------------------------------------------------------------------------------

  // Numeric hosts take no system call. A name asks the system's resolver, whose own time-out applies (resolv.conf(5)).
  // ERRORS: ENOENT when the name has no address; EAGAIN when the resolver could not say.
  virtual OsResult<std::vector<Address>> resolve(std::string_view host, std::uint16_t port) = 0;

  // A stream connection. ERRORS: ECONNREFUSED, ETIMEDOUT (also when `timeout` passed), ENETUNREACH, EHOSTUNREACH,
  // ECONNRESET, EMFILE, EACCES.
  virtual OsResult<Fd> connect(const Address& to, std::chrono::nanoseconds timeout) = 0;

  // Never raises SIGPIPE. May send fewer. ERRORS: EPIPE, ECONNRESET, ETIMEDOUT when `timeout` passed.
  virtual OsResult<std::size_t> send(Fd connection, std::span<const std::byte> from,
                                     std::chrono::nanoseconds timeout) = 0;

  // 0 is the orderly end. ERRORS: ECONNRESET, ETIMEDOUT when nothing came within `timeout`.
  virtual OsResult<std::size_t> receive(Fd connection, std::span<std::byte> into, std::chrono::nanoseconds timeout) = 0;

  // -- time and chance -----------------------------------------------------------------------------------------------

  virtual Instant now() = 0;
  virtual WallTime wall_time() = 0;
  // Returns at `until` or later, or with EINTR before it.
  virtual OsResult<void> sleep_until(Instant until) = 0;
  // 64 bits that no other process gets.
  virtual std::uint64_t random() = 0;
  virtual ProcessIdentity self() = 0;
  // `unknown` for a process of another domain.
  virtual Liveness liveness(const ProcessIdentity& process) = 0;
};

}  // namespace modelcache

#endif  // MODELCACHE_OS_H
