// One worker process as its parent holds it: how it is started, watched, killed and reaped.
#ifndef STAMPEDE_FREE_POSIX_WORKER_PROCESS_H
#define STAMPEDE_FREE_POSIX_WORKER_PROCESS_H

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/free/posix_crew.h"
#include "harness/free/posix_descriptor.h"
#include "harness/free/posix_worker_start.h"

namespace stampede {

// Owned by one thread. Kills and reaps what it started at the latest in its destructor.
class PosixWorkerProcess {
 public:
  // `barrier` is the end that the worker waits on. Failures are kept: `record().problem`.
  PosixWorkerProcess(const WorkerCommand& command, const CrewOptions& options, int barrier);
  PosixWorkerProcess(PosixWorkerProcess&&) = default;
  ~PosixWorkerProcess();

  // To wait on: -1 where there was nothing to begin with. They stay open until `reap`.
  [[nodiscard]] int exit_descriptor() const { return process_.get(); }
  [[nodiscard]] int report_descriptor() const { return report_pipe_.get(); }
  [[nodiscard]] int output_descriptor() const { return output_pipe_.get(); }

  // Takes what is there, if anything. False at the end: nothing more will come.
  bool read_report();
  bool read_output();

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
  // It said that it waits for another process.
  [[nodiscard]] bool is_waiting() const { return is_waiting_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  CrewMember take_member();

 private:
  void start(const WorkerCommand& command, const CrewOptions& options, int barrier);
  pid_t make_process(const WorkerCommand& command, const CrewOptions& options, const WorkerDescriptors& descriptors);
  void give_up_watching();
  void take_report(std::string_view bytes);

  CrewMember member_;
  std::size_t report_bytes_max_ = 0;
  std::size_t output_bytes_kept_ = 0;
  std::uint64_t report_bytes_ = 0;
  pid_t pid_ = -1;
  PosixDescriptor process_, report_pipe_, output_pipe_;
  bool is_ready_ = false;
  bool is_waiting_ = false;
  bool has_exited_ = false;
  bool is_reaped_ = false;
  ExitReason killed_for_ = ExitReason::exited;
};

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_WORKER_PROCESS_H
