// Test support: one call of the built `modelcache`, with nothing of the tester's own environment.
#ifndef MODELCACHE_COMMAND_RUN_COMMAND_H
#define MODELCACHE_COMMAND_RUN_COMMAND_H

#include <string>
#include <vector>

#include "cache/command/posix_run_program.h"

namespace modelcache {

inline const std::string kCommand = MODELCACHE_COMMAND_FILE;

inline ProgramRun run_command(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
  ProgramCall call;
  call.arguments = std::move(arguments);
  call.environment = std::move(environment);
  return run_program(kCommand, call);
}

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_RUN_COMMAND_H
