// The zygote's own process, the stage, and the process that starts the commands of a planned one.
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "harness/live/command_filter.h"
#include "harness/live/command_zygote.h"
#include "harness/live/command_zygote_wire.h"
#include "harness/live/descriptor_message.h"

namespace stampede {
namespace {

constexpr int kSocket = kHandOverFd;
constexpr int kListener = kHandOverFd + 1;
constexpr rlim_t kDescriptorsOfCommands = 1024;

long mark(CommandMark what, std::uint64_t first = 0, std::uint64_t second = 0) {
  return ::syscall(kMarkCall, kCommandMark, what, first, second);
}

bool send_reply(const CommandZygoteReply& reply, int descriptor) { return send_message(kSocket, reply, descriptor); }

bool write_text(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  const bool is_written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  return is_written;
}

// Who is not root may make a namespace of process numbers only in one of users, in which he stays who he is.
void enter_user_namespace() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (user == 0 || ::unshare(CLONE_NEWUSER) != 0) return;
  const auto same = [](unsigned id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; };
  (void)write_text("/proc/self/setgroups", "deny");
  (void)write_text("/proc/self/uid_map", same(user));
  (void)write_text("/proc/self/gid_map", same(group));
}

// -- one command -----------------------------------------------------------------------------------------------------

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

// posix_spawn(3) copies no page tables, which takes longer than all else here. 0, or why there is no child.
int start(const StageCommand& command, pid_t& child) {
  std::vector<char*> arguments = pointers(command.arguments), environment = pointers(command.environment);
  posix_spawn_file_actions_t actions;
  if (const int error = ::posix_spawn_file_actions_init(&actions)) return error;
  constexpr int kOutputFlags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, command.output.c_str(), kOutputFlags, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  ::posix_spawn_file_actions_addchdir_np(&actions, command.directory.c_str());
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  char** const before = std::exchange(environ, environment.data());  // its PATH is the one that counts
  const int error = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environment.data());
  environ = before;
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

[[noreturn]] void be_planned_process(std::uint32_t number, unsigned umask, const ProcessSlots& slots) {
  const std::vector<StageCommand> commands = read_commands(slots.job(number));
  ::umask(static_cast<mode_t>(umask));
  rlimit descriptors{};
  (void)::getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = std::min(kDescriptorsOfCommands, descriptors.rlim_max);
  (void)::setrlimit(RLIMIT_NOFILE, &descriptors);
  mark(CommandMark::hello, number);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    mark(CommandMark::begins, i);
    pid_t child = -1;
    int status = 127 << 8;
    if (const int error = start(commands[i], child)) {
      mark(CommandMark::failed, static_cast<std::uint64_t>(error));
    } else {
      (void)::waitpid(child, &status, 0);
    }
    mark(CommandMark::ends, i, static_cast<std::uint64_t>(status));
  }
  ::_exit(0);
}

// -- the stage -------------------------------------------------------------------------------------------------------

long wait_unseen() { return ::syscall(SYS_wait4, -1, nullptr, __WALL, nullptr); }

[[noreturn]] void end_unseen() {
  for (;;) (void)::syscall(SYS_exit_group, kUnseenExit);
}

// All children, then those that these leave behind, until there is nobody. Nobody answers stopped calls any more, so it
// makes none.
void end_descendants(int) {
  for (;;) {
    char text[4096];
    (void)::lseek(kChildrenFd, 0, SEEK_SET);
    const ssize_t size = ::read(kChildrenFd, text, sizeof text - 1);
    text[std::max<ssize_t>(size, 0)] = '\0';
    for (char* at = text; *at != '\0';) {
      char* end = nullptr;
      const long child = std::strtol(at, &end, 10);
      if (end == at) break;
      at = end + std::strspn(end, " ");
      const auto handle = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
      (void)::syscall(SYS_pidfd_send_signal, handle, SIGKILL, nullptr, 0);
      (void)::syscall(SYS_close_range, handle, handle, 0);
    }
    if (wait_unseen() < 0) end_unseen();
  }
}

