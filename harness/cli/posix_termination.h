// Waiting for the signals by which people and service managers end a command.
#ifndef STAMPEDE_CLI_POSIX_TERMINATION_H
#define STAMPEDE_CLI_POSIX_TERMINATION_H

#include <memory>

namespace stampede {

// While it lives, SIGINT and SIGTERM interrupt nothing: they wait until `wait` takes them. Made before any other thread
// is, so that no thread gets them in the old way. Owned by one thread.
class TerminationSignals {
 public:
  TerminationSignals();
  ~TerminationSignals();  // as it was before
  TerminationSignals(const TerminationSignals&) = delete;
  TerminationSignals& operator=(const TerminationSignals&) = delete;

  // Returns when one of them has come.
  void wait();

 private:
  struct Mask;
  std::unique_ptr<Mask> before_;
};

}  // namespace stampede

#endif  // STAMPEDE_CLI_POSIX_TERMINATION_H
