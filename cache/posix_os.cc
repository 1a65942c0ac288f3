// The real door over POSIX system calls; Linux-only calls stand behind #ifdef __linux__.
#include "cache/posix_os.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>

#include "cache/posix_process.h"

#ifdef __linux__
#include <linux/fs.h>
#include <sys/syscall.h>
#endif

namespace modelcache {
namespace {

using std::chrono::nanoseconds;

#ifndef MSG_NOSIGNAL
constexpr int MSG_NOSIGNAL = 0;  // such systems have SO_NOSIGPIPE, set in `connect`
#endif

tl::unexpected<Errno> failed(int error) { return tl::unexpected(Errno{error}); }

OsResult<void> done(int result) {
  if (result < 0) return failed(errno);
  return {};
}

OsResult<std::size_t> counted(ssize_t result) {
  if (result < 0) return failed(errno);
  return static_cast<std::size_t>(result);
}

int raw(Fd fd) { return static_cast<int>(fd); }
int raw_directory(Fd fd) { return fd == kWorkingDirectory ? AT_FDCWD : raw(fd); }

// A name that the kernel would cut at a NUL must not reach it. Empty is refused by the kernel (ENOENT).
bool has_nul(std::string_view name) { return name.find('\0') != std::string_view::npos; }

nanoseconds since_epoch(const timespec& time) { return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec); }

nanoseconds read_clock(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) std::abort();  // both clocks are mandatory here
  return since_epoch(time);
}

FileStat stat_of(const struct stat& from) {
  FileStat to;
  if (S_ISREG(from.st_mode)) to.type = FileType::regular;
  if (S_ISDIR(from.st_mode)) to.type = FileType::directory;
  if (S_ISLNK(from.st_mode)) to.type = FileType::symlink;
  to.mode = from.st_mode & 07777U;
  to.links = from.st_nlink;
  to.size_bytes = static_cast<std::uint64_t>(from.st_size);
  to.device = from.st_dev;
  to.inode = from.st_ino;
#ifdef __APPLE__
  to.mtime = since_epoch(from.st_mtimespec);
  to.ctime = since_epoch(from.st_ctimespec);
#else
  to.mtime = since_epoch(from.st_mtim);
  to.ctime = since_epoch(from.st_ctim);
#endif
  return to;
}

// O_NONBLOCK so that opening a FIFO returns; it changes nothing for files and directories.
int flags_of(OpenMode mode) {
  constexpr int kAlways = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  switch (mode) {
    case OpenMode::read:
      return kAlways | O_NOFOLLOW | O_RDONLY;
    case OpenMode::read_write:
      return kAlways | O_NOFOLLOW | O_RDWR;
    case OpenMode::create_new:
      return kAlways | O_NOFOLLOW | O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::open_or_create:
      return kAlways | O_NOFOLLOW | O_RDWR | O_CREAT;
    case OpenMode::directory:
      return kAlways | O_NOFOLLOW | O_RDONLY | O_DIRECTORY;
    case OpenMode::root:
      return kAlways | O_RDONLY | O_DIRECTORY;
  }
  return kAlways | O_NOFOLLOW | O_RDONLY;
}

