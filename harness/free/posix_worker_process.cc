// Forks, executes, watches and reaps one worker (Linux: pidfd).
#include "harness/free/posix_worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "harness/free/posix_zygote.h"
#include "harness/free/tracker.h"

namespace stampede {
namespace {

constexpr char kNotExecutedMark = 'X';  // followed by the errno

// Between vfork and exec, in our memory: only system calls, nothing that allocates or that we look at afterwards.
[[noreturn]] void become_worker(const char* program, char* const* arguments, const WorkerDescriptors& descriptors,
                                pid_t parent) {
  detach_from(parent);
  if (place_descriptors(descriptors)) ::execv(program, arguments);
  const int error = errno;
  char message[1 + sizeof(error)] = {kNotExecutedMark};
  std::memcpy(message + 1, &error, sizeof(error));
  [[maybe_unused]] const ssize_t count = ::write(kReportDescriptor, message, sizeof(message));
  ::_exit(127);
}

pid_t execute(const WorkerCommand& command, const std::string& program, const WorkerDescriptors& descriptors) {
  std::vector<char*> arguments;
  for (const std::string& argument : command.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const char* const path = program.c_str();
  char* const* const values = arguments.data();
  const pid_t parent = ::getpid();
  // Not fork: copying the tables of a harness that holds models in memory would cost more than the rest of the start.
  const pid_t pid = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (pid == 0) become_worker(path, values, descriptors, parent);
  return pid;
}

std::chrono::nanoseconds duration_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

PosixWorkerProcess::PosixWorkerProcess(const WorkerCommand& command, const CrewOptions& options, int barrier)
    : report_bytes_max_(options.report_bytes_max), output_bytes_kept_(options.output_bytes_kept) {
  start(command, options, barrier);
  if (!is_started() && member_.record.problem.empty()) {
    member_.record.problem = "start: " + std::string(std::strerror(errno));
  }
}

pid_t PosixWorkerProcess::make_process(const WorkerCommand& command, const CrewOptions& options,
                                       const WorkerDescriptors& descriptors) {
  if (options.zygote == nullptr) return execute(command, options.program, descriptors);
  const modelcache::Result<pid_t> forked = options.zygote->fork_worker(ForkKind::worker, descriptors);
  if (forked) return *forked;
  member_.record.problem = forked.error().message();
  return -1;
}

void PosixWorkerProcess::start(const WorkerCommand& command, const CrewOptions& options, int barrier) {
  member_.record.started_at = machine_now();
  const PosixDescriptor specification = file_with(command.specification);
  if (!specification.is_open()) return;
  PosixPipe report = make_pipe();
  PosixPipe output = make_pipe();
  if (!report.read.is_open() || !output.read.is_open()) return;
  const WorkerDescriptors descriptors{specification.get(), output.write.get(), barrier, report.write.get()};
  const pid_t pid = make_process(command, options, descriptors);
  if (pid < 0) return;
  pid_ = pid;
  ::setpgid(pid, pid);  // whoever is first; fails once it has executed, which it did for itself then
  process_ = PosixDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  ::fcntl(report.read.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(output.read.get(), F_SETFL, O_NONBLOCK);
  report_pipe_ = std::move(report.read);
  output_pipe_ = std::move(output.read);
  if (!process_.is_open()) give_up_watching();
}

// Out of descriptors: what cannot be watched must not run.
void PosixWorkerProcess::give_up_watching() {
  member_.record.problem = "watch: " + std::string(std::strerror(errno));
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  note_exit();
  reap();
  member_.record.reason = ExitReason::not_started;
  pid_ = -1;
}

PosixWorkerProcess::~PosixWorkerProcess() {
  if (!is_started() || is_reaped_ || !process_.is_open()) return;
  kill(ExitReason::interrupted);
  note_exit();
  reap();
}

void PosixWorkerProcess::take_report(std::string_view bytes) {
  if (bytes.empty()) return;
  if (report_bytes_ == 0) {
    if (bytes.front() == kReadyMark) is_ready_ = true;
    if (bytes.front() != kReadyMark && bytes.front() != kNotExecutedMark) {
      member_.record.problem = "what it reported is no report";
    }
  }
  report_bytes_ += bytes.size();
  std::string& report = member_.report;
  // Marks come one by one, before the report itself.
  while (is_ready_ && report.size() == 1 && !bytes.empty() && bytes.front() == kWaitingMark) {
    is_waiting_ = true;
    bytes.remove_prefix(1);
  }
  const std::size_t room = report_bytes_max_ - std::min(report_bytes_max_, report.size());
  report.append(bytes.substr(0, room));
  if (bytes.size() > room) {
    member_.record.problem = "its report is longer than " + std::to_string(report_bytes_max_) + " bytes";
  }
}

bool PosixWorkerProcess::read_report() {
  char buffer[64 * 1024];
  const ssize_t count = ::read(report_pipe_.get(), buffer, sizeof(buffer));
  if (count > 0) {
    // The first mark alone: those that follow it are looked at one by one.
    std::string_view bytes(buffer, static_cast<std::size_t>(count));
    const std::size_t first = report_bytes_ == 0 ? 1 : 0;
    take_report(bytes.substr(0, first));
    take_report(bytes.substr(first));
    return true;
  }
  return count < 0 && (errno == EAGAIN || errno == EINTR);
}

bool PosixWorkerProcess::read_output() {
  char buffer[64 * 1024];
  const ssize_t count = ::read(output_pipe_.get(), buffer, sizeof(buffer));
  if (count > 0) {
    const auto size = static_cast<std::size_t>(count);
    member_.record.output_bytes += size;
    std::string& output = member_.record.output;
    output.append(buffer, std::min(size, output_bytes_kept_ - std::min(output_bytes_kept_, output.size())));
    return true;
  }
  return count < 0 && (errno == EAGAIN || errno == EINTR);
}

void PosixWorkerProcess::note_exit() {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  has_exited_ = true;
  // A group member that lives on may keep the pipes open and write for ever: only what is there now is taken.
  constexpr int kReadsMax = 256;
  for (int i = 0; i < kReadsMax; ++i) {
    const std::uint64_t before = report_bytes_;
    read_report();
    if (report_bytes_ == before) break;
  }
  for (int i = 0; i < kReadsMax; ++i) {
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
  rusage usage{};
  pid_t reaped = -1;
  while ((reaped = ::wait4(pid_, &status, 0, &usage)) < 0 && errno == EINTR) {
  }
  is_reaped_ = true;
  report_pipe_.close();
  output_pipe_.close();
  process_.close();
  ProcessRecord& record = member_.record;
  record.reaped = reaped == pid_;
  if (record.reaped) {
    // Not ru_maxrss: it begins with what the harness itself had in memory when it made the process.
    record.cpu_time = duration_of(usage.ru_utime) + duration_of(usage.ru_stime);
  }
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
