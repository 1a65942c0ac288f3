// What stands where, path by path.
#include "harness/judge/place.h"

#include <gtest/gtest.h>

#include <string>

#include "cache/key.h"

namespace stampede {
namespace {

TEST(Place, IsKnownByThePathAlone) {
  const std::string key = "sha256-" + std::string(64, 'a');
  const std::string temporary =
      modelcache::temporary_name("manifest", modelcache::ProcessIdentity{.domain = 1, .pid = 2, .start_time = 3}, 4);
  const struct {
    std::string path;
    Place place;
    std::string_view last;
    bool is_known;
  } rows[] = {
      {"", Place::root, "", true},
      {"/", Place::outside, "", false},
      {"/sim/x", Place::outside, "sim/x", false},
      {"..", Place::outside, "..", false},
      {"../x", Place::outside, "x", false},
      {"entries/..", Place::outside, "..", false},
      {"entries/../x", Place::outside, "../x", false},
      {"a/b/../c", Place::outside, "b/../c", false},
      {"..x", Place::unknown, "..x", false},
      {"x..", Place::unknown, "x..", false},
      {"tmp/a..b", Place::temporary, "a..b", false},
      {"entries", Place::directory, "entries", true},
      {"tmp", Place::directory, "tmp", true},
      {"locks", Place::directory, "locks", true},
      {"entries/" + key, Place::entry, key, true},
      {"entries/m0.onnx", Place::entry, "m0.onnx", false},
      {"entries/", Place::entry, "", false},
      {"tmp/" + temporary, Place::temporary, temporary, true},
      {"tmp/x", Place::temporary, "x", false},
      {"locks/" + key + ".lock", Place::lock, "", true},
      {"locks/manifest.lock", Place::lock, "manifest.lock", true},
      {"locks/manifest.lock2", Place::lock, "manifest.lock2", false},
      {"locks/" + key, Place::lock, key, false},
      {"locks/.lock", Place::lock, ".lock", false},
      {"manifest.json", Place::manifest, "manifest.json", true},
      {"manifest.json/x", Place::unknown, "x", false},
      {"manifest.json.bad", Place::set_aside, "manifest.json.bad", true},
      {"manifest.json.bad.9", Place::set_aside, "manifest.json.bad.9", true},
      {"manifest.json.bad.10", Place::unknown, "manifest.json.bad.10", false},
      {"manifest.json.bad/x", Place::unknown, "x", false},
      {"core", Place::unknown, "core", false},
      {"core/x", Place::unknown, "x", false},
      {"entries2", Place::unknown, "entries2", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(place_of(row.path), row.place) << row.path;
    if (!row.last.empty()) EXPECT_EQ(last_name(row.path), row.last) << row.path;
    EXPECT_EQ(is_name_of_a_cache(row.path), row.is_known) << row.path;
  }
  EXPECT_EQ(last_name("entries/"), "");
  EXPECT_EQ(last_name("locks/" + key + ".lock"), key + ".lock");
}

}  // namespace
}  // namespace stampede
