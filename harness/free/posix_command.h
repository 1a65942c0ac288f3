// Runs one command for a worker: starts it, reads what it says, and sees to its end.
#ifndef STAMPEDE_FREE_POSIX_COMMAND_H
#define STAMPEDE_FREE_POSIX_COMMAND_H

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/free/posix_leaks.h"
#include "harness/plan/run_facts.h"

namespace stampede {

struct CommandLine {
  std::vector<std::string> argv;         // the first is sought in PATH
  std::vector<std::string> environment;  // "NAME=value"; nothing else is inherited
  std::chrono::milliseconds timeout{20'000};
};

// Of standard output and error together; who writes more is killed.
inline constexpr std::uint64_t kCommandOutputBytesMax = 1UL << 20;

struct CommandRun {
  CommandRecord record;
  std::string output;  // standard output, whole where the command was not killed
};

// Standard input is empty. The command stays in the caller's process group, so that whoever kills that kills it too,
// and dies with the caller. One that is killed for its time or its output takes all that it started with it; what it
// started and left alive when it ended by itself is for the caller's parent to find. Returns when the command has
// ended, though others may still hold its output.
// REQUIRES: a calling thread that is the only one; `orphanage` was made in this process, which started nothing else.
CommandRun run_command(const CommandLine& command, const PosixOrphanage& orphanage);

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_COMMAND_H
