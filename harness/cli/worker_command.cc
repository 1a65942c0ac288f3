// Hidden: only the harness can give a worker its pipes.
#include "harness/cli/worker_command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "harness/free/worker.h"

namespace stampede {

void add_worker_command(CLI::App& app, int& exit_status) {
  CLI::App* const command = app.add_subcommand("worker", "one process of the free world");
  command->group("");  // not in the help
  const auto is_bare = std::make_shared<bool>(false);
  command->add_flag("--bare", *is_bare, "start, wait at the barrier, end");
  command->callback([is_bare, &exit_status] { exit_status = run_worker(*is_bare); });
}

}  // namespace stampede
