// Runs worker processes together: starts them, holds them at a barrier, collects what they say, and reaps every one.
#ifndef STAMPEDE_FREE_POSIX_CREW_H
#define STAMPEDE_FREE_POSIX_CREW_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/plan/run_facts.h"

namespace stampede {

// A worker finds its specification on standard input, the barrier on descriptor 3 and its report's pipe on 4. It writes
// 'R' to 4 when it is ready, waits for the end of 3, works, writes its report to 4, and exits. Other descriptors are
// closed. Standard output and error go to the harness, which keeps the beginning.
inline constexpr int kBarrierDescriptor = 3;
inline constexpr int kReportDescriptor = 4;
inline constexpr char kReadyMark = 'R';
// Between the mark and its report a worker may write 'W', each time that it begins to wait for another process.
inline constexpr char kWaitingMark = 'W';

class PosixZygote;

struct WorkerCommand {
  std::vector<std::string> arguments;  // the first is the name it gets; a fork needs none
  std::string specification;
};

struct CrewOptions {
  std::string program = "/proc/self/exe";
  PosixZygote* zygote = nullptr;               // forks the workers instead of executing `program`; outlives the call
  std::chrono::milliseconds timeout{60'000};   // to be ready, and again from the barrier to the exit
  std::size_t report_bytes_max = 4UL << 20;    // what is beyond is dropped, and the report does not count
  std::size_t output_bytes_kept = 16UL << 10;  // of standard output and error
  int interrupt_descriptor = -1;               // readable: kill all and come back
  // Asked from time to time while the crew works, with the number of members that said they wait: who is to be killed
  // now, by index. What is killed so ends for `killed_by_plan`.
  std::function<std::vector<std::size_t>(std::size_t waiting)> victims = nullptr;
};

struct CrewMember {
  ProcessRecord record;  // without a parsed report
  std::string report;    // as it came, without the mark
};

struct CrewResult {
  std::vector<CrewMember> members;     // one a command, in order
  std::uint64_t leaked_processes = 0;  // of the workers' groups, or left to us by workers that ended
  bool interrupted = false;
  MachineTime began_at{};     // before the first start
  MachineTime released_at{};  // the barrier opened
  MachineTime ended_at{};     // the last exit was seen
};

// Returns when every process that was started is reaped, whatever happened. Each has a process group of its own and is
// killed by the kernel when the calling thread ends (PR_SET_PDEATHSIG), so that none outlives the harness.
// REQUIRES: commands have at least one argument. Linux 5.9.
CrewResult run_crew(const std::vector<WorkerCommand>& commands, const CrewOptions& options);

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_CREW_H
