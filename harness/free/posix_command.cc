// Forks, executes, listens to and reaps one command (Linux: pidfd, parent-death signal).
#include "harness/free/posix_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "harness/free/posix_descriptor.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLastOutputBytes = 600;

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

class RunningCommand {
 public:
  explicit RunningCommand(const PosixOrphanage& orphanage)
      : orphanage_(orphanage), output_(make_pipe()), errors_(make_pipe()), trouble_(make_pipe()) {}

  CommandRun run(const CommandLine& command) {
    start(command);
    output_.write.close();
    errors_.write.close();
    trouble_.write.close();
    if (pid_ > 0) {
      if (process_.is_open()) {
        listen(Clock::now() + command.timeout);
      } else {
        end_all(CommandEnd::not_started);  // what cannot be watched must not run
      }
      reap();
    }
    run_.record.last_output = last_.substr(last_.size() - std::min(last_.size(), kLastOutputBytes));
    return std::move(run_);
  }

 private:
  void start(const CommandLine& command) {
    const PosixDescriptor nothing = lifted(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    std::vector<char*> argv = pointers_to(command.argv);
    std::vector<char*> environment = pointers_to(command.environment);
    const bool is_possible =
        nothing.is_open() && output_.read.is_open() && errors_.read.is_open() && trouble_.read.is_open();
    const pid_t parent = ::getpid();
    pid_ = is_possible ? ::fork() : -1;
    if (pid_ == 0) become(nothing.get(), argv.data(), environment.data(), parent);
    if (pid_ < 0) run_.record.value = errno;
    if (pid_ <= 0) return;
    process_ = PosixDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    for (const PosixPipe* pipe : {&output_, &errors_}) ::fcntl(pipe->read.get(), F_SETFL, O_NONBLOCK);
  }

  // Between fork and exec: only calls that are safe there, nothing that allocates.
  [[noreturn]] void become(int input, char* const* argv, char* const* environment, pid_t parent) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    if (::dup2(input, STDIN_FILENO) >= 0 && ::dup2(output_.write.get(), STDOUT_FILENO) >= 0 &&
        ::dup2(errors_.write.get(), STDERR_FILENO) >= 0) {
      ::execvpe(argv[0], argv, environment);
    }
    const int error = errno;
    [[maybe_unused]] const ssize_t count = ::write(trouble_.write.get(), &error, sizeof(error));
    ::_exit(127);
  }

  void listen(Clock::time_point deadline) {
    pollfd polled[] = {{process_.get(), POLLIN, 0}, {output_.read.get(), POLLIN, 0}, {errors_.read.get(), POLLIN, 0}};
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      if (left.count() <= 0) return end_all(CommandEnd::timed_out);
      const int ready =
          ::poll(polled, std::size(polled), static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
      if (ready < 0 && errno == EINTR) continue;
      if (ready < 0) return end_all(CommandEnd::not_started);
      if ((polled[1].revents != 0) && !take(output_.read, &run_.output)) polled[1].fd = -1;
      if ((polled[2].revents != 0) && !take(errors_.read, nullptr)) polled[2].fd = -1;
      if (run_.record.output_bytes > kCommandOutputBytesMax) return end_all(CommandEnd::talked_too_much);
      if (polled[0].revents == 0) continue;
      return take_rest();
    }
  }

  // False at the end.
  bool take(const PosixDescriptor& pipe, std::string* output) {
    char buffer[16 * 1024];
    const ssize_t count = ::read(pipe.get(), buffer, sizeof(buffer));
    if (count <= 0) return count < 0 && (errno == EAGAIN || errno == EINTR);
    const std::string_view bytes(buffer, static_cast<std::size_t>(count));
    run_.record.output_bytes += bytes.size();
    if (output != nullptr) output->append(bytes);
    last_.append(bytes);
    if (last_.size() > 2 * sizeof(buffer)) last_.erase(0, last_.size() - kLastOutputBytes);
    return true;
  }

  // What stands in the pipes once the command has ended; who still holds them may write for ever.
  void take_rest() {
    for (const bool is_output : {true, false}) {
      const PosixDescriptor& pipe = is_output ? output_.read : errors_.read;
      for (std::uint64_t before = ~0ULL;
           before != run_.record.output_bytes && run_.record.output_bytes <= kCommandOutputBytesMax;) {
        before = run_.record.output_bytes;
        take(pipe, is_output ? &run_.output : nullptr);
      }
    }
    if (run_.record.output_bytes > kCommandOutputBytesMax) end_all(CommandEnd::talked_too_much);
  }

  // Kills the command and all that it started.
  void end_all(CommandEnd end) {
    killed_for_ = end;
    ::kill(pid_, SIGKILL);
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    static_cast<void>(orphanage_.end_leaked_processes({pid_}));
  }

  void reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    CommandRecord& record = run_.record;
    record.value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    record.end = WIFSIGNALED(status) ? CommandEnd::signalled : CommandEnd::exited;
    if (killed_for_) record.end = *killed_for_;
    int error = 0;
    if (::read(trouble_.read.get(), &error, sizeof(error)) != sizeof(error)) return;
    record.end = CommandEnd::not_started;
    record.value = error;
  }

  const PosixOrphanage& orphanage_;
  PosixPipe output_, errors_, trouble_;
  PosixDescriptor process_;
  pid_t pid_ = -1;
  std::optional<CommandEnd> killed_for_;
  CommandRun run_;
  std::string last_;
};

}  // namespace

CommandRun run_command(const CommandLine& command, const PosixOrphanage& orphanage) {
  return RunningCommand(orphanage).run(command);
}

}  // namespace stampede
