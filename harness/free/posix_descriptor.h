// Descriptors that close themselves, pipes, and files without a name.
#ifndef STAMPEDE_FREE_POSIX_DESCRIPTOR_H
#define STAMPEDE_FREE_POSIX_DESCRIPTOR_H

#include <string>

namespace stampede {

// Closes its descriptor; owned by one thread.
class PosixDescriptor {
 public:
  PosixDescriptor() = default;
  explicit PosixDescriptor(int value) : value_(value) {}
  PosixDescriptor(PosixDescriptor&& other) noexcept : value_(other.release()) {}
  PosixDescriptor& operator=(PosixDescriptor&& other) noexcept;
  ~PosixDescriptor() { close(); }
  void close();
  int release();
  [[nodiscard]] int get() const { return value_; }
  [[nodiscard]] bool is_open() const { return value_ >= 0; }

 private:
  int value_ = -1;
};

// The same file above the numbers that workers use, close-on-exec; `descriptor` itself is closed. Closed when there is
// none to be had.
PosixDescriptor lifted(int descriptor);

// Both ends are lifted. Both closed when there is none to be had.
struct PosixPipe {
  PosixDescriptor read, write;
};
PosixPipe make_pipe();

// A lifted file without a name that holds `text`, at its beginning. Unlike a pipe, it cannot block who writes it.
// Closed when there is none to be had.
PosixDescriptor file_with(const std::string& text);

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_DESCRIPTOR_H
