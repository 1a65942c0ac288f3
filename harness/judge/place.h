// What stands where in the built-in cache's directory, by path alone.
#ifndef STAMPEDE_JUDGE_PLACE_H
#define STAMPEDE_JUDGE_PLACE_H

#include <cstdint>
#include <string_view>

namespace stampede {

enum class Place : std::uint8_t {
  outside,    // not below the cache directory: an absolute path, or one with a part ".."
  root,       // the cache directory itself
  directory,  // entries, tmp, locks
  entry,      // below entries/
  temporary,  // below tmp/
  lock,       // below locks/
  manifest,   // manifest.json
  set_aside,  // manifest.json.bad and the like
  unknown,    // no name of a cache
};

// `path` as in PendingStep.
Place place_of(std::string_view path);
// What follows the first '/': the key of an entry, the name of a lock.
std::string_view last_name(std::string_view path);
// Whether a lock of a key or of the manifest may have that name.
bool is_lock_name(std::string_view name);
// Whether a cache may have a name like that at all, by path: keys below entries/, locks of keys and of the manifest.
bool is_name_of_a_cache(std::string_view path);

}  // namespace stampede

#endif  // STAMPEDE_JUDGE_PLACE_H
