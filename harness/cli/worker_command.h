// `stampede worker`: one process of the free world; the harness starts it.
#ifndef STAMPEDE_CLI_WORKER_COMMAND_H
#define STAMPEDE_CLI_WORKER_COMMAND_H

namespace CLI {
class App;
}

namespace stampede {

// Registers the subcommand; its callback sets `exit_status`. REQUIRES: both outlive the parsing.
void add_worker_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_WORKER_COMMAND_H
