// `stampede shrink`: makes plans that violate something as small as can be.
#ifndef STAMPEDE_CLI_SHRINK_COMMAND_H
#define STAMPEDE_CLI_SHRINK_COMMAND_H

namespace CLI {
class App;
}

namespace stampede {

// Registers the subcommand; its callback sets `exit_status`. REQUIRES: both outlive the parsing.
void add_shrink_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_SHRINK_COMMAND_H
