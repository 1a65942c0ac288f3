// One worker process as its parent holds it: how it is started, watched, killed and reaped.
#ifndef STAMPEDE_FREE_POSIX_WORKER_PROCESS_H
#define STAMPEDE_FREE_POSIX_WORKER_PROCESS_H

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "harness/free/posix_crew.h"

namespace stampede {

// Closes its descriptor; owned by one thread.
class PosixDescriptor {
 public:
  PosixDescriptor() = default;
  explicit PosixDescriptor(int value) : value_(value) {}
  PosixDescriptor(PosixDescriptor&& other) noexcept : value_(other.release()) {}
  PosixDescriptor& operator=(PosixDescriptor&& other) noexcept;
  ~PosixDescriptor() { close(); }
  void close();
  int release();
  [[nodiscard]] int get() const { return value_; }
  [[nodiscard]] bool is_open() const { return value_ >= 0; }

 private:
  int value_ = -1;
};

// A pipe whose ends are close-on-exec and above the numbers that workers use. Both closed when there is none to be had.
struct PosixPipe {
  PosixDescriptor read, write;
};
PosixPipe make_pipe();

// Owned by one thread. Kills and reaps what it started at the latest in its destructor.
class PosixWorkerProcess {
 public:
  // `barrier` is the end that the worker waits on. Failures are kept: `record().problem`.
  PosixWorkerProcess(const WorkerCommand& command, const CrewOptions& options, int barrier);
  PosixWorkerProcess(PosixWorkerProcess&&) = default;
  ~PosixWorkerProcess();

  // To poll: -1 where there is nothing (more) to wait for.
  [[nodiscard]] int exit_descriptor() const { return has_exited_ ? -1 : process_.get(); }
  [[nodiscard]] int report_descriptor() const { return has_exited_ ? -1 : report_pipe_.get(); }
  [[nodiscard]] int output_descriptor() const { return has_exited_ ? -1 : output_pipe_.get(); }

  // Takes what is there. REQUIRES: the descriptor is readable.
  void read_report();
  void read_output();

  // Notes the exit and takes what is still in the pipes. The process stays a zombie, so that its group keeps its
  // number, and the pipes stay open, since closing them could end what it left behind before that is counted.
  void note_exit();
  // Ends it and its group. `reason` becomes its exit reason.
  void kill(ExitReason reason);
  // REQUIRES: has exited, or was never started.
  void reap();

  [[nodiscard]] bool is_started() const { return pid_ > 0; }
  [[nodiscard]] bool has_exited() const { return has_exited_; }
  [[nodiscard]] bool is_ready_or_gone() const { return !is_started() || has_exited_ || is_ready_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  CrewMember take_member();

 private:
  void start(const WorkerCommand& command, const std::string& program, int barrier);
  void take_report(const char* bytes, std::size_t size);

  CrewMember member_;
  std::size_t report_bytes_max_ = 0;
  std::size_t output_bytes_kept_ = 0;
  std::uint64_t report_bytes_ = 0;
  pid_t pid_ = -1;
  PosixDescriptor process_, report_pipe_, output_pipe_;
  bool is_ready_ = false;
  bool has_exited_ = false;
  bool is_reaped_ = false;
  ExitReason killed_for_ = ExitReason::exited;
};

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_WORKER_PROCESS_H
