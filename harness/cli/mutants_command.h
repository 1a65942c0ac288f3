// `stampede mutants`.
#ifndef STAMPEDE_CLI_MUTANTS_COMMAND_H
#define STAMPEDE_CLI_MUTANTS_COMMAND_H

namespace CLI {
class App;
}

namespace stampede {

void add_mutants_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_MUTANTS_COMMAND_H
