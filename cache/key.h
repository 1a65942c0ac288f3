// The names in a cache directory: keys of entries, names of temporaries, and what stands where.
#ifndef MODELCACHE_KEY_H
#define MODELCACHE_KEY_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cache/os.h"
#include "cache/sha256.h"

namespace modelcache {

inline constexpr std::string_view kEntriesName = "entries";
inline constexpr std::string_view kLocksName = "locks";
inline constexpr std::string_view kTemporariesName = "tmp";
inline constexpr std::string_view kManifestName = "manifest.json";
inline constexpr std::string_view kBadManifestName = "manifest.json.bad";
inline constexpr std::string_view kManifestLockName = "manifest.lock";

// "sha256-<64 hex>": an entry named by its own content. Injective: distinct contents never share a name, and names
// differ in more than case.
std::string key_of(const Sha256Digest& digest);
// "url-<64 hex>": an entry got without a checksum, named by the digest of its normalised URL.
std::string key_of_url(std::string_view normalised_url);

// Where a bad manifest is kept: "manifest.json.bad", then, where something that a rename cannot replace has that name,
// "manifest.json.bad.1" up to "manifest.json.bad.9".
inline constexpr unsigned kBadManifestsMax = 9;
std::string bad_manifest_name(unsigned number);
bool is_bad_manifest_name(std::string_view name);

// The digest in a "sha256-" key. Nothing for any other text, an upper-case digit included.
std::optional<Sha256Digest> digest_in_key(std::string_view key);
bool is_key(std::string_view name);

std::string lock_name(std::string_view key);

// "<what>.<domain>.<pid>.<start time>.<random>.tmp", numbers in hexadecimal: says whose it is, and is never used again.
// `what` is a key or "manifest".
std::string temporary_name(std::string_view what, const ProcessIdentity& owner, std::uint64_t random);
// The owner in a temporary's name; nothing for a name that `temporary_name` does not make.
std::optional<ProcessIdentity> owner_of_temporary(std::string_view name);

}  // namespace modelcache

#endif  // MODELCACHE_KEY_H