// For SO_SNDTIMEO and SO_RCVTIMEO, where zero would mean "for ever".
timeval timeout_of(nanoseconds timeout) {
  const auto rounded = std::max(std::chrono::ceil<std::chrono::microseconds>(timeout), std::chrono::microseconds(1));
  const auto seconds = std::min(std::chrono::floor<std::chrono::seconds>(rounded), std::chrono::seconds(1'000'000'000));
  timeval out{};
  out.tv_sec = static_cast<decltype(out.tv_sec)>(seconds.count());
  out.tv_usec = static_cast<decltype(out.tv_usec)>((rounded % std::chrono::seconds(1)).count());
  return out;
}

// A numeric address only; no resolver.
bool to_socket_address(const Address& from, sockaddr_storage& to, socklen_t& size) {
  to = {};
  if (sockaddr_in v4{}; ::inet_pton(AF_INET, from.ip.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(from.port);
    std::memcpy(&to, &v4, size = sizeof v4);
    return true;
  }
  if (sockaddr_in6 v6{}; ::inet_pton(AF_INET6, from.ip.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(from.port);
    std::memcpy(&to, &v6, size = sizeof v6);
    return true;
  }
  return false;
}

int errno_of_resolver(int error) {
  switch (error) {
    case EAI_NONAME:
      return ENOENT;
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA:
      return ENOENT;
#endif
    case EAI_FAIL:
      return ENOENT;
    case EAI_MEMORY:
      return ENOMEM;
    case EAI_SYSTEM:
      return errno == 0 ? EAGAIN : errno;
    default:
      return EAGAIN;
  }
}

class PosixOs final : public Os {
 public:
  // -- files ---------------------------------------------------------------------------------------------------------

  OsResult<Fd> open(Fd dir, std::string_view name, OpenMode mode) override {
    if (has_nul(name)) return failed(EINVAL);
    const int fd = ::openat(raw_directory(dir), std::string(name).c_str(), flags_of(mode), 0666);
    if (fd < 0) return failed(errno);
    return Fd{fd};
  }

  OsResult<std::size_t> read(Fd file, std::span<std::byte> into, std::uint64_t offset) override {
    return counted(::pread(raw(file), into.data(), into.size(), static_cast<off_t>(offset)));
  }

  OsResult<std::size_t> write(Fd file, std::span<const std::byte> from, std::uint64_t offset) override {
    return counted(::pwrite(raw(file), from.data(), from.size(), static_cast<off_t>(offset)));
  }

  OsResult<void> truncate(Fd file, std::uint64_t size_bytes) override {
    return done(::ftruncate(raw(file), static_cast<off_t>(size_bytes)));
  }

  OsResult<void> sync_file(Fd file) override {
#ifdef F_FULLFSYNC
    return done(::fcntl(raw(file), F_FULLFSYNC));  // where fsync only reaches the drive's cache
#else
    return done(::fsync(raw(file)));
#endif
  }

  OsResult<void> sync_directory(Fd dir) override { return done(::fsync(raw(dir))); }

  OsResult<void> rename(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to, RenameMode mode) override {
    if (has_nul(from) || has_nul(to)) return failed(EINVAL);
    const std::string old_name(from), new_name(to);
#ifdef __linux__
    // The call itself: glibc has a wrapper from 2.28 on, other C libraries have none.
    const unsigned flags = mode == RenameMode::no_replace ? RENAME_NOREPLACE : 0;
    return done(static_cast<int>(::syscall(SYS_renameat2, raw_directory(from_dir), old_name.c_str(),
                                           raw_directory(to_dir), new_name.c_str(), flags)));
#else
    if (mode == RenameMode::no_replace) return failed(EINVAL);  // Darwin would have renameatx_np(RENAME_EXCL)
    return done(::renameat(raw_directory(from_dir), old_name.c_str(), raw_directory(to_dir), new_name.c_str()));
#endif
  }

  OsResult<void> link(Fd from_dir, std::string_view from, Fd to_dir, std::string_view to) override {
    if (has_nul(from) || has_nul(to)) return failed(EINVAL);
    return done(::linkat(raw_directory(from_dir), std::string(from).c_str(), raw_directory(to_dir),
                         std::string(to).c_str(), 0));
  }

  OsResult<void> unlink(Fd dir, std::string_view name) override {
    if (has_nul(name)) return failed(EINVAL);
    return done(::unlinkat(raw_directory(dir), std::string(name).c_str(), 0));
  }

  OsResult<FileStat> stat(Fd file) override {
    struct stat from{};
    if (::fstat(raw(file), &from) != 0) return failed(errno);
    return stat_of(from);
  }

  OsResult<FileStat> stat_name(Fd dir, std::string_view name) override {
    if (has_nul(name)) return failed(EINVAL);
    struct stat from{};
    if (::fstatat(raw_directory(dir), std::string(name).c_str(), &from, AT_SYMLINK_NOFOLLOW) != 0) return failed(errno);
    return stat_of(from);
  }

  OsResult<std::vector<std::string>> list(Fd dir) override {
    // A descriptor of its own: the caller's would be left at the end.
    const int fd = ::openat(raw_directory(dir), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failed(errno);
    DIR* const stream = ::fdopendir(fd);
    if (stream == nullptr) {
      const int error = errno;
      ::close(fd);
      return failed(error);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(stream);
    if (error != 0) return failed(error);
    std::sort(names.begin(), names.end());
    return names;
  }

  OsResult<void> make_directory(Fd dir, std::string_view name) override {
    if (has_nul(name)) return failed(EINVAL);
    return done(::mkdirat(raw_directory(dir), std::string(name).c_str(), 0777));
  }

  OsResult<void> try_lock(Fd file, LockMode mode) override {
    return done(::flock(raw(file), (mode == LockMode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB));
  }

  OsResult<void> unlock(Fd file) override { return done(::flock(raw(file), LOCK_UN)); }

  OsResult<void> close(Fd fd) override {
    {
      const std::lock_guard guard(timeouts_mutex_);
      timeouts_.erase(raw(fd));
    }
    return done(::close(raw(fd)));
  }

  // -- network -------------------------------------------------------------------------------------------------------

  OsResult<std::vector<Address>> resolve(std::string_view host, std::uint16_t port) override {
    if (has_nul(host)) return failed(EINVAL);
    Address numeric{std::string(host), port};
    sockaddr_storage storage;
    socklen_t size = 0;
    if (to_socket_address(numeric, storage, size)) return std::vector{std::move(numeric)};

    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    errno = 0;
    const int error = ::getaddrinfo(numeric.ip.c_str(), nullptr, &hints, &found);
    if (error != 0) return failed(errno_of_resolver(error));
    std::vector<Address> addresses;
    for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
      char text[NI_MAXHOST];
      if (::getnameinfo(it->ai_addr, it->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
      Address address{text, port};
      if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
    }
    ::freeaddrinfo(found);
    if (addresses.empty()) return failed(ENOENT);
    return addresses;
  }

  // On Linux SO_SNDTIMEO bounds connect too (socket(7)); elsewhere the system's own limit applies.
  OsResult<Fd> connect(const Address& to, nanoseconds timeout) override {
    if (timeout <= nanoseconds::zero()) return failed(ETIMEDOUT);
    sockaddr_storage storage;
    socklen_t size = 0;
    if (!to_socket_address(to, storage, size)) return failed(EINVAL);
#ifdef SOCK_CLOEXEC
    const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
#else
    const int fd = ::socket(storage.ss_family, SOCK_STREAM, 0);
    if (fd >= 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
    if (fd < 0) return failed(errno);
    const int on = 1;
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // speed only
#ifdef SO_NOSIGPIPE
    (void)::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    int error = set_timeout(fd, SO_SNDTIMEO, timeout);
    if (error == 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&storage), size) != 0) error = errno;
    if (error == 0) return Fd{fd};
    (void)close(Fd{fd});
    const bool late = error == EINPROGRESS || error == EAGAIN || error == EWOULDBLOCK;
    return failed(late ? ETIMEDOUT : error);
  }

  OsResult<std::size_t> send(Fd connection, std::span<const std::byte> from, nanoseconds timeout) override {
    if (timeout <= nanoseconds::zero()) return failed(ETIMEDOUT);
    if (const int error = set_timeout(raw(connection), SO_SNDTIMEO, timeout); error != 0) return failed(error);
    return timed(counted(::send(raw(connection), from.data(), from.size(), MSG_NOSIGNAL)));
  }

  OsResult<std::size_t> receive(Fd connection, std::span<std::byte> into, nanoseconds timeout) override {
    if (timeout <= nanoseconds::zero()) return failed(ETIMEDOUT);
    if (const int error = set_timeout(raw(connection), SO_RCVTIMEO, timeout); error != 0) return failed(error);
    return timed(counted(::recv(raw(connection), into.data(), into.size(), 0)));
  }

  // -- time and chance -----------------------------------------------------------------------------------------------

  Instant now() override { return Instant(read_clock(CLOCK_MONOTONIC)); }
  WallTime wall_time() override { return WallTime(read_clock(CLOCK_REALTIME)); }

  OsResult<void> sleep_until(Instant until) override {
#ifdef __linux__
    const nanoseconds time = std::max(until.time_since_epoch(), nanoseconds::zero());
    timespec at{};
    at.tv_sec = static_cast<time_t>(time / std::chrono::seconds(1));
    at.tv_nsec = static_cast<long>((time % std::chrono::seconds(1)).count());
    const int error = ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
    if (error != 0) return failed(error);
    return {};
#else
    const nanoseconds left = until - now();
    if (left <= nanoseconds::zero()) return {};
    timespec span{};
    span.tv_sec = static_cast<time_t>(left / std::chrono::seconds(1));
    span.tv_nsec = static_cast<long>((left % std::chrono::seconds(1)).count());
    return done(::nanosleep(&span, nullptr));
#endif
  }

  std::uint64_t random() override {
    std::uint64_t bits = 0;
    // getentropy(3) is getrandom(2) on Linux; it cannot fail for so few bytes once the system is up.
    if (::getentropy(&bits, sizeof bits) != 0) {
      std::perror("modelcache: getentropy");
      std::abort();
    }
    return bits;
  }

  ProcessIdentity self() override { return processes_.self(); }
  Liveness liveness(const ProcessIdentity& process) override { return processes_.liveness(self(), process); }

 private:
  static OsResult<std::size_t> timed(OsResult<std::size_t> result) {
    if (!result && (result.error().value == EAGAIN || result.error().value == EWOULDBLOCK)) return failed(ETIMEDOUT);
    return result;
  }

  // Set only when it changed: a body arrives in many receives with one timeout. Returns 0 or an errno.
  int set_timeout(int fd, int option, nanoseconds timeout) {
    const std::lock_guard guard(timeouts_mutex_);
    nanoseconds& current = option == SO_RCVTIMEO ? timeouts_[fd].receive : timeouts_[fd].send;
    if (current == timeout) return 0;
    const timeval value = timeout_of(timeout);
    if (::setsockopt(fd, SOL_SOCKET, option, &value, sizeof value) != 0) {
      const int error = errno;
      timeouts_.erase(fd);
      return error;
    }
    current = timeout;
    return 0;
  }

  struct Timeouts {
    nanoseconds send{}, receive{};
  };
  std::mutex timeouts_mutex_;
  std::map<int, Timeouts> timeouts_;
  PosixProcesses processes_;
};

}  // namespace

std::unique_ptr<Os> make_posix_os() { return std::make_unique<PosixOs>(); }

}  // namespace modelcache
