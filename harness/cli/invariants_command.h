// Declares `stampede invariants`.
#ifndef STAMPEDE_CLI_INVARIANTS_COMMAND_H
#define STAMPEDE_CLI_INVARIANTS_COMMAND_H

namespace CLI {
class App;
}  // namespace CLI

namespace stampede {

void add_invariants_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_INVARIANTS_COMMAND_H
