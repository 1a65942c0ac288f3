// Starts processes with posix_spawn, pipes and pseudo-terminals.
#include "cache/command/posix_run_program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace modelcache {
namespace {

void require(bool held, const char* what) {
  if (held) return;
  std::perror(what);
  std::abort();
}

constexpr uid_t kNobody = 65534;

// While it lives, the effective user is nobody, where it was root.
class AsNobody {
 public:
  explicit AsNobody(bool wanted) : changed_(wanted && geteuid() == 0) {
    if (changed_) require(seteuid(kNobody) == 0, "seteuid");
  }
  ~AsNobody() {
    if (changed_) require(seteuid(0) == 0, "seteuid");
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  bool changed_;
};

struct Channel {
  int ours = -1;
  int theirs = -1;
};

Channel make_pipe() {
  std::array<int, 2> ends{};
  require(pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
  return {ends[0], ends[1]};
}

Channel make_terminal() {
  Channel terminal;
  terminal.ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  require(terminal.ours >= 0 && grantpt(terminal.ours) == 0 && unlockpt(terminal.ours) == 0, "posix_openpt");
  std::array<char, 128> name{};
  require(ptsname_r(terminal.ours, name.data(), name.size()) == 0, "ptsname_r");
  terminal.theirs = open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  require(terminal.theirs >= 0, "open the terminal");
  struct winsize size = {};
  size.ws_col = 60;
  size.ws_row = 24;
  require(ioctl(terminal.theirs, TIOCSWINSZ, &size) == 0, "TIOCSWINSZ");
  return terminal;
}

// Reads both until both have ended. A terminal whose other side is gone fails with EIO.
void read_both(int first, std::string& into_first, int second, std::string& into_second) {
  std::array<pollfd, 2> waiting = {pollfd{first, POLLIN, 0}, pollfd{second, POLLIN, 0}};
  const std::array<std::string*, 2> into = {&into_first, &into_second};
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    if (poll(waiting.data(), waiting.size(), -1) < 0) {
      require(errno == EINTR, "poll");
      continue;
    }
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      std::array<char, 4096> bytes{};
      const auto count = read(waiting[i].fd, bytes.data(), bytes.size());
      if (count > 0) {
        into[i]->append(bytes.data(), static_cast<std::size_t>(count));
      } else {
        waiting[i].fd = -1;  // poll ignores it from now on
      }
    }
  }
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

pid_t spawn(const std::string& program, const ProgramCall& call, int output, int errors) {
  // setpriv (util-linux) gives up the real user too: with the effective one alone the program counts as privileged, and
  // neither the loader nor a sanitizer listens to its environment then.
  std::vector<std::string> words;
  if (call.without_root && geteuid() == 0) {
    const auto id = std::to_string(kNobody);
    words = {"/usr/bin/setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups", "--"};
  }
  words.push_back(program);
  words.insert(words.end(), call.arguments.begin(), call.arguments.end());
  std::vector<std::string> variables;
  for (const auto& [name, value] : call.environment) variables.push_back(name + '=' + value);
  const auto argv = pointers(words);
  const auto envp = pointers(variables);

  posix_spawn_file_actions_t actions;
  require(posix_spawn_file_actions_init(&actions) == 0, "posix_spawn_file_actions_init");
  (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (call.output_file.empty()) {
    (void)posix_spawn_file_actions_adddup2(&actions, output, 1);
  } else {
    (void)posix_spawn_file_actions_addopen(&actions, 1, call.output_file.c_str(), O_WRONLY, 0);
  }
  (void)posix_spawn_file_actions_adddup2(&actions, errors, 2);
  if (!call.working_directory.empty()) {
    (void)posix_spawn_file_actions_addchdir_np(&actions, call.working_directory.c_str());
  }
  posix_spawnattr_t attributes;
  require(posix_spawnattr_init(&attributes) == 0, "posix_spawnattr_init");
  sigset_t all;
  (void)sigfillset(&all);
  (void)posix_spawnattr_setsigdefault(&attributes, &all);
  (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t process = -1;
  errno = posix_spawn(&process, words.front().c_str(), &actions, &attributes, argv.data(), envp.data());
  require(errno == 0, "posix_spawn");
  (void)posix_spawn_file_actions_destroy(&actions);
  (void)posix_spawnattr_destroy(&attributes);
  return process;
}

}  // namespace

ProgramRun run_program(const std::string& program, const ProgramCall& call) {
  const auto output = make_pipe();
  const auto errors = call.terminal ? make_terminal() : make_pipe();
  const auto process = spawn(program, call, output.theirs, errors.theirs);
  (void)close(output.theirs);
  (void)close(errors.theirs);
  if (call.meanwhile) call.meanwhile(process);
  ProgramRun run;
  read_both(output.ours, run.output, errors.ours, run.errors);
  (void)close(output.ours);
  (void)close(errors.ours);
  int status = 0;
  while (waitpid(process, &status, 0) < 0) require(errno == EINTR, "waitpid");
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

void send_interrupt(int process) { require(kill(process, SIGINT) == 0, "kill"); }

TemporaryDirectory::TemporaryDirectory() {
  const char* const parent = getenv("TMPDIR");
  path_ = std::string(parent == nullptr ? "/tmp" : parent) + "/modelcache-test-XXXXXX";
  require(mkdtemp(path_.data()) != nullptr, "mkdtemp");
}

// After a failure it stays, so that it can be looked at.
TemporaryDirectory::~TemporaryDirectory() {
  if (testing::Test::HasFailure()) {
    (void)std::fprintf(stderr, "kept: %s\n", path_.c_str());
    return;
  }
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

RefusingPort::RefusingPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  require(socket_ >= 0, "socket");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // The sockets interface takes and gives every kind of address as this type.
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  require(bind(socket_, generic, size) == 0 && getsockname(socket_, generic, &size) == 0, "bind");
  number_ = ntohs(address.sin_port);
}

RefusingPort::~RefusingPort() { (void)close(socket_); }

bool can_run_without_root(const std::string& program) {
  const AsNobody nobody(true);
  return eaccess(program.c_str(), X_OK) == 0;
}

void give_to_nobody(const std::string& path) {
  if (geteuid() == 0) require(chown(path.c_str(), kNobody, kNobody) == 0, "chown");
}

}  // namespace modelcache
