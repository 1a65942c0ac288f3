// `stampede replay`: runs stored plans and seeds, and compares what comes of them with what they expect.
#ifndef STAMPEDE_CLI_REPLAY_COMMAND_H
#define STAMPEDE_CLI_REPLAY_COMMAND_H

namespace CLI {
class App;
}

namespace stampede {

// Registers the subcommand; its callback sets `exit_status`. REQUIRES: both outlive the parsing.
void add_replay_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_REPLAY_COMMAND_H
