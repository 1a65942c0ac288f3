// The filter program for executed commands.
#include "harness/live/command_filter.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <vector>

#include "harness/live/call_stops.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

// Calls that pass beside every filter, and those by which a program would watch others.
constexpr int kRefused[] = {
    __NR_io_uring_setup, __NR_io_uring_enter, __NR_io_uring_register, __NR_ptrace, __NR_userfaultfd,
};

// Often called first: the kernel goes through them in this order.
constexpr int kStopped[] = {
    // files
    __NR_write,
    __NR_openat,
    __NR_clock_gettime,
    __NR_futex,
    __NR_pwrite64,
    __NR_readv,
    __NR_writev,
    __NR_preadv,
    __NR_pwritev,
    __NR_preadv2,
    __NR_pwritev2,
    __NR_statx,
    __NR_faccessat,
    __NR_faccessat2,
    __NR_getdents64,
    __NR_fsync,
    __NR_fdatasync,
    __NR_sync_file_range,
    __NR_ftruncate,
    __NR_truncate,
    __NR_fallocate,
    __NR_renameat2,
    __NR_linkat,
    __NR_readlinkat,
    __NR_unlinkat,
    __NR_mkdirat,
    __NR_flock,
    __NR_copy_file_range,
    __NR_sendfile,
    __NR_splice,
    __NR_openat2,
    // connections
    __NR_connect,
    __NR_sendto,
    __NR_recvfrom,
    __NR_recvmsg,
    __NR_shutdown,
    __NR_sendmmsg,
    __NR_recvmmsg,
    __NR_accept,
    __NR_accept4,
    // waits, time, chance
    __NR_ppoll,
    __NR_pselect6,
    __NR_epoll_pwait,
    __NR_epoll_pwait2,
    __NR_clock_nanosleep,
    __NR_nanosleep,
    __NR_gettimeofday,
    __NR_getrandom,
    __NR_rt_sigsuspend,
    __NR_rt_sigtimedwait,
    __NR_waitid,
    __NR_setitimer,
    // births, deaths, signals, and what a new program or thread calls first, with brk(0)
    __NR_clone,
    __NR_clone3,
    __NR_execve,
    __NR_execveat,
    __NR_exit,
    __NR_kill,
    __NR_tkill,
    __NR_tgkill,
    __NR_set_robust_list,
    __NR_sched_getaffinity,
    kMarkCall,
#if defined(__x86_64__)
    __NR_open,
    __NR_creat,
    __NR_stat,
    __NR_lstat,
    __NR_access,
    __NR_rename,
    __NR_renameat,
    __NR_link,
    __NR_unlink,
    __NR_mkdir,
    __NR_poll,
    __NR_select,
    __NR_epoll_wait,
    __NR_time,
    __NR_pause,
    __NR_alarm,
    __NR_fork,
    __NR_vfork,
    __NR_arch_prctl,
    __NR_readlink,
#else
    __NR_renameat,
#endif
};

constexpr auto kLoad = static_cast<std::uint16_t>(BPF_LD | BPF_W | BPF_ABS);
constexpr auto kIfEqual = static_cast<std::uint16_t>(BPF_JMP | BPF_JEQ | BPF_K);
constexpr auto kIfAtLeast = static_cast<std::uint16_t>(BPF_JMP | BPF_JGE | BPF_K);
constexpr auto kIfAny = static_cast<std::uint16_t>(BPF_JMP | BPF_JSET | BPF_K);
constexpr auto kReturn = static_cast<std::uint16_t>(BPF_RET | BPF_K);

class Program {
 public:
  void load_number() { load(offsetof(seccomp_data, nr)); }
  void load_argument(std::size_t i) { load(offsetof(seccomp_data, args) + i * sizeof(std::uint64_t)); }  // its low half
  void answer(std::uint32_t action) { code_.push_back(sock_filter BPF_STMT(kReturn, action)); }
  // The next instruction, an answer, only where it is so.
  void where(std::uint16_t test, std::uint32_t value) { code_.push_back(sock_filter BPF_JUMP(test, value, 0, 1)); }
  void where_not(std::uint16_t test, std::uint32_t value) { code_.push_back(sock_filter BPF_JUMP(test, value, 1, 0)); }
  // What `body` adds, which ends with an answer, is for what is loaded now, where it is `value`.
  template <typename Body>
  void where_equal(int value, Body body) {
    const std::size_t test = code_.size();
    code_.push_back(sock_filter BPF_JUMP(kIfEqual, static_cast<std::uint32_t>(value), 0, 0));
    body();
    code_[test].jf = static_cast<std::uint8_t>(code_.size() - test - 1);
  }
  void load(std::size_t offset) { code_.push_back(sock_filter BPF_STMT(kLoad, static_cast<std::uint32_t>(offset))); }
  std::vector<sock_filter>& code() { return code_; }

 private:
  std::vector<sock_filter> code_;
};

