// Opens and closes descriptors (Linux: memfd_create).
#include "harness/free/posix_descriptor.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace stampede {
namespace {

constexpr int kLowestOwnDescriptor = 10;  // above those that a worker is given

}  // namespace

PosixDescriptor& PosixDescriptor::operator=(PosixDescriptor&& other) noexcept {
  if (this != &other) {
    close();
    value_ = other.release();
  }
  return *this;
}

void PosixDescriptor::close() {
  if (value_ >= 0) ::close(value_);
  value_ = -1;
}

int PosixDescriptor::release() { return std::exchange(value_, -1); }

PosixDescriptor lifted(int descriptor) {
  if (descriptor < 0) return {};
  const int lifted_descriptor = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kLowestOwnDescriptor);
  ::close(descriptor);
  return PosixDescriptor(lifted_descriptor);
}

PosixPipe make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  PosixPipe pipe{lifted(ends[0]), lifted(ends[1])};
  if (!pipe.read.is_open() || !pipe.write.is_open()) return {};
  return pipe;
}

PosixDescriptor file_with(const std::string& text) {
  PosixDescriptor file = lifted(::memfd_create("specification", MFD_CLOEXEC));
  if (!file.is_open()) return file;
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(file.get(), text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return {};
    written += static_cast<std::size_t>(count);
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return {};
  return file;
}

}  // namespace stampede
