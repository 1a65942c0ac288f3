// Chooses the cache directory from the option and the environment.
#include "cache/command/cache_directory.h"

namespace modelcache {
namespace {

std::string joined(const std::string& directory, std::string_view name) {
  return directory + (directory.ends_with('/') ? "" : "/") + std::string(name);
}

std::optional<std::string> non_empty(const Environment& environment, const char* name) {
  auto value = environment(name);
  if (value && value->empty()) value.reset();
  return value;
}

Result<CacheDirectory> made_absolute(std::string path, std::string chosen_by,
                                     const std::function<Result<std::string>()>& working_directory) {
  if (!path.starts_with('/')) {
    const auto from = working_directory();
    if (!from) return fail(from.error());
    path = joined(*from, path);
  }
  return CacheDirectory{std::move(path), std::move(chosen_by)};
}

}  // namespace

Result<CacheDirectory> choose_directory(const std::optional<std::string>& option, const Environment& environment,
                                        const std::function<Result<std::string>()>& working_directory) {
  if (option) {
    if (option->empty()) {
      return fail(ErrorCode::invalid_argument, "read option", "--cache-dir", "expected a directory, found nothing");
    }
    return made_absolute(*option, "--cache-dir", working_directory);
  }
  if (auto own = non_empty(environment, "MODELCACHE_DIR")) {
    return made_absolute(std::move(*own), "MODELCACHE_DIR", working_directory);
  }
  if (const auto xdg = non_empty(environment, "XDG_CACHE_HOME"); xdg && xdg->starts_with('/')) {
    return CacheDirectory{joined(*xdg, "modelcache"), "XDG_CACHE_HOME"};
  }
  if (const auto home = non_empty(environment, "HOME")) {
    return made_absolute(joined(*home, ".cache/modelcache"), "HOME", working_directory);
  }
  return fail(ErrorCode::invalid_argument, "choose the cache directory", "",
              "nothing names one: give --cache-dir DIR, or set MODELCACHE_DIR, XDG_CACHE_HOME or HOME");
}

}  // namespace modelcache
