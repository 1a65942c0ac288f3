// `stampede doctor`: what this machine offers.
#ifndef STAMPEDE_CLI_DOCTOR_COMMAND_H
#define STAMPEDE_CLI_DOCTOR_COMMAND_H

namespace CLI {
class App;
}

namespace stampede {

// Registers the subcommand, whose callback sets `exit_status`. REQUIRES: both outlive the parsing.
void add_doctor_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_DOCTOR_COMMAND_H
