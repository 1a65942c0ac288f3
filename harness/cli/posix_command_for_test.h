// A `stampede` that a test runs and reads.
#ifndef STAMPEDE_CLI_POSIX_COMMAND_FOR_TEST_H
#define STAMPEDE_CLI_POSIX_COMMAND_FOR_TEST_H

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "harness/free/directory_for_test.h"
#include "harness/live/live_skip_for_test.h"

namespace stampede {

// What this machine cannot do is no failure of a test.
inline constexpr int kCannotRunHere = 3;

// Takes the place of this process.
[[noreturn]] inline void execute_stampede(std::vector<std::string> arguments,
                                          const std::string& program = STAMPEDE_PROGRAM) {
  std::vector<char*> list = {const_cast<char*>("stampede")};
  for (std::string& argument : arguments) list.push_back(argument.data());
  list.push_back(nullptr);
  ::execv(program.c_str(), list.data());
  ::_exit(127);
}

// A `stampede` with its temporary files in a directory of their own.
// In a child of `test`, before it executes a program: it dies when the test does, whatever it ignores and however that
// comes.
inline void die_with(pid_t test) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != test) ::_exit(125);
}

// A `stampede` with its temporary files in a directory of their own. It ends with this at the latest.
class RunningCommand {
 public:
  enum class Heard { output, output_and_errors, errors };
  // `prepare` is called before it is executed, in its process.
  RunningCommand(std::vector<std::string> arguments, const std::string& scratch, Heard heard = Heard::output,
                 bool (*prepare)() = nullptr, const std::string& program = STAMPEDE_PROGRAM) {
    int output[2];
    if (::pipe2(output, O_CLOEXEC) != 0) return;
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // what it leaves behind becomes ours, and can be seen
    const pid_t test = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setenv("TMPDIR", scratch.c_str(), 1);
      ::dup2(heard == Heard::errors ? ::open("/dev/null", O_WRONLY | O_CLOEXEC) : output[1], STDOUT_FILENO);
      if (heard != Heard::output) ::dup2(output[1], STDERR_FILENO);
      if (prepare != nullptr && !prepare()) ::_exit(126);
      die_with(test);  // last, since the kernel forgets it where rights change
      execute_stampede(std::move(arguments), program);
    }
    ::close(output[1]);
    output_ = output[0];
  }
  ~RunningCommand() {
    signal(SIGKILL);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    ::close(output_);
  }
  RunningCommand(const RunningCommand&) = delete;
  RunningCommand& operator=(const RunningCommand&) = delete;

  // Until it was waited for.
  void signal(int signal) const {
    if (pid_ > 0) ::kill(pid_, signal);
  }

  // Returns once it takes that signal itself, or has ended.
  void await_handler(int signal) const {
    const std::string file = "/proc/" + std::to_string(pid_) + "/status", key = "SigCgt:\t";
    siginfo_t ended{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0) {
      std::ifstream status(file);
      for (std::string line; std::getline(status, line);) {
        if (line.starts_with(key) && (std::stoull(line.substr(key.size()), nullptr, 16) >> (signal - 1) & 1) != 0)
          return;
      }
      ::sched_yield();
    }
  }

  // Reads all it says and waits for its end. Its exit status, or minus the signal.
  int wait() {
    char buffer[4096];
    ssize_t count = 0;
    while ((count = ::read(output_, buffer, sizeof(buffer))) > 0) text_.append(buffer, static_cast<std::size_t>(count));
    int status = 0;
    const pid_t pid = std::exchange(pid_, -1);
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid) return -1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string text_;
};

// Its exit status; `text` gets what it said, on standard error too where asked.
inline int run(std::vector<std::string> arguments, std::string* text = nullptr, bool with_errors = false) {
  const TestDirectory scratch;
  using Heard = RunningCommand::Heard;
  RunningCommand command(std::move(arguments), scratch.path(), with_errors ? Heard::output_and_errors : Heard::output);
  const int status = command.wait();
  if (text != nullptr) *text = command.text();
  return status;
}

// As `run`. Where that is kCannotRunHere, `why_not` gets what the command says of it: a missing program, a kernel
// without notification, a sanitizer. It stays empty where the run itself was uncontrolled.
// `needs` are programs. The test fails where it is no reason (live_skip_for_test.h).
inline int run_or_say_why(std::vector<std::string> arguments, std::string* text, std::string* why_not,
                          const std::vector<std::string>& needs = {}) {
  const int status = run(arguments, text);
  if (status != kCannotRunHere) return status;
  const TestDirectory scratch;
  RunningCommand again(std::move(arguments), scratch.path(), RunningCommand::Heard::errors);
  again.wait();
  *why_not = again.text();
  while (why_not->ends_with('\n')) why_not->pop_back();
  if (!why_not->empty()) (void)not_live_here(*why_not, needs);
  return status;
}

}  // namespace stampede

#endif  // STAMPEDE_CLI_POSIX_COMMAND_FOR_TEST_H
