// Forks, executes, watches and reaps one worker (Linux: pidfd, close_range, parent-death signal).
#include "harness/free/posix_worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace stampede {
namespace {

constexpr int kLowestOwnDescriptor = 10;  // above those that a worker is given
constexpr char kNotExecutedMark = 'X';    // followed by the errno

// Moves a new descriptor out of the way of those that dup2 will make.
PosixDescriptor lifted(int descriptor) {
  if (descriptor < 0) return {};
  const int lifted_descriptor = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kLowestOwnDescriptor);
  ::close(descriptor);
  return PosixDescriptor(lifted_descriptor);
}

// A file without a name that holds `text`, at its beginning. No pipe: a worker that never reads cannot block us.
PosixDescriptor file_with(const std::string& text) {
  PosixDescriptor file = lifted(::memfd_create("specification", MFD_CLOEXEC));
  if (!file.is_open()) return file;
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(file.get(), text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return {};
    written += static_cast<std::size_t>(count);
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return {};
  return file;
}

struct ChildDescriptors {
  int specification, output, barrier, report;
};

// Between fork and exec: only calls that are safe there, nothing that allocates.
[[noreturn]] void become_worker(const char* program, char* const* arguments, const ChildDescriptors& descriptors,
                                pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  ::setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const bool placed =
      ::dup2(descriptors.specification, STDIN_FILENO) >= 0 && ::dup2(descriptors.output, STDOUT_FILENO) >= 0 &&
      ::dup2(descriptors.output, STDERR_FILENO) >= 0 && ::dup2(descriptors.barrier, kBarrierDescriptor) >= 0 &&
      ::dup2(descriptors.report, kReportDescriptor) >= 0;
  // Sockets that libraries opened without close-on-exec would otherwise live on in the worker.
  ::syscall(SYS_close_range, kReportDescriptor + 1, ~0U, 0);
  if (placed) ::execv(program, arguments);
  const int error = errno;
  char message[1 + sizeof(error)] = {kNotExecutedMark};
  std::memcpy(message + 1, &error, sizeof(error));
  [[maybe_unused]] const ssize_t count = ::write(kReportDescriptor, message, sizeof(message));
  ::_exit(127);
}

}  // namespace

PosixDescriptor& PosixDescriptor::operator=(PosixDescriptor&& other) noexcept {
  if (this != &other) {
    close();
    value_ = other.release();
  }
  return *this;
}

void PosixDescriptor::close() {
  if (value_ >= 0) ::close(value_);
  value_ = -1;
}

int PosixDescriptor::release() { return std::exchange(value_, -1); }

PosixPipe make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  PosixPipe pipe{lifted(ends[0]), lifted(ends[1])};
  if (!pipe.read.is_open() || !pipe.write.is_open()) return {};
  return pipe;
}

PosixWorkerProcess::PosixWorkerProcess(const WorkerCommand& command, const CrewOptions& options, int barrier)
    : report_bytes_max_(options.report_bytes_max), output_bytes_kept_(options.output_bytes_kept) {
  start(command, options.program, barrier);
  if (!is_started() && member_.record.problem.empty()) {
    member_.record.problem = "start: " + std::string(std::strerror(errno));
  }
}

