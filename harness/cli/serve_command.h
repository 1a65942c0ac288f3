// `stampede serve`: the fault-injecting file server, for use by hand or by other tools.
#ifndef STAMPEDE_CLI_SERVE_COMMAND_H
#define STAMPEDE_CLI_SERVE_COMMAND_H

namespace CLI {
class App;
}

namespace stampede {

// Registers the subcommand; its callback runs the server until SIGINT or SIGTERM. `exit_status`: 0 after that; 2 for a
// bad fault, address or directory; 3 where the port is taken or forbidden. REQUIRES: both outlive the parsing.
void add_serve_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_SERVE_COMMAND_H
