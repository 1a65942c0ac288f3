// A signal to the calling thread again and again, so that none of its waits lasts for ever.
#ifndef STAMPEDE_LIVE_THREAD_TICKS_H
#define STAMPEDE_LIVE_THREAD_TICKS_H

#include <time.h>

#include <chrono>

namespace stampede {

// While on, an interruptible system call of the thread that made it returns EINTR at the next tick: it is on only where
// every caller knows that. The signal is SIGURG, which does nothing where nobody handles it; its handler does nothing
// either, and stays. Owned by one thread.
class ThreadTicks {
 public:
  ThreadTicks();
  ~ThreadTicks();
  ThreadTicks(const ThreadTicks&) = delete;
  ThreadTicks& operator=(const ThreadTicks&) = delete;

  // False where the system has no timer left.
  [[nodiscard]] bool is_made() const { return is_made_; }
  void turn_on(std::chrono::milliseconds every);
  void turn_off();

 private:
  timer_t timer_{};
  bool is_made_ = false;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_THREAD_TICKS_H
