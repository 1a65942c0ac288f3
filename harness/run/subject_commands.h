// Fills in the templates of a described command, for one get of a run.
#ifndef STAMPEDE_RUN_SUBJECT_COMMANDS_H
#define STAMPEDE_RUN_SUBJECT_COMMANDS_H

#include <cstddef>
#include <string>
#include <vector>

#include "harness/free/worker_text.h"
#include "harness/plan/model.h"
#include "harness/plan/subject.h"

namespace stampede {

struct CommandPlace {
  const std::string& scratch;  // of the run
  std::size_t number;          // of the command in the run
  std::size_t operation;       // of the get in its process
};

// The directories below `scratch` that commands use, besides the cache directories.
std::vector<std::string> command_directories(const std::string& scratch);

// The command sees the harness's PATH, an empty HOME and TMPDIR of the run, LC_ALL=C.UTF-8, and what its description
// says: the settings of whoever runs the harness decide nothing.
// REQUIRES: a subject with a command.
CommandGet command_for(const Subject& subject, const WorkerOperation& operation, const CommandPlace& place);

// Where the subject keeps each model, relative to the cache directory; empty where its description does not say.
std::vector<std::string> entry_names(const Subject& subject, const std::vector<Model>& models);

}  // namespace stampede

#endif  // STAMPEDE_RUN_SUBJECT_COMMANDS_H