[[noreturn]] void be_stage(const StageRequest& request, bool has_numbers, const ProcessSlots& slots) {
  (void)::setsid();  // a terminal's signals are for the supervisor
  if (!has_numbers) {
    struct sigaction action{};
    action.sa_handler = end_descendants;
    (void)::sigaction(SIGTERM, &action, nullptr);
    (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const std::string list = "/proc/self/task/" + std::to_string(::gettid()) + "/children";
    const int children = ::open(list.c_str(), O_RDONLY | O_CLOEXEC);
    (void)::dup3(children, kChildrenFd, O_CLOEXEC);
  }
  (void)::prctl(PR_SET_PDEATHSIG, has_numbers ? SIGKILL : SIGTERM);
  pollfd socket{kSocket, 0, 0};
  if (::poll(&socket, 1, 0) != 0) end_unseen();  // the supervisor is gone already
  for (std::uint32_t i = 0; i < request.processes; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (!has_numbers) (void)::signal(SIGTERM, SIG_DFL);
      (void)::syscall(SYS_close_range, kSocket, kChildrenFd, 0);
      be_planned_process(i, request.umasks[i], slots);
    }
  }
  for (;;) {
    if (wait_unseen() < 0 && errno != EINTR) end_unseen();
  }
}

// A sibling of the zygote: a child of the supervisor.
pid_t fork_stage(bool& has_numbers) {
  clone_args arguments{};
  arguments.flags = CLONE_PARENT | CLONE_NEWPID;
  has_numbers = true;
  auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid >= 0) return pid;
  arguments.flags = CLONE_PARENT;
  has_numbers = false;
  pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  return pid;
}

// The supervisor is gone, and its death ends the stage. Until that is over calls stay stopped: the listener is kept. No
// call that would be stopped itself.
void await_end(int stage) {
  constexpr int kLooks = 200'000;
  for (int i = 0; i < kLooks && ::syscall(SYS_pidfd_send_signal, stage, 0, nullptr, 0) == 0; ++i) ::sched_yield();
}

}  // namespace

int run_command_zygote() {
  auto slots = ProcessSlots::map(OwnedFd(kCommandSlotsFd));
  if (!slots) return 2;  // not started by a supervisor
  slots->close_descriptor();
  rlimit descriptors{};
  (void)::getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &descriptors);
  if (::dup3(kCommandSocketFd, kSocket, O_CLOEXEC) != kSocket) return 2;
  ::close(kCommandSocketFd);
  enter_user_namespace();
  // It ends when its socket does, a little after the supervisor, so that calls stay stopped until all are dead.
  (void)::prctl(PR_SET_PDEATHSIG, 0);
  const auto listener = install_command_filter();
  if (!listener) {
    send_reply({.error = errno, .failed = 1}, -1);
    return 3;
  }
  if (!send_reply({}, *listener)) end_unseen();
  if (::dup3(*listener, kListener, O_CLOEXEC) != kListener) end_unseen();
  (void)::syscall(SYS_close_range, *listener, *listener, 0);
  StageRequest request;
  int stage = -1;  // the last one
  while (::read(kSocket, &request, sizeof request) > 0) {
    CommandZygoteReply reply;
    bool has_numbers = false;
    reply.pid = fork_stage(has_numbers);
    if (reply.pid == 0) be_stage(request, has_numbers, *slots);
    reply.error = reply.pid < 0 ? errno : 0;
    if (stage >= 0) (void)::syscall(SYS_close_range, stage, stage, 0);
    stage = reply.pid < 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, reply.pid, 0));
    reply.has_numbers = has_numbers ? 1 : 0;
    if (!send_reply(reply, -1)) break;
  }
  await_end(stage);
  end_unseen();
}

}  // namespace stampede
