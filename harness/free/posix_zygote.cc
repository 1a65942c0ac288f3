// Starts the zygote and asks it for processes.
#include "harness/free/posix_zygote.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/free/posix_zygote_wire.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

// For an answer to one request: a fork takes a millisecond; a zygote that is this slow has stopped.
constexpr std::chrono::seconds kAnswerTime{60};

tl::unexpected<modelcache::Error> refuse(ErrorCode code, std::string_view detail) {
  return fail(code, "start", "zygote", detail);
}

}  // namespace

Result<void> PosixZygote::execute(const std::string& program) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return refuse(ErrorCode::exhausted, std::strerror(errno));
  }
  socket_ = lifted(ends[0]);
  const PosixDescriptor far = lifted(ends[1]);
  if (!socket_.is_open() || !far.is_open()) return refuse(ErrorCode::exhausted, std::strerror(errno));
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return refuse(ErrorCode::exhausted, std::strerror(errno));
  if (pid == 0) {
    detach_from(parent);
    if (::dup2(far.get(), kZygoteDescriptor) >= 0) {
      char name[] = "stampede";
      char command[] = "zygote";
      char* const arguments[] = {name, command, nullptr};
      ::execv(program.c_str(), arguments);
    }
    const ZygoteAnswer failed{.value = -errno};
    [[maybe_unused]] const ssize_t count = ::write(far.get(), &failed, sizeof(failed));
    ::_exit(127);
  }
  pid_.value = pid;
  return {};
}

Result<pid_t> PosixZygote::answer(std::chrono::milliseconds timeout) {
  pollfd polled{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  while ((ready = ::poll(&polled, 1, static_cast<int>(timeout.count()))) < 0 && errno == EINTR) {
  }
  if (ready == 0) return refuse(ErrorCode::timed_out, "it does not answer");
  ZygoteAnswer answer{};
  ssize_t count = 0;
  while ((count = ::read(socket_.get(), &answer, sizeof(answer))) < 0 && errno == EINTR) {
  }
  if (count == 0) return refuse(ErrorCode::io, "it has ended");
  if (count != sizeof(answer)) return refuse(ErrorCode::io, count < 0 ? std::strerror(errno) : "expected an answer");
  if (answer.value < 0) return refuse(ErrorCode::exhausted, std::strerror(-answer.value));
  return answer.value;
}

Result<PosixZygote> PosixZygote::start(const std::string& program, std::chrono::milliseconds timeout) {
  PosixZygote zygote;
  if (auto executed = zygote.execute(program); !executed) return fail(std::move(executed.error()));
  const Result<pid_t> ready = zygote.answer(timeout);
  if (!ready) return fail(ready.error());
  return zygote;
}

PosixZygote::~PosixZygote() {
  if (pid_.value < 0) return;
  ::kill(pid_.value, SIGKILL);
  while (::waitpid(pid_.value, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<pid_t> PosixZygote::fork_worker(ForkKind kind, const WorkerDescriptors& descriptors) {
  if (!send_request(socket_.get(), kind, kind == ForkKind::exit ? nullptr : &descriptors)) {
    return refuse(ErrorCode::io, std::strerror(errno));
  }
  return answer(kAnswerTime);
}

std::optional<double> PosixZygote::measure_bare_forks(std::size_t count) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point began = Clock::now();
  std::vector<pid_t> forked;
  for (std::size_t i = 0; i < count; ++i) {
    const Result<pid_t> pid = fork_worker(ForkKind::exit, WorkerDescriptors{});
    if (pid) forked.push_back(*pid);
  }
  std::size_t reaped = 0;
  for (const pid_t pid : forked) {
    int status = 0;
    pid_t ended = -1;
    while ((ended = ::waitpid(pid, &status, 0)) < 0 && errno == EINTR) {
    }
    reaped += ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : 0;
  }
  if (reaped != count) return std::nullopt;
  return std::chrono::duration<double>(Clock::now() - began).count();
}

}  // namespace stampede
