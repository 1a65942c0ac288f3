// Makes and takes apart the names in a cache directory.
#include "cache/key.h"

#include <array>
#include <charconv>

namespace modelcache {
namespace {

constexpr std::string_view kDigestPrefix = "sha256-";
constexpr std::string_view kUrlPrefix = "url-";
constexpr std::string_view kTemporarySuffix = ".tmp";

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return {digits.data(), end};
}

// Takes what `hex` makes and nothing else: no leading zero, no upper case.
std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size() || hex(value) != text) return std::nullopt;
  return value;
}

// Cuts the part after the last '.' off `text`.
std::string_view take_last_part(std::string_view& text) {
  const auto dot = text.rfind('.');
  if (dot == std::string_view::npos) return {};
  const auto part = text.substr(dot + 1);
  text.remove_suffix(text.size() - dot);
  return part;
}

}  // namespace

std::string key_of(const Sha256Digest& digest) { return std::string(kDigestPrefix) + digest.hex(); }

std::string key_of_url(std::string_view normalised_url) {
  return std::string(kUrlPrefix) + sha256_of(normalised_url).hex();
}

std::optional<Sha256Digest> digest_in_key(std::string_view key) {
  if (!key.starts_with(kDigestPrefix)) return std::nullopt;
  key.remove_prefix(kDigestPrefix.size());
  if (key.size() != 64 || !is_lower_hex(key)) return std::nullopt;
  return *Sha256Digest::parse(key);
}

bool is_key(std::string_view name) {
  if (name.starts_with(kUrlPrefix)) {
    return name.size() == kUrlPrefix.size() + 64 && is_lower_hex(name.substr(kUrlPrefix.size()));
  }
  return digest_in_key(name).has_value();
}

std::string bad_manifest_name(unsigned number) {
  return std::string(kBadManifestName) + (number == 0 ? "" : '.' + std::to_string(number));
}

bool is_bad_manifest_name(std::string_view name) {
  for (unsigned number = 0; number <= kBadManifestsMax; ++number) {
    if (name == bad_manifest_name(number)) return true;
  }
  return false;
}

std::string lock_name(std::string_view key) { return std::string(key) + ".lock"; }

std::string temporary_name(std::string_view what, const ProcessIdentity& owner, std::uint64_t random) {
  std::string name(what);
  for (const auto part : {owner.domain, owner.pid, owner.start_time, random}) name += '.' + hex(part);
  return name + std::string(kTemporarySuffix);
}

std::optional<ProcessIdentity> owner_of_temporary(std::string_view name) {
  if (!name.ends_with(kTemporarySuffix)) return std::nullopt;
  name.remove_suffix(kTemporarySuffix.size());
  const auto random = parse_hex(take_last_part(name));
  const auto start_time = parse_hex(take_last_part(name));
  const auto pid = parse_hex(take_last_part(name));
  const auto domain = parse_hex(take_last_part(name));
  if (!random || !start_time || !pid || !domain || (name != "manifest" && !is_key(name))) return std::nullopt;
  return ProcessIdentity{*domain, *pid, *start_time};
}

}  // namespace modelcache
