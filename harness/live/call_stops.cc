// The filter program and the listener's requests.
#include "harness/live/call_stops.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <vector>

#include "harness/live/without_signals.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

// Of Linux 6.6, which Debian 12's headers do not know: whoever is woken by a stop or an answer runs on this core.
constexpr std::uint64_t kSyncWakeUp = 1;
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, std::uint64_t);

// Those that can be a step, those that must be answered because their real answer differs from run to run, and the end.
constexpr int kStoppedCalls[] = {
    __NR_openat,     __NR_pread64,  __NR_pwrite64, __NR_close,         __NR_newfstatat,      __NR_recvfrom,
    __NR_sendto,     __NR_connect,  __NR_flock,    __NR_fsync,         __NR_ftruncate,       __NR_renameat2,
    __NR_linkat,     __NR_unlinkat, __NR_mkdirat,  __NR_clock_gettime, __NR_clock_nanosleep, __NR_getrandom,
    __NR_getpid,     __NR_kill,     __NR_tgkill,
#ifdef __NR_readlink
    __NR_readlink,
#endif
    __NR_readlinkat, __NR_fstat,    kMarkCall,     __NR_exit_group,
};

std::vector<sock_filter> program() {
  constexpr auto kLoad = static_cast<std::uint16_t>(BPF_LD | BPF_W | BPF_ABS);
  constexpr auto kIfEqual = static_cast<std::uint16_t>(BPF_JMP | BPF_JEQ | BPF_K);
  constexpr auto kReturn = static_cast<std::uint16_t>(BPF_RET | BPF_K);
  const auto allow = [] { return sock_filter BPF_STMT(kReturn, SECCOMP_RET_ALLOW); };
  const auto notify = [] { return sock_filter BPF_STMT(kReturn, SECCOMP_RET_USER_NOTIF); };
  const auto load = [](std::size_t offset) { return sock_filter BPF_STMT(kLoad, static_cast<std::uint32_t>(offset)); };

  std::vector<sock_filter> code;
  code.push_back(load(offsetof(seccomp_data, arch)));
  code.push_back(sock_filter BPF_JUMP(kIfEqual, kArchitecture, 1, 0));
  code.push_back(allow());
  code.push_back(load(offsetof(seccomp_data, nr)));
  for (const int number : kStoppedCalls) {
    code.push_back(sock_filter BPF_JUMP(kIfEqual, static_cast<std::uint32_t>(number), 0, 1));
    code.push_back(notify());
  }
  // Of a socket's options only the time-outs: little-endian, so an argument's low half comes first.
  code.push_back(sock_filter BPF_JUMP(kIfEqual, __NR_setsockopt, 1, 0));
  code.push_back(allow());
  code.push_back(load(offsetof(seccomp_data, args[1])));
  code.push_back(sock_filter BPF_JUMP(kIfEqual, SOL_SOCKET, 1, 0));
  code.push_back(allow());
  code.push_back(load(offsetof(seccomp_data, args[2])));
  code.push_back(sock_filter BPF_JUMP(kIfEqual, SO_RCVTIMEO, 2, 0));
  code.push_back(sock_filter BPF_JUMP(kIfEqual, SO_SNDTIMEO, 1, 0));
  code.push_back(allow());
  code.push_back(notify());
  return code;
}

// Gives a descriptor to a process, which takes it itself. The supervisor waits for that, and a signal that ended its
// wait (thread_ticks.h) would leave the process answered without one.
int give(int listener, seccomp_notif_addfd& addition) {
  const WithoutSignals whole;
  return ::ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addition);
}

bool respond(int listener, seccomp_notif_resp response) {
  return ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0;
}

}  // namespace

Result<int> install_call_filter() { return install_filter(program()); }

Result<int> install_filter(std::vector<sock_filter> code) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return fail(ErrorCode::denied, "give up privileges", "seccomp", std::strerror(errno));
  }
  const sock_fprog whole{static_cast<unsigned short>(code.size()), code.data()};
  const long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                  SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &whole);
  if (listener >= 0) return static_cast<int>(listener);
  if (errno == EBUSY) {
    return fail(ErrorCode::exhausted, "install filter", "seccomp",
                "another supervisor listens to this process already");
  }
  const bool is_denied = errno == EPERM || errno == EACCES;
  return fail(is_denied ? ErrorCode::denied : ErrorCode::io, "install filter", "seccomp", std::strerror(errno));
}

CallStops::CallStops(OwnedFd listener)
    : listener_(std::move(listener)), nothing_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
  // Where the kernel is older it only costs time.
  (void)::ioctl(listener_.get(), kSetFlags, kSyncWakeUp);
}

std::optional<StoppedCall> CallStops::receive() {
  int error = EINTR;
  std::optional<StoppedCall> call;
  while (!call && error == EINTR) call = receive(error);
  return call;
}

std::optional<StoppedCall> CallStops::receive(int& error) {
  seccomp_notif stop{};
  error = ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &stop) == 0 ? 0 : errno;
  if (error != 0) return std::nullopt;
  StoppedCall call{stop.id, static_cast<pid_t>(stop.pid), stop.data.nr, {}};
  std::copy(std::begin(stop.data.args), std::end(stop.data.args), call.arguments.begin());
  return call;
}

bool CallStops::answer(const StoppedCall& call, std::int64_t value) {
  return respond(listener_.get(), {.id = call.id, .val = value, .error = 0, .flags = 0});
}

bool CallStops::refuse(const StoppedCall& call, int error) {
  return respond(listener_.get(), {.id = call.id, .val = 0, .error = -error, .flags = 0});
}

bool CallStops::let_go(const StoppedCall& call) {
  return respond(listener_.get(), {.id = call.id, .val = 0, .error = 0, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE});
}

int CallStops::answer_with_descriptor(const StoppedCall& call, int fd, bool closes_on_exec) {
  seccomp_notif_addfd addition{};
  addition.id = call.id;
  addition.flags = SECCOMP_ADDFD_FLAG_SEND;
  addition.srcfd = static_cast<std::uint32_t>(fd);
  addition.newfd_flags = closes_on_exec ? O_CLOEXEC : 0;
  return give(listener_.get(), addition);
}

int CallStops::answer_with_descriptor_at(const StoppedCall& call, int fd, int number) {
  seccomp_notif_addfd addition{};
  addition.id = call.id;
  addition.flags = SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND;
  addition.srcfd = static_cast<std::uint32_t>(fd);
  addition.newfd = static_cast<std::uint32_t>(number);
  addition.newfd_flags = O_CLOEXEC;
  return give(listener_.get(), addition);
}

bool CallStops::close_unseen(const StoppedCall& call) {
  seccomp_notif_addfd addition{};
  addition.id = call.id;
  addition.flags = SECCOMP_ADDFD_FLAG_SETFD;
  addition.srcfd = static_cast<std::uint32_t>(nothing_.get());
  addition.newfd = static_cast<std::uint32_t>(call.arguments[0]);
  addition.newfd_flags = O_CLOEXEC;
  return give(listener_.get(), addition) >= 0;
}

}  // namespace stampede
