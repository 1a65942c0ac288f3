// A program that a test runs to its end: how it ended, and what it said.
#ifndef STAMPEDE_FREE_COMMAND_FOR_TEST_H
#define STAMPEDE_FREE_COMMAND_FOR_TEST_H

#include <string>
#include <utility>
#include <vector>

#include "harness/free/posix_command.h"

namespace stampede {

struct ProgramEnd {
  int status = -1;   // or minus the signal; -1000 where it did not end by itself
  std::string text;  // standard output and error, as they came
};

inline ProgramEnd run_program(std::vector<std::string> argv, std::vector<std::string> environment = {}) {
  const PosixOrphanage orphanage;
  CommandLine line;
  line.argv = {"/bin/sh", "-c", "exec \"$0\" \"$@\" 2>&1"};
  line.argv.insert(line.argv.end(), argv.begin(), argv.end());
  line.environment = std::move(environment);
  line.timeout = std::chrono::minutes(2);
  const CommandRun run = run_command(line, orphanage);
  ProgramEnd end{-1000, run.output};
  if (run.record.end == CommandEnd::exited) end.status = run.record.value;
  if (run.record.end == CommandEnd::signalled) end.status = -run.record.value;
  return end;
}

}  // namespace stampede

#endif  // STAMPEDE_FREE_COMMAND_FOR_TEST_H
