// timer_create with SIGEV_THREAD_ID.
#include "harness/live/thread_ticks.h"

#include <signal.h>
#include <unistd.h>

namespace stampede {

ThreadTicks::ThreadTicks() {
  struct sigaction action{};
  action.sa_handler = [](int) {};  // without SA_RESTART: calls come back
  if (::sigaction(SIGURG, &action, nullptr) != 0) return;
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGURG;
  event._sigev_un._tid = ::gettid();  // glibc 2.36 has no better name for it
  is_made_ = ::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
}

ThreadTicks::~ThreadTicks() {
  if (is_made_) (void)::timer_delete(timer_);
}

void ThreadTicks::turn_on(std::chrono::milliseconds every) {
  const timespec time{0, static_cast<long>(std::chrono::nanoseconds(every).count())};
  const itimerspec ticks{time, time};
  (void)::timer_settime(timer_, 0, &ticks, nullptr);
}

void ThreadTicks::turn_off() {
  const itimerspec nothing{};
  (void)::timer_settime(timer_, 0, &nothing, nullptr);
}

}  // namespace stampede
