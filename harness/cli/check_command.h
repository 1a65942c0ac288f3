// `stampede check`: audits a cache directory at rest.
#ifndef STAMPEDE_CLI_CHECK_COMMAND_H
#define STAMPEDE_CLI_CHECK_COMMAND_H

namespace CLI {
class App;
}

namespace stampede {

// Registers the subcommand; its callback sets `exit_status`. REQUIRES: both outlive the parsing.
void add_check_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_CHECK_COMMAND_H
