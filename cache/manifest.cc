// Reads a manifest with nlohmann_json's event parser, so that no tree is built, and prints it one line an entry.
#include "cache/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "cache/http_url.h"
#include "cache/key.h"

namespace modelcache {
namespace {

using Json = nlohmann::json;
using Kind = ManifestError::Kind;

constexpr const char* kVersionKey = "modelcache_manifest";

// The parser's events, taken by a grammar with three places:
//   {"modelcache_manifest": 1, "entries": {KEY: {FIELD: value, ...}, ...}}
// The version stands first, so that a later version's text is known before anything else of it is judged.
class ManifestReader final : public nlohmann::json_sax<Json> {
 public:
  Manifest manifest;
  ManifestError error;

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_float(number_float_t, const string_t&) override { return unexpected("a number with a fraction"); }
  bool binary(binary_t&) override { return unexpected("binary data"); }
  bool start_array(std::size_t) override { return unexpected("an array"); }
  bool end_array() override { return true; }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::top && field_ == kVersionKey) return take_version(value);
    if (place_ != Place::record) return unexpected("a number");
    if (field_ == "size") return set(record_.stamp.size_bytes, value);
    if (field_ == "inode") return set(record_.stamp.inode, value);
    if (value > static_cast<std::uint64_t>(INT64_MAX)) return unexpected("a number beyond 64 bits");
    return take_time(static_cast<std::int64_t>(value));
  }
  bool number_integer(number_integer_t value) override {
    return place_ == Place::record && field_ != "size" && field_ != "inode" ? take_time(value)
                                                                            : unexpected("a negative number");
  }
  bool string(string_t& value) override {
    if (place_ != Place::record) return unexpected("a string");
    if (field_ == "url") {
      if (value.size() > kUrlBytesMax) return broken("expected at most " + std::to_string(kUrlBytesMax) + " bytes");
      for (const char c : value) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return broken("expected no control characters");
      }
      record_.url = std::move(value);
      return true;
    }
    if (field_ != "sha256") return unexpected("a string");
    const auto digest = Sha256Digest::parse(value);
    const bool has_upper_case = std::any_of(value.begin(), value.end(), [](char c) { return c >= 'A' && c <= 'F'; });
    if (!digest || has_upper_case) return broken("expected 64 lower-case hexadecimal digits");
    if (const auto named = digest_in_key(key_); named && *named != *digest) return broken("expected the key's digest");
    record_.sha256 = *digest;
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::outside) return enter(Place::top);
    if (place_ == Place::top && field_ == "entries") return enter(Place::entries);
    if (place_ == Place::entries) {
      record_ = {};
      fields_ = 0;
      return enter(Place::record);
    }
    return unexpected("an object");
  }
  bool key(string_t& name) override {
    if (place_ == Place::entries) return take_key(std::move(name));
    const unsigned field = bit_of(name);
    field_ = std::move(name);
    if (place_ == Place::top && !version_seen_ && field_ != kVersionKey) {
      return stop(Kind::foreign,
                  std::string("expected \"") + kVersionKey + "\" as the first key, found \"" + shown(field_) + '"');
    }
    if (field == 0) return broken("unknown key");
    unsigned& seen = place_ == Place::top ? top_fields_ : fields_;
    if ((seen & field) != 0) return broken("key appears twice");
    seen |= field;
    return true;
  }
  bool end_object() override {
    if (place_ == Place::record) {
      field_.clear();
      if (fields_ != kAllFields) return broken("expected url, sha256, size, inode, mtime_ns, ctime_ns and added_at");
      manifest.entries.emplace(std::move(key_), std::move(record_));
      return enter(Place::entries);
    }
    if (place_ == Place::entries) return enter(Place::top);
    field_.clear();
    if (top_fields_ == 0) return stop(Kind::foreign, std::string("expected the key \"") + kVersionKey + '"');
    return top_fields_ == kAllTopFields || broken("expected the key \"entries\"");
  }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    return stop(Kind::corrupt, "no JSON at byte " + std::to_string(position));
  }

 private:
  enum class Place { outside, top, entries, record };

  static constexpr std::string_view kTopFields[] = {kVersionKey, "entries"};
  static constexpr std::string_view kFields[] = {"url", "sha256", "size", "inode", "mtime_ns", "ctime_ns", "added_at"};
  static constexpr unsigned kAllTopFields = (1U << std::size(kTopFields)) - 1;
  static constexpr unsigned kAllFields = (1U << std::size(kFields)) - 1;

  // Of the key at this place; 0 for one that does not belong there.
  [[nodiscard]] unsigned bit_of(std::string_view name) const {
    const std::span<const std::string_view> known = place_ == Place::top ? std::span<const std::string_view>(kTopFields)
                                                                         : std::span<const std::string_view>(kFields);
    const auto found = std::find(known.begin(), known.end(), name);
    return found == known.end() ? 0 : 1U << (found - known.begin());
  }

  static std::string shown(std::string_view text) { return std::string(text.substr(0, 80)); }
  std::string where() const {
    std::string path;
    if (place_ == Place::entries || place_ == Place::record) path = "entries." + shown(key_);
    if (place_ == Place::top || place_ == Place::record) path += (path.empty() ? "" : ".") + shown(field_);
    return path;
  }
  bool stop(Kind kind, std::string message) {
    error = {kind, std::move(message)};
    return false;
  }
  bool broken(const std::string& message) { return stop(Kind::corrupt, where() + ": " + message); }
  bool unexpected(const char* found) {
    if (!version_seen_)
      return stop(Kind::foreign, std::string("expected an object with \"") + kVersionKey + "\", found " + found);
    return broken(std::string("found ") + found + ", which does not belong there");
  }
  bool enter(Place place) {
    place_ = place;
    return true;
  }
  static bool set(std::uint64_t& field, std::uint64_t value) {
    field = value;
    return true;
  }
  bool take_version(std::uint64_t version) {
    version_seen_ = true;
    if (version == kManifestVersion) return true;
    const auto text = "version " + std::to_string(version) + ", expected " + std::to_string(kManifestVersion);
    return stop(version > kManifestVersion ? Kind::future : Kind::corrupt, text);
  }
  bool take_key(std::string name) {
    key_ = std::move(name);
    if (!is_key(key_)) return broken("expected sha256- or url- and 64 hexadecimal digits");
    if (manifest.entries.size() >= kManifestEntriesMax) return broken("too many entries");
    return !manifest.entries.contains(key_) || broken("key appears twice");
  }
  bool take_time(std::int64_t value) {
    if (field_ == "mtime_ns") {
      record_.stamp.mtime = std::chrono::nanoseconds(value);
    } else if (field_ == "ctime_ns") {
      record_.stamp.ctime = std::chrono::nanoseconds(value);
    } else if (field_ == "added_at") {
      record_.added_at = std::chrono::sys_seconds(std::chrono::seconds(value));
    } else {
      return unexpected("a number");
    }
    return true;
  }

  Place place_ = Place::outside;
  bool version_seen_ = false;
  std::string key_, field_;
  unsigned top_fields_ = 0, fields_ = 0;  // that came so far, as bits
  ManifestRecord record_;
};

}  // namespace

