// Which directory the command works on, and who said so.
#ifndef MODELCACHE_COMMAND_CACHE_DIRECTORY_H
#define MODELCACHE_COMMAND_CACHE_DIRECTORY_H

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cache/result.h"

namespace modelcache {

// The value of an environment variable; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;

struct CacheDirectory {
  std::string path;       // absolute
  std::string chosen_by;  // "--cache-dir", "MODELCACHE_DIR", "XDG_CACHE_HOME" or "HOME"
};

// The option, else MODELCACHE_DIR, else $XDG_CACHE_HOME/modelcache, else $HOME/.cache/modelcache. An empty variable
// counts as not set; so does a relative XDG_CACHE_HOME (XDG Base Directory Specification, "Basics"). A relative option,
// MODELCACHE_DIR or HOME counts from `working_directory`, which is asked only then. Looks at no file.
// ERRORS: invalid_argument when nothing names a directory, or the option is empty.
Result<CacheDirectory> choose_directory(const std::optional<std::string>& option, const Environment& environment,
                                        const std::function<Result<std::string>()>& working_directory);

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_CACHE_DIRECTORY_H
