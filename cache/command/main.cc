// The command `modelcache`: runs one command, prints what it gave back, ends with its status.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "cache/command/arguments.h"
#include "cache/command/commands.h"
#include "cache/command/json_output.h"
#include "cache/command/posix_file_system.h"
#include "cache/command/posix_signals.h"
#include "cache/command/posix_terminal.h"
#include "cache/command/printable.h"
#include "cache/command/quantities.h"
#include "cache/command/text_output.h"
#include "cache/os_error.h"
#include "cache/posix_os.h"

namespace modelcache {
namespace {

std::optional<std::string> environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool colours_wanted() {
  return standard_error_is_terminal() && environment("NO_COLOR").value_or("").empty() &&
         environment("TERM").value_or("dumb") != "dumb";
}

void say(const std::string& text) { (void)std::fputs(text.c_str(), stderr); }

void say_error(const std::string& message) {
  say((colours_wanted() ? "\x1b[31mmodelcache:\x1b[0m " : "modelcache: ") + printable(message) + '\n');
}

// A full disk behind standard output shows at the flush at the latest.
bool print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

int printed(const std::string& text, int status) {
  if (print(text)) return status;
  const Error error{ErrorCode::io, "write", "standard output", describe(Errno{errno})};
  say_error(error.message());
  return exit_status(error.code);
}

// For errors that come before the command knows its arguments and directory.
int end_with(const Error& error, bool json) {
  if (json) return printed(json_of_error(error), exit_status(error.code));
  say_error(error.message());
  return exit_status(error.code);
}

CommandResult run(Os& os, Arguments& arguments, const CacheDirectory& directory) {
  const ProgressBar::Terminal terminal{standard_error_columns, say, colours_wanted()};
  const bool show_progress = standard_error_is_terminal() && environment("TERM").value_or("dumb") != "dumb" &&
                             !arguments.quiet && !arguments.json;
  if (show_progress) {
    arguments.options.lock.on_wait = [seconds = exact_seconds(arguments.options.lock.wait_max)](
                                         const std::string& lock, const std::string& holder) {
      say("modelcache: waiting up to " + seconds + " s for " + printable(lock) + ", held by " + printable(holder) +
          '\n');
    };
  }
  catch_stop_signals();
  arguments.options.http.cancelled = stop_requested;
  switch (arguments.verb) {
    case Verb::get:
      return run_get(os, arguments, directory, show_progress ? &terminal : nullptr);
    case Verb::path:
      return run_path(os, arguments, directory);
    case Verb::list:
      return run_list(os, arguments, directory);
    case Verb::verify:
      return run_verify(os, arguments, directory);
    case Verb::remove:
      return run_remove(os, arguments, directory);
    case Verb::doctor:
      return run_doctor(os, arguments, directory);
  }
  return {};
}

int run_command_line(int argc, const char* const* argv) {
  const auto line = parse_command_line(argc, argv);
  if (!line) return end_with(line.error(), asks_for_json(argc, argv));
  if (!line->arguments) return printed(line->text, 0);
  auto arguments = *line->arguments;
  const auto directory = choose_directory(arguments.directory, environment, working_directory);
  if (!directory) return end_with(directory.error(), arguments.json);

  const auto os = make_posix_os();
  const auto result = run(*os, arguments, *directory);
  if (!arguments.json) {
    if (!arguments.quiet) {
      for (const auto& note : result.notes) say("modelcache: note: " + printable(note) + '\n');
    }
    for (const auto& error : result.errors) {
      say_error(error.message());
      if (const auto hint = hint_for(error, *directory, arguments.verb); !hint.empty()) say(printable(hint) + '\n');
    }
  }
  return printed(result.output, result.status);
}

}  // namespace
}  // namespace modelcache

int main(int argc, char** argv) {
  try {
    return modelcache::run_command_line(argc, argv);
  } catch (const std::exception& problem) {  // out of memory; none of ours throws
    (void)std::fprintf(stderr, "modelcache: %s\n", problem.what());
    return modelcache::exit_status(modelcache::ErrorCode::exhausted);
  }
}
