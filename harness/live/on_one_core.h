// The calling thread on one core, with a umask of its own.
#ifndef STAMPEDE_LIVE_ON_ONE_CORE_H
#define STAMPEDE_LIVE_ON_ONE_CORE_H

#include <sched.h>

namespace stampede {

// Until it goes; the umask stays the thread's own for good. `core` -1: where it runs now.
class OnOneCore {
 public:
  explicit OnOneCore(int core) {
    (void)::unshare(CLONE_FS);
    if (::sched_getaffinity(0, sizeof before_, &before_) != 0) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(core >= 0 ? core : ::sched_getcpu()), &one);
    was_set_ = ::sched_setaffinity(0, sizeof one, &one) == 0;
  }
  ~OnOneCore() {
    if (was_set_) (void)::sched_setaffinity(0, sizeof before_, &before_);
  }
  OnOneCore(const OnOneCore&) = delete;
  OnOneCore& operator=(const OnOneCore&) = delete;

 private:
  cpu_set_t before_{};
  bool was_set_ = false;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_ON_ONE_CORE_H
