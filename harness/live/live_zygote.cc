// Starts the zygote, takes over its listener, and asks it for processes.
#include "harness/live/live_zygote.h"

#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "harness/live/descriptor_message.h"
#include "harness/live/program_start.h"
#include "harness/live/zygote_wire.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr std::string_view kName = "zygote";

tl::unexpected<modelcache::Error> refuse(ErrorCode code, std::string_view detail) {
  return fail(code, "start", kName, detail);
}

void end(pid_t pid) {
  ::kill(pid, SIGKILL);
  (void)reap(pid);
}

}  // namespace

LiveZygote::LiveZygote(LiveZygote&& other) noexcept
    : socket_(std::move(other.socket_)), listener_(std::move(other.listener_)), pid_(std::exchange(other.pid_, -1)) {}

LiveZygote::~LiveZygote() {
  if (pid_ > 0) end(pid_);
}

Result<LiveZygote> LiveZygote::start(const std::vector<std::string>& arguments, const ProcessSlots& slots) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return refuse(ErrorCode::exhausted, std::strerror(errno));
  }
  LiveZygote zygote;
  zygote.socket_ = OwnedFd(ends[0]);
  OwnedFd far(ends[1]);
  const auto pid = start_without_vdso(arguments, {{far.get(), kZygoteSocketFd}, {slots.descriptor(), kZygoteSlotsFd}});
  if (!pid) return fail(pid.error());
  zygote.pid_ = *pid;
  far.reset();
  const auto hello = receive_message<ZygoteReply>(zygote.socket_.get(), &zygote.listener_, kName);
  if (!hello) return fail(hello.error());
  if (hello->failed == 2) return refuse(ErrorCode::io, "this build runs threads of its own, so it cannot be forked");
  if (hello->failed != 0 || !zygote.listener_.is_open()) {
    const bool is_taken = hello->error == EBUSY;
    return fail(is_taken ? ErrorCode::exhausted : ErrorCode::denied, "install filter", "seccomp",
                is_taken ? "another supervisor listens to this process already" : std::strerror(hello->error));
  }
  return zygote;
}

Result<std::vector<pid_t>> LiveZygote::fork_processes(std::span<const LiveFork> forks) {
  ForkRequest request;
  request.count = static_cast<std::uint32_t>(forks.size());
  std::copy(forks.begin(), forks.end(), request.forks.begin());
  const std::size_t bytes = offsetof(ForkRequest, forks) + sizeof(LiveFork) * forks.size();
  if (::send(socket_.get(), &request, bytes, MSG_NOSIGNAL) != static_cast<ssize_t>(bytes)) {
    return refuse(ErrorCode::io, std::strerror(errno));
  }
  const auto reply = receive_message<ZygoteReply>(socket_.get(), nullptr, kName);
  if (!reply) return fail(reply.error());
  std::vector<pid_t> pids(reply->pids.begin(), reply->pids.begin() + reply->count);
  if (reply->error == 0) return pids;
  for (const pid_t pid : pids) end(pid);
  return refuse(ErrorCode::exhausted, std::strerror(reply->error));
}

}  // namespace stampede
