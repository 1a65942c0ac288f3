// Asks the kernel about the terminal: isatty, and ioctl with TIOCGWINSZ.
#include "cache/command/posix_terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace modelcache {

bool standard_error_is_terminal() { return isatty(STDERR_FILENO) == 1; }

std::size_t standard_error_columns() {
  struct winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace modelcache
