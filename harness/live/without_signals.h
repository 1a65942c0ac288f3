// No signal reaches the calling thread for a while.
#ifndef STAMPEDE_LIVE_WITHOUT_SIGNALS_H
#define STAMPEDE_LIVE_WITHOUT_SIGNALS_H

#include <signal.h>

#include <cerrno>

namespace stampede {

// As long as it lives: for calls that must not end early because of a tick (thread_ticks.h). Leaves errno alone.
class WithoutSignals {
 public:
  WithoutSignals() {
    sigset_t all;
    ::sigfillset(&all);
    (void)::pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~WithoutSignals() {
    const int error = errno;
    (void)::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }
  WithoutSignals(const WithoutSignals&) = delete;
  WithoutSignals& operator=(const WithoutSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_WITHOUT_SIGNALS_H
