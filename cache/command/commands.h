// The commands: each takes its arguments and gives back what to print and how to end.
#ifndef MODELCACHE_COMMAND_COMMANDS_H
#define MODELCACHE_COMMAND_COMMANDS_H

#include <string>
#include <vector>

#include "cache/command/arguments.h"
#include "cache/command/cache_directory.h"
#include "cache/command/progress_bar.h"
#include "cache/os.h"

namespace modelcache {

struct CommandResult {
  std::string output;              // for standard output: text, or JSON where that was asked for
  std::vector<std::string> notes;  // for standard error, a line each
  std::vector<Error> errors;       // likewise, and in `output` where that is JSON
  int status = 0;
};

// A failure that ends the command: the error as JSON where that was asked for, and the status of its class.
CommandResult failed(const Arguments& arguments, Error error);

// `terminal` is null where no progress is to be shown.
CommandResult run_get(Os& os, const Arguments& arguments, const CacheDirectory& directory,
                      const ProgressBar::Terminal* terminal);
CommandResult run_path(Os& os, const Arguments& arguments, const CacheDirectory& directory);
CommandResult run_list(Os& os, const Arguments& arguments, const CacheDirectory& directory);
CommandResult run_verify(Os& os, const Arguments& arguments, const CacheDirectory& directory);
CommandResult run_remove(Os& os, const Arguments& arguments, const CacheDirectory& directory);
CommandResult run_doctor(Os& os, const Arguments& arguments, const CacheDirectory& directory);

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_COMMANDS_H
