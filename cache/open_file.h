// An open descriptor with one owner, closed through the door at the end of its scope.
#ifndef MODELCACHE_OPEN_FILE_H
#define MODELCACHE_OPEN_FILE_H

#include <utility>

#include "cache/os.h"

namespace modelcache {

// Owns one descriptor of `os`, which must outlive it. Who must know whether closing failed (after a write) calls
// `close`; the destructor closes and drops the result, which is right only for what was merely read or is being thrown
// away.
class OpenFile {
 public:
  OpenFile() = default;
  OpenFile(Os& os, Fd fd) : os_(&os), fd_(fd) {}
  OpenFile(OpenFile&& other) noexcept : os_(std::exchange(other.os_, nullptr)), fd_(other.fd_) {}
  OpenFile& operator=(OpenFile&& other) noexcept {
    if (this != &other) {
      drop();
      os_ = std::exchange(other.os_, nullptr);
      fd_ = other.fd_;
    }
    return *this;
  }
  ~OpenFile() { drop(); }

  [[nodiscard]] bool is_open() const { return os_ != nullptr; }
  // REQUIRES: is_open().
  [[nodiscard]] Fd fd() const { return fd_; }
  OsResult<void> close() {
    Os* os = std::exchange(os_, nullptr);
    return os == nullptr ? OsResult<void>{} : os->close(fd_);
  }

 private:
  void drop() {
    if (os_ != nullptr) (void)close();
  }
  Os* os_ = nullptr;
  Fd fd_{-1};
};

}  // namespace modelcache

#endif  // MODELCACHE_OPEN_FILE_H