FileStamp stamp_of(const FileStat& stat) { return {stat.size_bytes, stat.inode, stat.mtime, stat.ctime}; }

tl::expected<Manifest, ManifestError> Manifest::parse(std::string_view text) {
  if (text.size() > kManifestBytesMax) {
    return tl::unexpected(ManifestError{Kind::corrupt, "larger than " + std::to_string(kManifestBytesMax) + " bytes"});
  }
  ManifestReader reader;
  try {
    if (!Json::sax_parse(text.begin(), text.end(), &reader)) return tl::unexpected(std::move(reader.error));
  } catch (const Json::exception& problem) {  // none is documented for sax_parse with our reader; never let one out
    return tl::unexpected(ManifestError{Kind::corrupt, problem.what()});
  }
  // The parser takes a zero byte for the end of its input; a file that lost its tail to a power cut may be full of
  // them.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    return tl::unexpected(ManifestError{Kind::corrupt, "no JSON at byte " + std::to_string(zero)});
  }
  return std::move(reader.manifest);
}

std::string Manifest::print() const {
  std::string text = "{\"" + std::string(kVersionKey) + "\": " + std::to_string(kManifestVersion) + ",\n\"entries\": {";
  const char* separator = "\n";
  for (const auto& [key, record] : entries) {
    text += separator;
    separator = ",\n";
    // Only the URL can hold characters that JSON escapes.
    text += '"' + key + "\": {\"url\": " + Json(record.url).dump(-1, ' ', true, Json::error_handler_t::replace) +
            ", \"sha256\": \"" + record.sha256.hex() + "\", \"size\": " + std::to_string(record.stamp.size_bytes) +
            ", \"inode\": " + std::to_string(record.stamp.inode) +
            ", \"mtime_ns\": " + std::to_string(record.stamp.mtime.count()) +
            ", \"ctime_ns\": " + std::to_string(record.stamp.ctime.count()) +
            ", \"added_at\": " + std::to_string(record.added_at.time_since_epoch().count()) + '}';
  }
  return text + "\n}}\n";
}

}  // namespace modelcache
