// Hidden: only the harness can give a worker its pipes, and a zygote its socket.
#include "harness/cli/worker_command.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "cache/posix_os.h"
#include "harness/cli/exit_statuses.h"
#include "harness/cli/subcommand.h"
#include "harness/free/posix_zygote.h"
#include "harness/free/worker.h"
#include "harness/live/command_zygote.h"
#include "harness/live/live_zygote.h"
#include "harness/run/cache_client.h"
#include "harness/run/live_calls.h"
#include "harness/run/live_job.h"
#include "harness/run/posix_subject_library.h"

namespace stampede {

void add_worker_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "worker", "one process of the free world");
  command.hide();  // not in the help
  const auto ends_at_once = std::make_shared<bool>(false);
  command.flag("--exit", *ends_at_once, "start, end");
  command.run([ends_at_once, &exit_status] { exit_status = *ends_at_once ? kAllHeld : run_worker(); });
}

void add_zygote_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "zygote", "forks processes of the free world");
  command.hide();
  command.run([&exit_status] { exit_status = run_zygote(run_worker); });
}

void add_live_zygote_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "live-zygote", "forks processes of the live world");
  command.hide();
  const auto file = std::make_shared<std::string>();
  command.option("--subject", *file, "the plugin whose cache they use instead of the built-in one");
  command.run([file, &exit_status] {
    const auto subject =
        file->empty() ? modelcache::Result<const SubjectPlugin*>(&built_in_subject()) : load_subject(*file);
    exit_status = subject ? run_subject_zygote(**subject) : kCannotHere;  // whoever started it has said why
  });
}

// What the benchmark of decisions runs: in the live world, and under strace.
void add_live_calls_commands(CLI::App& app, int& exit_status) {
  Subcommand zygote(app, "live-calls-zygote", "forks processes that make one call again and again");
  zygote.hide();
  zygote.run([&exit_status] { exit_status = run_live_zygote([] {}, perform_live_calls); });
  Subcommand calls(app, "live-calls", "makes one call again and again, prints its median time in ns");
  calls.hide();
  struct Arguments {
    std::string directory, kind;
    std::uint64_t count = 0;
  };
  const auto arguments = std::make_shared<Arguments>();
  calls.option("DIRECTORY", arguments->directory, "where the file is").required();
  calls.option("KIND", arguments->kind, "read or stat_name").required();
  calls.option("COUNT", arguments->count, "how often").required();
  calls.run([arguments, &exit_status] {
    const auto os = modelcache::make_posix_os();
    const auto time = time_calls(*os, arguments->directory, arguments->kind, arguments->count);
    exit_status = time ? kAllHeld : kUsage;
    if (time) {
      std::printf("%lld\n", static_cast<long long>(time->count()));
    } else {
      std::fprintf(stderr, "stampede: live-calls: %s in %s: no call could be timed\n", arguments->kind.c_str(),
                   arguments->directory.c_str());
    }
  });
}

void add_command_zygote_command(CLI::App& app, int& exit_status) {
  Subcommand command(app, "live-command-zygote", "starts commands of the live world");
  command.hide();
  command.run([&exit_status] { exit_status = run_command_zygote(); });
}

}  // namespace stampede
