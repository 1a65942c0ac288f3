// `stampede subjects`: which caches are known, and which can run here.
#ifndef STAMPEDE_CLI_SUBJECTS_COMMAND_H
#define STAMPEDE_CLI_SUBJECTS_COMMAND_H

#include <string>
#include <vector>

#include "harness/plan/subject.h"

namespace CLI {
class App;
}

namespace stampede {

// What each is, and what it misses on this machine. `directory`: where descriptions are sought.
std::string json_of(const std::vector<Subject>& subjects, const std::string& directory);
std::string text_of(const std::vector<Subject>& subjects);

// Registers the subcommand; its callback sets `exit_status`. REQUIRES: both outlive the parsing.
void add_subjects_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_SUBJECTS_COMMAND_H
