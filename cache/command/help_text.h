// The parts of `modelcache --help` that are no list of options.
#ifndef MODELCACHE_COMMAND_HELP_TEXT_H
#define MODELCACHE_COMMAND_HELP_TEXT_H

#include <string>
#include <string_view>

namespace modelcache {

// Examples, environment variables and exit statuses (from `exit_status_table`).
std::string help_footer();
// For one command's own help: examples of it, and the options that stand before or after every command.
std::string command_footer(std::string_view command);

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_HELP_TEXT_H
