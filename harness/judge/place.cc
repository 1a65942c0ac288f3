// Sorts paths.
#include "harness/judge/place.h"

#include "cache/key.h"

namespace stampede {
namespace {

bool leads_upwards(std::string_view path) {
  for (std::size_t at = 0;; ++at) {  // part by part: names of temporaries are full of dots
    const std::size_t end = path.find('/', at);
    if (path.substr(at, end - at) == "..") return true;
    if (end == std::string_view::npos) return false;
    at = end;
  }
}

}  // namespace

bool is_lock_name(std::string_view name) {
  constexpr std::string_view kSuffix = ".lock";
  if (name == modelcache::kManifestLockName) return true;
  return name.ends_with(kSuffix) && modelcache::is_key(name.substr(0, name.size() - kSuffix.size()));
}

Place place_of(std::string_view path) {
  if (path.empty()) return Place::root;
  if (path.front() == '/' || leads_upwards(path)) return Place::outside;
  const std::size_t slash = path.find('/');
  const std::string_view top = path.substr(0, slash);
  const bool is_below = slash != std::string_view::npos;
  if (top == modelcache::kEntriesName) return is_below ? Place::entry : Place::directory;
  if (top == modelcache::kTemporariesName) return is_below ? Place::temporary : Place::directory;
  if (top == modelcache::kLocksName) return is_below ? Place::lock : Place::directory;
  if (is_below) return Place::unknown;
  if (top == modelcache::kManifestName) return Place::manifest;
  return modelcache::is_bad_manifest_name(top) ? Place::set_aside : Place::unknown;
}

std::string_view last_name(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_name_of_a_cache(std::string_view path) {
  switch (place_of(path)) {
    case Place::root:
    case Place::directory:
    case Place::manifest:
    case Place::set_aside:
      return true;
    case Place::entry:
      return modelcache::is_key(last_name(path));
    case Place::temporary:
      return modelcache::owner_of_temporary(last_name(path)).has_value();
    case Place::lock:
      return is_lock_name(last_name(path));
    case Place::outside:
    case Place::unknown:
      return false;
  }
  return false;
}

}  // namespace stampede
