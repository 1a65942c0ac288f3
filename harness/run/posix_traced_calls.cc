// Starts strace with a pipe, pinned to a core or not.
#include "harness/run/posix_traced_calls.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <vector>

#include "harness/free/posix_scratch_directory.h"

namespace stampede {
namespace {

using std::chrono::nanoseconds;

// What the program says on its output. Nothing where it cannot be started, or fails.
std::optional<std::string> output_of(std::vector<std::string> arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const bool has_started = ::posix_spawnp(&pid, raw[0], &actions, nullptr, raw.data(), environ) == 0;
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string text;
  std::array<char, 256> piece;
  ssize_t size = 0;
  while (has_started && ((size = ::read(ends[0], piece.data(), piece.size())) > 0 || (size < 0 && errno == EINTR))) {
    if (size > 0) text.append(piece.data(), static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  if (!has_started) return std::nullopt;
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return text;
}

std::optional<nanoseconds> time_once(const std::string& program, std::string_view kind, std::uint64_t count) {
  const auto scratch = PosixScratchDirectory::make();
  if (!scratch) return std::nullopt;
  const auto text = output_of({"strace", "-f", "--seccomp-bpf", "-e", "trace=pread64,newfstatat", "-o", "/dev/null",
                               program, "live-calls", scratch->path(), std::string(kind), std::to_string(count)});
  if (!text) return std::nullopt;
  std::int64_t time = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), time);
  if (error != std::errc() || time <= 0) return std::nullopt;
  return nanoseconds(time);
}

}  // namespace

std::optional<nanoseconds> time_traced_calls(const std::string& program, std::string_view kind, std::uint64_t count) {
  const std::optional<nanoseconds> free = time_once(program, kind, count);
  cpu_set_t before, one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(std::max(0, ::sched_getcpu())), &one);
  if (!free || ::sched_getaffinity(0, sizeof before, &before) != 0) return free;
  if (::sched_setaffinity(0, sizeof one, &one) != 0) return free;
  const std::optional<nanoseconds> pinned = time_once(program, kind, count);
  (void)::sched_setaffinity(0, sizeof before, &before);
  return pinned && *pinned < *free ? pinned : free;
}

}  // namespace stampede
