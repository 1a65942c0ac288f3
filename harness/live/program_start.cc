// Fork, ptrace stop at exec, an entry of the auxiliary vector made void, detach.
#include "harness/live/program_start.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <optional>

#if defined(__x86_64__)
#include <sys/user.h>
#endif

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr int kExecFailed = 127;

tl::unexpected<modelcache::Error> refuse(const std::string& program, std::string_view detail,
                                         ErrorCode code = ErrorCode::io) {
  return fail(code, "start", program, detail);
}

std::optional<std::uint64_t> stack_pointer(pid_t pid) {
#if defined(__x86_64__)
  user_regs_struct registers{};
#else
  user_pt_regs registers{};
#endif
  iovec place{&registers, sizeof registers};
  if (::ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &place) != 0) return std::nullopt;
#if defined(__x86_64__)
  return registers.rsp;
#else
  return registers.sp;
#endif
}

// At exec the stack holds argc, argv, null, environment, null, then pairs of type and value up to AT_NULL.
bool hide_vdso(pid_t pid) {
  const std::optional<std::uint64_t> top = stack_pointer(pid);
  if (!top) return false;
  std::uint64_t at = *top;
  const auto next_word = [&](std::uint64_t& word) {
    errno = 0;
    word = static_cast<std::uint64_t>(::ptrace(PTRACE_PEEKDATA, pid, at, nullptr));
    at += sizeof word;
    return errno == 0;
  };
  std::uint64_t word = 0;
  if (!next_word(word)) return false;  // argc
  for (int ends = 0; ends < 2;) {
    if (!next_word(word)) return false;
    if (word == 0) ++ends;
  }
  for (;;) {
    const std::uint64_t place = at;
    std::uint64_t value = 0;
    if (!next_word(word) || !next_word(value)) return false;
    if (word == AT_NULL) return true;
    if (word != AT_SYSINFO_EHDR) continue;
    if (::ptrace(PTRACE_POKEDATA, pid, place, AT_IGNORE) != 0) return false;
  }
}

// In the new process: only calls that are safe between fork and exec.
[[noreturn]] void execute(char* const* arguments, char* const* environment, const std::vector<PassedFd>& descriptors,
                          pid_t parent, int report) {
  bool is_ready = ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
  is_ready = is_ready && ::setsid() >= 0;  // a terminal's signals are for the supervisor
  is_ready = is_ready && ::personality(ADDR_NO_RANDOMIZE) >= 0;
  for (const PassedFd& passed : descriptors) is_ready = is_ready && ::dup2(passed.here, passed.there) >= 0;
  const unsigned first_unknown = descriptors.empty() ? 3 : static_cast<unsigned>(descriptors.back().there) + 1;
  is_ready = is_ready && ::syscall(SYS_close_range, first_unknown, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
  if (is_ready && ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) ::execve(arguments[0], arguments, environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t count = ::write(report, &error, sizeof error);
  ::_exit(kExecFailed);
}

// Above every number that is asked for there, so that one does not cover the other.
Result<std::vector<PassedFd>> lift(const std::vector<PassedFd>& descriptors, const std::string& program) {
  int first_free = 3;
  for (const PassedFd& passed : descriptors) first_free = std::max(first_free, passed.there + 1);
  std::vector<PassedFd> lifted;
  for (const PassedFd& passed : descriptors) {
    const int copy = ::fcntl(passed.here, F_DUPFD_CLOEXEC, first_free);
    if (copy < 0) {
      const int error = errno;
      for (const PassedFd& done : lifted) ::close(done.here);
      return refuse(program, std::strerror(error), ErrorCode::exhausted);
    }
    lifted.push_back({copy, passed.there});
  }
  return lifted;
}

// Both ends from `first` on.
bool make_pipe(int (&ends)[2], int first) {
  int low[2];
  if (::pipe2(low, O_CLOEXEC) != 0) return false;
  for (int i = 0; i < 2; ++i) {
    ends[i] = ::fcntl(low[i], F_DUPFD_CLOEXEC, first);
    ::close(low[i]);
  }
  return ends[0] >= 0 && ends[1] >= 0;
}

// What the new process said before it could not go on.
Result<pid_t> exec_error(const std::string& program, int report) {
  int error = 0;
  if (::read(report, &error, sizeof error) != sizeof error) return refuse(program, "it ended before it began");
  const ErrorCode code = error == ENOENT || error == ENOTDIR ? ErrorCode::not_found
                         : error == EACCES                   ? ErrorCode::denied
                                                             : ErrorCode::io;
  return refuse(program, std::strerror(error), code);
}

}  // namespace

Result<pid_t> start_without_vdso(const std::vector<std::string>& arguments, const std::vector<PassedFd>& descriptors) {
  const std::string& program = arguments.front();
  std::vector<char*> raw;
  for (const std::string& argument : arguments) raw.push_back(const_cast<char*>(argument.c_str()));
  raw.push_back(nullptr);
  // Symbols are looked up once, in the program, rather than in each of its forks.
  char bind_now[] = "LD_BIND_NOW=1";
  std::vector<char*> environment{bind_now};
  for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);
  auto lifted = lift(descriptors, program);
  if (!lifted) return fail(std::move(lifted.error()));
  int report[2] = {-1, -1};
  const bool has_pipe = make_pipe(report, lifted->empty() ? 3 : lifted->back().here + 1);
  const pid_t parent = ::getpid();
  const pid_t pid = has_pipe ? ::fork() : -1;
  if (pid == 0) execute(raw.data(), environment.data(), *lifted, parent, report[1]);
  const int error = errno;
  for (const PassedFd& passed : *lifted) ::close(passed.here);
  if (report[1] >= 0) ::close(report[1]);
  const auto finish = [&](Result<pid_t> result) {
    if (report[0] >= 0) ::close(report[0]);
    return result;
  };
  if (pid < 0) return finish(refuse(program, std::strerror(error), ErrorCode::exhausted));
  if (!WIFSTOPPED(reap(pid))) return finish(exec_error(program, report[0]));
  if (hide_vdso(pid) && ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr) == 0) return finish(pid);
  const int trace_error = errno;
  ::kill(pid, SIGKILL);
  (void)reap(pid);
  return finish(refuse(program, std::strerror(trace_error), ErrorCode::denied));
}

int reap(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace stampede
