// The parts of `modelcache --help` that are no list of options.
#ifndef MODELCACHE_COMMAND_HELP_TEXT_H
#define MODELCACHE_COMMAND_HELP_TEXT_H

#include <string>

namespace modelcache {

// Examples, environment variables and exit statuses (from `exit_status_table`).
std::string help_footer();
// For each command's own help: the options that stand before or after the command.
std::string command_footer();

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_HELP_TEXT_H
