// Spawns programs that end at once (posix_spawn(3)).
#include "harness/free/posix_bare_start.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <vector>

extern char** environ;

namespace stampede {

std::optional<double> measure_bare_starts(const std::string& program, std::size_t count) {
  using Clock = std::chrono::steady_clock;
  char name[] = "stampede";
  char command[] = "worker";
  char option[] = "--exit";
  char* const arguments[] = {name, command, option, nullptr};
  std::vector<pid_t> started;
  const Clock::time_point began = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    pid_t pid = -1;
    if (::posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments, environ) == 0) started.push_back(pid);
  }
  std::size_t ended_well = 0;
  for (const pid_t pid : started) {
    int status = 0;
    pid_t reaped = -1;
    while ((reaped = ::waitpid(pid, &status, 0)) < 0 && errno == EINTR) {
    }
    ended_well += reaped == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : 0;
  }
  if (ended_well != count) return std::nullopt;
  return std::chrono::duration<double>(Clock::now() - began).count();
}

}  // namespace stampede
