// Input: the text of a manifest.
// Oracle: what is accepted says what a JSON tree of the same text says, field by field, with no key twice and nothing
// left over; it obeys the limits, and is printed as ASCII that reads back the same; what is rejected says why; and
// whatever follows a later version's number, it is `future`.
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cache/http_url.h"
#include "cache/key.h"
#include "cache/manifest.h"
#include "fuzz/oracle.h"

using namespace modelcache;
using stampede::require;
using Json = nlohmann::json;

namespace {

constexpr std::size_t kKeysOfManifest = 2, kKeysOfRecord = 7;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void check_record(const std::string& key, const ManifestRecord& record, const Json& tree) {
  require(is_key(key), "a key is a key");
  require(!digest_in_key(key) || *digest_in_key(key) == record.sha256, "a key's digest is its record's");
  require(record.url.size() <= kUrlBytesMax, "a URL is at most as long as allowed");
  require(std::none_of(record.url.begin(), record.url.end(), is_control), "a URL has no control characters");

  require(tree.size() == kKeysOfRecord, "a record has its keys and no others");
  // As text: equality of numbers in a tree takes -1 for the largest unsigned number.
  const auto digits_of = [&tree](const char* field) { return tree.at(field).dump(); };
  require(tree.at("url") == record.url, "url is the tree's");
  require(tree.at("sha256") == record.sha256.hex(), "sha256 is the tree's");
  require(digits_of("size") == std::to_string(record.stamp.size_bytes), "size is the tree's");
  require(digits_of("inode") == std::to_string(record.stamp.inode), "inode is the tree's");
  require(digits_of("mtime_ns") == std::to_string(record.stamp.mtime.count()), "mtime_ns is the tree's");
  require(digits_of("ctime_ns") == std::to_string(record.stamp.ctime.count()), "ctime_ns is the tree's");
  require(digits_of("added_at") == std::to_string(record.added_at.time_since_epoch().count()),
          "added_at is the tree's");
}

void check_accepted(std::string_view text, const Manifest& manifest) {
  require(text.find('\0') == std::string_view::npos, "a zero byte is no JSON");  // the tree's parser ends there
  std::size_t keys = 0;  // a tree keeps one of two equal keys; its parser sees both
  const Json tree = Json::parse(
      text.begin(), text.end(),
      [&keys](int, Json::parse_event_t event, Json&) { return keys += event == Json::parse_event_t::key, true; },
      false);
  require(tree.is_object() && tree.size() == kKeysOfManifest, "a manifest has its keys and no others");
  require(tree.at("modelcache_manifest") == kManifestVersion, "only our version is accepted");
  require(tree.at("entries").size() == manifest.entries.size(), "no entry is lost or made up");
  require(manifest.entries.size() <= kManifestEntriesMax, "entries are at most as many as allowed");
  require(keys == kKeysOfManifest + manifest.entries.size() * (1 + kKeysOfRecord), "no key is accepted twice");
  for (const auto& [key, record] : manifest.entries) check_record(key, record, tree.at("entries").at(key));

  const std::string printed = manifest.print();
  const auto again = Manifest::parse(printed);
  require(again.has_value() && *again == manifest, "what is printed reads back the same");
  require(again->print() == printed, "printing is stable");
  const auto plain = [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); };
  require(std::all_of(printed.begin(), printed.end(), plain), "what is printed is ASCII");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = Manifest::parse(text)) {
    check_accepted(text, *manifest);
  } else {
    require(!manifest.error().message.empty(), "a rejection says why");
  }
  const auto later = Manifest::parse("{\"modelcache_manifest\": " + std::to_string(kManifestVersion + 1) + ',' + text);
  require(!later && later.error().kind == ManifestError::Kind::future, "a later version is left alone");
  return 0;
}
