// Blocks SIGINT and SIGTERM and takes them with sigwait.
#include "harness/cli/posix_termination.h"

#include <pthread.h>

#include <csignal>

namespace stampede {
namespace {

sigset_t termination_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

struct TerminationSignals::Mask {
  sigset_t signals;
};

TerminationSignals::TerminationSignals() : before_(std::make_unique<Mask>()) {
  const sigset_t signals = termination_signals();
  pthread_sigmask(SIG_BLOCK, &signals, &before_->signals);
}

TerminationSignals::~TerminationSignals() { pthread_sigmask(SIG_SETMASK, &before_->signals, nullptr); }

void TerminationSignals::wait() {
  const sigset_t signals = termination_signals();
  int signal = 0;
  sigwait(&signals, &signal);
}

}  // namespace stampede
