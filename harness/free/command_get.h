// One get by a command instead of the built-in cache, reported in the same words.
#ifndef STAMPEDE_FREE_COMMAND_GET_H
#define STAMPEDE_FREE_COMMAND_GET_H

#include <string>

#include "harness/free/posix_command.h"
#include "harness/plan/run_facts.h"

namespace stampede {

struct CommandGet {
  CommandLine line;
  std::string artifact;  // path of the model afterwards; empty: the last line that the command prints
};

// A get has succeeded when its command ended with status 0: whether the model is there is not for the worker to judge.
// The report's times are not set.
OperationReport get_by_command(const CommandGet& get, const PosixOrphanage& orphanage);

// The last line of `output` that is not blank, without its end; empty when there is none.
std::string last_line(const std::string& output);

}  // namespace stampede

#endif  // STAMPEDE_FREE_COMMAND_GET_H
