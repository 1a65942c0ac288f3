// Starts curl with an empty environment, its input in a file and its output in a pipe.
#include "harness/faults/posix_curl.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace stampede {
namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::abort();
}

}  // namespace

CurlRun run_curl(const std::vector<std::string>& arguments, const std::string& input) {
  std::vector<std::string> words = {"curl", "-q", "--noproxy", "*", "--silent"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  char* const environment[] = {nullptr};

  std::FILE* const given = std::tmpfile();
  if (given == nullptr || std::fwrite(input.data(), 1, input.size(), given) != input.size()) give_up("input for curl");
  std::rewind(given);
  int output[2];
  if (::pipe2(output, O_CLOEXEC) != 0) give_up("pipe for curl");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ::fileno(given), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  pid_t process = -1;
  const int error = posix_spawnp(&process, "curl", &actions, nullptr, argv.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  std::fclose(given);
  ::close(output[1]);
  if (error != 0) {
    errno = error;
    give_up("start curl (scripts/setup.sh installs it)");
  }

  CurlRun run;
  char buffer[65536];
  for (ssize_t count = 0; (count = ::read(output[0], buffer, sizeof(buffer))) > 0;) {
    run.body.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(output[0]);
  int status = 0;
  if (::waitpid(process, &status, 0) != process) give_up("wait for curl");
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

}  // namespace stampede
