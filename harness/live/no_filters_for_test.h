// Gives up, for a test, what the live world needs, as it is where somebody else's filter lets no other come.
#ifndef STAMPEDE_LIVE_NO_FILTERS_FOR_TEST_H
#define STAMPEDE_LIVE_NO_FILTERS_FOR_TEST_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <iterator>

namespace stampede {

// From now on seccomp(2) fails. False where that failed.
inline bool refuse_filters() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = std::size(code), .filter = code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// False where it cannot.
inline bool stay_on_one_core() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(::sched_getcpu(), &one);
  return ::sched_setaffinity(0, sizeof one, &one) == 0;
}

}  // namespace stampede

#endif  // STAMPEDE_LIVE_NO_FILTERS_FOR_TEST_H