void PosixWorkerProcess::start(const WorkerCommand& command, const std::string& program, int barrier) {
  const PosixDescriptor specification = file_with(command.specification);
  if (!specification.is_open()) return;
  PosixPipe report = make_pipe();
  PosixPipe output = make_pipe();
  if (!report.read.is_open() || !output.read.is_open()) return;
  std::vector<char*> arguments;
  for (const std::string& argument : command.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const ChildDescriptors descriptors{specification.get(), output.write.get(), barrier, report.write.get()};
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return;
  if (pid == 0) become_worker(program.c_str(), arguments.data(), descriptors, parent);
  pid_ = pid;
  ::setpgid(pid, pid);  // whoever is first; fails once it has executed, which it did for itself then
  process_ = PosixDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  ::fcntl(report.read.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(output.read.get(), F_SETFL, O_NONBLOCK);
  report_pipe_ = std::move(report.read);
  output_pipe_ = std::move(output.read);
  if (!process_.is_open()) {  // out of descriptors: it cannot be watched
    member_.record.problem = "watch: " + std::string(std::strerror(errno));
    ::kill(-pid_, SIGKILL);
    note_exit();
    reap();
    member_.record.reason = ExitReason::not_started;
    pid_ = -1;
  }
}

PosixWorkerProcess::~PosixWorkerProcess() {
  if (!is_started() || is_reaped_ || !process_.is_open()) return;
  kill(ExitReason::interrupted);
  note_exit();
  reap();
}

void PosixWorkerProcess::take_report(const char* bytes, std::size_t size) {
  if (size == 0) return;
  if (report_bytes_ == 0) {
    if (*bytes == kReadyMark) is_ready_ = true;
    if (*bytes != kReadyMark && *bytes != kNotExecutedMark) member_.record.problem = "what it reported is no report";
  }
  report_bytes_ += size;
  const std::size_t room = report_bytes_max_ - std::min(report_bytes_max_, member_.report.size());
  member_.report.append(bytes, std::min(size, room));
  if (size > room) {
    member_.record.problem = "its report is longer than " + std::to_string(report_bytes_max_) + " bytes";
  }
}

void PosixWorkerProcess::read_report() {
  char buffer[64 * 1024];
  const ssize_t count = ::read(report_pipe_.get(), buffer, sizeof(buffer));
  if (count > 0) return take_report(buffer, static_cast<std::size_t>(count));
  if (count == 0 || (errno != EAGAIN && errno != EINTR)) report_pipe_.close();
}

void PosixWorkerProcess::read_output() {
  char buffer[64 * 1024];
  const ssize_t count = ::read(output_pipe_.get(), buffer, sizeof(buffer));
  if (count > 0) {
    const auto size = static_cast<std::size_t>(count);
    member_.record.output_bytes += size;
    std::string& output = member_.record.output;
    output.append(buffer, std::min(size, output_bytes_kept_ - std::min(output_bytes_kept_, output.size())));
    return;
  }
  if (count == 0 || (errno != EAGAIN && errno != EINTR)) output_pipe_.close();
}

void PosixWorkerProcess::note_exit() {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  has_exited_ = true;
  // A group member that lives on may keep the pipes open and write for ever: only what is there now is taken.
  constexpr int kReadsMax = 256;
  for (int i = 0; i < kReadsMax && report_pipe_.is_open(); ++i) {
    const std::uint64_t before = report_bytes_;
    read_report();
    if (report_bytes_ == before) break;
  }
  for (int i = 0; i < kReadsMax && output_pipe_.is_open(); ++i) {
    const std::uint64_t before = member_.record.output_bytes;
    read_output();
    if (member_.record.output_bytes == before) break;
  }
}

void PosixWorkerProcess::kill(ExitReason reason) {
  if (!is_started() || is_reaped_) return;
  if (!has_exited_) killed_for_ = reason;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // before it had a group
}

void PosixWorkerProcess::reap() {
  if (!is_started() || is_reaped_) return;
  int status = 0;
  pid_t reaped = -1;
  while ((reaped = ::waitpid(pid_, &status, 0)) < 0 && errno == EINTR) {
  }
  is_reaped_ = true;
  report_pipe_.close();
  output_pipe_.close();
  ProcessRecord& record = member_.record;
  record.reaped = reaped == pid_;
  record.reason = WIFSIGNALED(status) ? ExitReason::signalled : ExitReason::exited;
  record.exit_value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  if (WIFSIGNALED(status) && killed_for_ != ExitReason::exited) record.reason = killed_for_;
  const std::string& report = member_.report;
  int error = 0;
  if (report.size() == 1 + sizeof(error) && report[0] == kNotExecutedMark && record.exit_value == 127) {
    std::memcpy(&error, report.data() + 1, sizeof(error));
    record.reason = ExitReason::not_started;
    record.problem = "execute: " + std::string(std::strerror(error));
    member_.report.clear();
  } else if (report.empty()) {
    record.problem = "it was never ready";
  } else if (report.size() == 1 && record.problem.empty()) {
    record.problem = "it sent no report";
  }
}

CrewMember PosixWorkerProcess::take_member() {
  if (!member_.report.empty()) member_.report.erase(0, 1);
  return std::move(member_);
}

}  // namespace stampede
