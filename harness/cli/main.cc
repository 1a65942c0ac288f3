// The `stampede` command.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "harness/cli/bench_command.h"
#include "harness/cli/check_command.h"
#include "harness/cli/doctor_command.h"
#include "harness/cli/exit_statuses.h"
#include "harness/cli/explore_command.h"
#include "harness/cli/invariants_command.h"
#include "harness/cli/mutants_command.h"
#include "harness/cli/replay_command.h"
#include "harness/cli/serve_command.h"
#include "harness/cli/show_command.h"
#include "harness/cli/shrink_command.h"
#include "harness/cli/subjects_command.h"
#include "harness/cli/worker_command.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app("Finds the race, crash and network bugs of an on-disk cache that many processes share.", "stampede");
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 all held; 1 a violation; 2 usage, or a file that cannot be read; 3 this machine cannot do it;\n"
      "130 interrupted, with what was done so far.");
  int exit_status = stampede::kAllHeld;
  stampede::add_explore_command(app, exit_status);
  stampede::add_replay_command(app, exit_status);
  stampede::add_shrink_command(app, exit_status);
  stampede::add_show_command(app, exit_status);
  stampede::add_mutants_command(app, exit_status);
  stampede::add_invariants_command(app, exit_status);
  stampede::add_bench_command(app, exit_status);
  stampede::add_check_command(app, exit_status);
  stampede::add_serve_command(app, exit_status);
  stampede::add_subjects_command(app, exit_status);
  stampede::add_doctor_command(app, exit_status);
  stampede::add_worker_command(app, exit_status);
  stampede::add_zygote_command(app, exit_status);
  stampede::add_live_zygote_command(app, exit_status);
  stampede::add_live_calls_commands(app, exit_status);
  stampede::add_command_zygote_command(app, exit_status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    const auto words = app.remaining();  // no subcommands: they are what is wrong, rather than that none was named
    words.empty() ? app.exit(error) : app.exit(CLI::ExtrasError(words));
    return stampede::kUsage;
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);  // prints help or what was wrong
    return status == 0 ? stampede::kAllHeld : stampede::kUsage;
  }
  return exit_status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int exit_status = run(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      std::fputs("stampede: write to standard output: failed, so the report is not whole\n", stderr);
      return exit_status == stampede::kAllHeld ? stampede::kCannotHere : exit_status;
    }
    return exit_status;
  } catch (const std::exception& error) {  // of libraries: out of memory, a broken standard output
    std::fprintf(stderr, "stampede: %s\n", error.what());
    return stampede::kCannotHere;
  }
}