// Those that matter by an argument alone.
void add_by_argument(Program& program) {
  const auto answer_by = [&](int number, std::size_t argument, std::uint16_t test, std::uint32_t value,
                             std::uint32_t there, std::uint32_t otherwise) {
    program.where_equal(number, [&] {
      program.load_argument(argument);
      program.where(test, value);
      program.answer(there);
      program.answer(otherwise);
    });
  };
  const auto stop_but = [&](int number, std::size_t argument, std::uint16_t test, std::uint32_t value) {
    answer_by(number, argument, test, value, SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF);
  };
  stop_but(__NR_sendmsg, 0, kIfEqual, kHandOverFd);
  stop_but(__NR_wait4, 2, kIfAny, __WALL);
  stop_but(__NR_exit_group, 0, kIfEqual, kUnseenExit);
  answer_by(__NR_brk, 0, kIfEqual, 0, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ALLOW);
  program.where_equal(__NR_ioctl, [&] {
    program.load_argument(1);
    for (const unsigned long request : {FICLONE, FICLONERANGE}) {
      program.where(kIfEqual, static_cast<std::uint32_t>(request));
      program.answer(SECCOMP_RET_ERRNO | EOPNOTSUPP);
    }
    program.answer(SECCOMP_RET_ALLOW);
  });
  program.where_equal(__NR_mmap, [&] {  // of a file, to be written, seen by others
    program.load_argument(2);
    program.where_not(kIfAny, PROT_WRITE);
    program.answer(SECCOMP_RET_ALLOW);
    program.load_argument(3);
    program.where_not(kIfAny, MAP_SHARED);
    program.answer(SECCOMP_RET_ALLOW);
    program.where(kIfAny, MAP_ANONYMOUS);
    program.answer(SECCOMP_RET_ALLOW);
    program.answer(SECCOMP_RET_USER_NOTIF);
  });
}

// Reading calls on private descriptors pass; nothing is made one by the program.
void add_private_descriptors(Program& program) {
  const auto answer_for_range = [&](std::size_t argument, std::uint32_t inside, std::uint32_t outside) {
    program.load_argument(argument);
    program.where(kIfAtLeast, kPrivateFdsEnd);
    program.answer(outside);
    program.where(kIfAtLeast, kFirstPrivateFd);
    program.answer(inside);
    program.answer(outside);
  };
  for (const int number : {__NR_close, __NR_fstat, __NR_pread64}) {
    program.where_equal(number, [&] { answer_for_range(0, SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF); });
  }
  program.where_equal(__NR_read, [&] {
    program.load_argument(0);
    program.where(kIfEqual, kChildrenFd);
    program.answer(SECCOMP_RET_ALLOW);
    answer_for_range(0, SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF);
  });
  program.where_equal(__NR_newfstatat, [&] {  // as fstat(3) calls it; a path would count where there is one
    program.load_argument(3);
    program.where_not(kIfAny, AT_EMPTY_PATH);
    program.answer(SECCOMP_RET_USER_NOTIF);
    answer_for_range(0, SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF);
  });
  program.where_equal(__NR_dup3, [&] { answer_for_range(1, SECCOMP_RET_ERRNO | EBADF, SECCOMP_RET_ALLOW); });
#ifdef __NR_dup2
  program.where_equal(__NR_dup2, [&] { answer_for_range(1, SECCOMP_RET_ERRNO | EBADF, SECCOMP_RET_ALLOW); });
#endif
  program.where_equal(__NR_fcntl, [&] {
    program.load_argument(1);
    for (const int command : {F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW}) {
      program.where(kIfEqual, static_cast<std::uint32_t>(command));
      program.answer(SECCOMP_RET_USER_NOTIF);
    }
    for (const int command : {F_DUPFD, F_DUPFD_CLOEXEC}) {
      program.where_equal(command, [&] { answer_for_range(2, SECCOMP_RET_ERRNO | EINVAL, SECCOMP_RET_ALLOW); });
    }
    program.answer(SECCOMP_RET_ALLOW);
  });
}

std::vector<sock_filter> command_program() {
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.where_not(kIfEqual, kArchitecture);
  program.answer(SECCOMP_RET_ERRNO | ENOSYS);
  program.load_number();
#if defined(__x86_64__)
  constexpr std::uint32_t kX32 = 0x40000000;
  program.where(kIfAtLeast, kX32);
  program.answer(SECCOMP_RET_ERRNO | ENOSYS);
#endif
  add_private_descriptors(program);
  add_by_argument(program);
  for (const int number : kStopped) {
    program.where(kIfEqual, static_cast<std::uint32_t>(number));
    program.answer(SECCOMP_RET_USER_NOTIF);
  }
  for (const int number : kRefused) {
    program.where(kIfEqual, static_cast<std::uint32_t>(number));
    program.answer(SECCOMP_RET_ERRNO | ENOSYS);
  }
  program.answer(SECCOMP_RET_ALLOW);
  return program.code();
}

}  // namespace

Result<int> install_command_filter() { return install_filter(command_program()); }

}  // namespace stampede
