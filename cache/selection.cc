// Finds entries by key, digest or URL.
#include "cache/selection.h"

#include <algorithm>

#include "cache/http_url.h"
#include "cache/key.h"
#include "cache/manifest_store.h"
#include "cache/os_error.h"

namespace modelcache {

Result<std::vector<std::string>> entry_keys(const OpenCache& cache, std::vector<std::string>* foreign) {
  std::vector<std::string> keys;
  if (!cache.directory.has_entries()) return keys;
  auto names = cache.os.list(cache.directory.entries());
  if (!names) return fail(names.error(), "list", cache.directory.place("", kEntriesName));
  for (auto& name : *names) {
    if (is_key(name)) {
      keys.push_back(std::move(name));
    } else if (foreign != nullptr) {
      foreign->push_back(std::string(kEntriesName) + '/' + name);
    }
  }
  return keys;
}

Result<std::vector<std::string>> select_keys(const OpenCache& cache, std::string_view selector) {
  auto keys = entry_keys(cache, nullptr);
  if (!keys) return keys;
  const auto stored = read_manifest(cache.os, cache.directory);
  for (const auto& [key, record] : stored.manifest.entries) keys->push_back(key);
  std::sort(keys->begin(), keys->end());
  keys->erase(std::unique(keys->begin(), keys->end()), keys->end());
  if (selector.empty()) return keys;

  const auto digest = Sha256Digest::parse(selector);
  const auto url = HttpUrl::parse(selector);
  std::erase_if(*keys, [&](const std::string& key) {
    if (key == selector) return false;
    const auto record = stored.manifest.entries.find(key);
    const bool recorded = record != stored.manifest.entries.end();
    if (digest && (digest_in_key(key) == *digest || (recorded && record->second.sha256 == *digest))) return false;
    return !(url && (key == key_of_url(url->text) || (recorded && record->second.url == url->text)));
  });
  if (keys->empty()) {
    const bool known_form = digest || url || is_key(selector);
    return fail(known_form ? ErrorCode::not_found : ErrorCode::invalid_argument, "select", selector,
                known_form ? "no such entry in " + cache.directory.path()
                           : "expected a URL, a SHA-256 or a key as `ls` prints it");
  }
  return keys;
}

}  // namespace modelcache
