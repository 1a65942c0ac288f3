// The terminal behind standard error: whether there is one, and how wide it is.
#ifndef MODELCACHE_COMMAND_POSIX_TERMINAL_H
#define MODELCACHE_COMMAND_POSIX_TERMINAL_H

#include <cstddef>

namespace modelcache {

bool standard_error_is_terminal();

// As it is now; 80 when the terminal does not say.
std::size_t standard_error_columns();

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_POSIX_TERMINAL_H
