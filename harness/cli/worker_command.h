// `stampede worker`: one process of the free world; `stampede zygote`: forks them. The harness starts both.
#ifndef STAMPEDE_CLI_WORKER_COMMAND_H
#define STAMPEDE_CLI_WORKER_COMMAND_H

namespace CLI {
class App;
}

namespace stampede {

// Each registers its subcommand, whose callback sets `exit_status`. REQUIRES: both outlive the parsing.
void add_worker_command(CLI::App& app, int& exit_status);
void add_zygote_command(CLI::App& app, int& exit_status);
void add_live_zygote_command(CLI::App& app, int& exit_status);
void add_live_calls_commands(CLI::App& app, int& exit_status);
void add_command_zygote_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_WORKER_COMMAND_H
