// Histories of commands, by the invariant that each is about.
#ifndef STAMPEDE_JUDGE_COMMAND_ROWS_FOR_TEST_H
#define STAMPEDE_JUDGE_COMMAND_ROWS_FOR_TEST_H

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/history_for_test.h"

namespace stampede {

// Two models, two processes that get one each, by process 0 where nothing else is said.
struct CommandRow {
  std::string_view id, what;
  std::function<void(History&)> steps;
  std::uint64_t judged = 0;        // the invariant of that id
  std::vector<std::string> lines;  // all violations, {0} and {1} for the entries' paths
};

// Of files and their names; of the run as a whole.
const std::vector<CommandRow>& command_rows_of_files();
const std::vector<CommandRow>& command_rows_of_runs();

// It gives the model its name, complete, by one rename; the file.
FileNumber publish_at_once(History& history, std::size_t model = 0);
// The next operation, which says that the model is there.
OperationOutcome naming(History& history, const std::string& path);

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_COMMAND_ROWS_FOR_TEST_H
