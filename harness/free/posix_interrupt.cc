// Signal handlers that write to a pipe.
#include "harness/free/posix_interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace stampede {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// A handler can reach nothing else.
std::atomic<bool> signal_came{false};
int signal_pipe[2] = {-1, -1};
struct sigaction former[3];

void note_signal(int) {
  const int error = errno;
  signal_came = true;
  const char mark = 'I';
  [[maybe_unused]] const ssize_t count = ::write(signal_pipe[1], &mark, 1);
  errno = error;
}

}  // namespace

PosixInterrupt::PosixInterrupt() {
  signal_came = false;
  if (::pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return;
  struct sigaction action{};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  for (int i = 0; i < 3; ++i) ::sigaction(kSignals[i], &action, &former[i]);
}

PosixInterrupt::~PosixInterrupt() {
  if (signal_pipe[0] < 0) return;
  for (int i = 0; i < 3; ++i) ::sigaction(kSignals[i], &former[i], nullptr);
  for (int& end : signal_pipe) {
    ::close(end);
    end = -1;
  }
}

bool PosixInterrupt::happened() const { return signal_came; }

int PosixInterrupt::descriptor() const { return signal_pipe[0]; }

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

}  // namespace stampede
