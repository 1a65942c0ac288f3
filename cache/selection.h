// Which entries there are, and which of them a text names.
#ifndef MODELCACHE_SELECTION_H
#define MODELCACHE_SELECTION_H

#include <string>
#include <string_view>
#include <vector>

#include "cache/open_cache.h"
#include "cache/result.h"

namespace modelcache {

// The keys in entries/, sorted. Names there that are no keys go to `foreign`, where it is given. ERRORS: as Os::list.
Result<std::vector<std::string>> entry_keys(const OpenCache& cache, std::vector<std::string>* foreign);

// The entries that a key, a digest or a URL names: those that are there, and those that are only listed; all when it is
// empty. ENSURES: not empty unless `selector` is. ERRORS: not_found; invalid_argument for a text that is none of these.
Result<std::vector<std::string>> select_keys(const OpenCache& cache, std::string_view selector);

}  // namespace modelcache

#endif  // MODELCACHE_SELECTION_H
