// Forks who tries, and reads how he ended.
#include "harness/live/machine_offer.h"

#include <linux/magic.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "harness/live/call_stops.h"
#include "harness/live/new_image.h"
#include "harness/live/program_start.h"

namespace stampede {
namespace {

// Whether `tried` returns true in a process that ends with it. Behind a filter its exit, and any signal that it sends,
// would wait for an answer that nobody gives; a trap makes no system call.
template <class Tried>
bool in_a_fork(const Tried& tried) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit no_core{.rlim_cur = 1, .rlim_max = 1};  // 1 also keeps it from a core handler (core(5))
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (tried()) __builtin_trap();
    ::_exit(1);
  }
  const int status = child > 0 ? reap(child) : 0;
  return WIFSIGNALED(status) && (WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP);
}

// A flag that the kernel does not know is EINVAL; one that it knows comes to the filter, which is nowhere.
bool knows_flag(unsigned flag) {
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, nullptr) != 0 && errno == EFAULT;
}

bool sets_sync_wake_up() {
  const auto listener = install_call_filter();
  constexpr std::uint64_t kSyncWakeUp = 1;
  return listener && ::ioctl(*listener, SECCOMP_IOW(4, std::uint64_t), kSyncWakeUp) == 0;
}

// The zygote of commands enters a namespace of users first, where it is not root.
bool makes_process_numbers() { return ::unshare((::geteuid() == 0 ? 0 : CLONE_NEWUSER) | CLONE_NEWPID) == 0; }

std::uint64_t hard_limit(__rlimit_resource resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return UINT64_MAX;
  return limit.rlim_max;
}

}  // namespace

MachineOffer look_at_machine(const char* memory_directory) {
  MachineOffer offer;
  utsname name{};
  if (::uname(&name) == 0) offer.kernel = name.release;
  offer.has_notification = in_a_fork([] { return install_call_filter().has_value(); });
  offer.has_killable_wait = knows_flag(SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
  offer.has_sync_wake_up = in_a_fork(sets_sync_wake_up);
  offer.has_process_numbers = in_a_fork(makes_process_numbers);
  offer.tames_vdso = in_a_fork([] { return tame_new_image(::getpid(), 0) == nullptr; });
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) == 0) offer.cores = static_cast<std::uint32_t>(CPU_COUNT(&cores));
  struct statfs file_system{};
  if (::access(memory_directory, W_OK) == 0 && ::statfs(memory_directory, &file_system) == 0 &&
      static_cast<std::uint64_t>(file_system.f_type) == TMPFS_MAGIC) {
    offer.memory_directory = memory_directory;
    offer.memory_free_bytes = file_system.f_bavail * static_cast<std::uint64_t>(file_system.f_bsize);
  }
  offer.descriptors_max = hard_limit(RLIMIT_NOFILE);
  offer.processes_max = hard_limit(RLIMIT_NPROC);
  return offer;
}

}  // namespace stampede
