// Ctrl-C, as something that a program can ask for and wait on.
#ifndef STAMPEDE_FREE_POSIX_INTERRUPT_H
#define STAMPEDE_FREE_POSIX_INTERRUPT_H

namespace stampede {

// While it lives, SIGINT, SIGTERM and SIGHUP are noted instead of ending the program. One at a time a program, on its
// main thread.
class PosixInterrupt {
 public:
  PosixInterrupt();
  ~PosixInterrupt();
  PosixInterrupt(const PosixInterrupt&) = delete;
  PosixInterrupt& operator=(const PosixInterrupt&) = delete;

  [[nodiscard]] bool happened() const;
  // Becomes readable when it happens, and stays so.
  [[nodiscard]] int descriptor() const;
};

// Whether people look at it.
bool is_terminal(int descriptor);

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_INTERRUPT_H
