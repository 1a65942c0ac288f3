// `stampede bench`: measures processes that share the cache, beside what bounds them.
#ifndef STAMPEDE_CLI_BENCH_COMMAND_H
#define STAMPEDE_CLI_BENCH_COMMAND_H

namespace CLI {
class App;
}

namespace stampede {

// Registers the subcommand; its callback sets `exit_status`. REQUIRES: both outlive the parsing.
void add_bench_command(CLI::App& app, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_BENCH_COMMAND_H
