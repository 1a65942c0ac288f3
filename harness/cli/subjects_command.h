// `stampede subjects`: which caches are known, and which can run here.
#ifndef STAMPEDE_CLI_SUBJECTS_COMMAND_H
#define STAMPEDE_CLI_SUBJECTS_COMMAND_H

namespace CLI {
class App;
}

namespace stampede {

// Registers the subcommand; its callback sets `exit_status`. REQUIRES: both outlive the parsing.
void add_subjects_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_SUBJECTS_COMMAND_H
