// Starts the zygote of commands, takes over its listener, and asks it for stages.
#include "harness/live/command_zygote.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "harness/live/command_zygote_wire.h"
#include "harness/live/descriptor_message.h"
#include "harness/live/program_start.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr std::string_view kName = "zygote of commands";

void put(std::string& text, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  text.append(reinterpret_cast<const char*>(&size), sizeof size);
  text.append(part);
}
void put_all(std::string& text, const std::vector<std::string>& parts) {
  put(text, std::to_string(parts.size()));
  for (const std::string& part : parts) put(text, part);
}

std::string take(std::string_view& text) {
  std::uint32_t size = 0;
  if (text.size() >= sizeof size) std::memcpy(&size, text.data(), sizeof size);
  if (text.size() < sizeof size + size) {
    std::fputs("stampede: the job of a planned process is cut\n", stderr);
    std::abort();
  }
  std::string part(text.substr(sizeof size, size));
  text.remove_prefix(sizeof size + size);
  return part;
}
std::vector<std::string> take_all(std::string_view& text) {
  std::vector<std::string> parts(std::strtoul(take(text).c_str(), nullptr, 10));
  for (std::string& part : parts) part = take(text);
  return parts;
}

tl::unexpected<modelcache::Error> refuse(ErrorCode code, std::string_view detail) {
  return fail(code, "start", kName, detail);
}

}  // namespace

std::string print_commands(const std::vector<StageCommand>& commands) {
  std::string text;
  put(text, std::to_string(commands.size()));
  for (const StageCommand& command : commands) {
    put_all(text, command.arguments);
    put_all(text, command.environment);
    put(text, command.directory);
    put(text, command.output);
  }
  return text;
}

std::vector<StageCommand> read_commands(std::string_view text) {
  std::vector<StageCommand> commands(std::strtoul(take(text).c_str(), nullptr, 10));
  for (StageCommand& command : commands) {
    command.arguments = take_all(text);
    command.environment = take_all(text);
    command.directory = take(text);
    command.output = take(text);
  }
  return commands;
}

Result<CommandZygote> CommandZygote::start(const std::vector<std::string>& arguments, const ProcessSlots& slots) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return refuse(ErrorCode::exhausted, std::strerror(errno));
  }
  CommandZygote zygote;
  zygote.socket_ = OwnedFd(ends[0]);
  OwnedFd theirs(ends[1]);
  const auto pid =
      start_without_vdso(arguments, {{theirs.get(), kCommandSocketFd}, {slots.descriptor(), kCommandSlotsFd}});
  if (!pid) return fail(pid.error());
  zygote.pid_ = *pid;
  theirs.reset();
  const auto reply = receive_message<CommandZygoteReply>(zygote.socket_.get(), &zygote.listener_, kName);
  if (!reply) return fail(reply.error());
  if (reply->error != 0) {
    const bool is_denied = reply->error == EPERM || reply->error == EACCES;
    const ErrorCode code = reply->error == EBUSY ? ErrorCode::exhausted : is_denied ? ErrorCode::denied : ErrorCode::io;
    return fail(
        code, "install filter", "seccomp",
        reply->error == EBUSY ? "another supervisor listens to this process already" : std::strerror(reply->error));
  }
  if (!zygote.listener_.is_open()) return refuse(ErrorCode::io, "it kept its listener");
  return zygote;
}

CommandZygote::CommandZygote(CommandZygote&& other) noexcept
    : socket_(std::move(other.socket_)),
      listener_(std::move(other.listener_)),
      stage_handle_(std::move(other.stage_handle_)),
      pid_(std::exchange(other.pid_, -1)),
      stage_(std::exchange(other.stage_, -1)),
      has_numbers_(other.has_numbers_) {}

CommandZygote::~CommandZygote() {
  if (pid_ < 0) return;
  if (stage_ >= 0) {
    ::kill(stage_, SIGKILL);
    (void)reap(stage_);
  }
  ::kill(pid_, SIGKILL);
  (void)reap(pid_);
}

Result<void> CommandZygote::start_stage(CallStops& stops, std::uint32_t processes, const std::vector<unsigned>& umasks,
                                        const std::function<void(const StoppedCall&)>& on_call) {
  StageRequest request;
  request.processes = processes;
  for (std::size_t i = 0; i < umasks.size() && i < request.umasks.size(); ++i) request.umasks[i] = umasks[i];
  if (::send(socket_.get(), &request, sizeof request, MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof request)) {
    return refuse(ErrorCode::io, "it has ended");
  }
  for (;;) {
    pollfd polled[2] = {{socket_.get(), POLLIN, 0}, {stops.descriptor(), POLLIN, 0}};
    const int ready = ::poll(polled, 2, static_cast<int>(kAnswerTime.count()));
    if (ready == 0) return refuse(ErrorCode::timed_out, "it does not answer");
    if (ready < 0 && errno != EINTR) return refuse(ErrorCode::io, std::strerror(errno));
    if (ready < 0) continue;
    if ((polled[0].revents & POLLIN) != 0) {
      const auto reply = receive_message<CommandZygoteReply>(socket_.get(), nullptr, kName);
      if (!reply) return fail(reply.error());
      if (reply->error != 0) return refuse(ErrorCode::exhausted, std::strerror(reply->error));
      stage_ = reply->pid;
      has_numbers_ = reply->has_numbers != 0;
      stage_handle_ = OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, stage_, 0)));
      return {};
    }
    if ((polled[1].revents & POLLIN) == 0) return refuse(ErrorCode::io, "it has ended");
    const auto call = stops.receive();
    if (!call) continue;
    // The stage's number is not known yet; its calls before the first mark are as harmless as the zygote's.
    if (call->thread == pid_ || call->number != kMarkCall) {
      (void)stops.let_go(*call);
    } else {
      on_call(*call);
    }
  }
}

void CommandZygote::end_stage(CallStops& stops) {
  if (stage_ < 0) return;
  // What it still does by itself is to notice that all have ended.
  constexpr int kMilliseconds = 50;
  for (int idle = 0; idle < 2;) {
    pollfd polled[2] = {{stage_handle_.get(), POLLIN, 0}, {stops.descriptor(), POLLIN, 0}};
    const int ready = ::poll(polled, 2, kMilliseconds);
    if ((polled[0].revents & POLLIN) != 0) break;
    if (ready == 0) {
      if (++idle == 1) ::kill(stage_, has_numbers_ ? SIGKILL : SIGTERM);
      continue;
    }
    if ((polled[1].revents & POLLIN) == 0) continue;
    if (const auto call = stops.receive()) (void)stops.let_go(*call);
  }
  ::kill(stage_, SIGKILL);
  (void)reap(stage_);
  stage_ = -1;
  stage_handle_.reset();
}

}  // namespace stampede
