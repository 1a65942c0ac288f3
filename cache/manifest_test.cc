// The manifest as text: what it accepts comes back the same, and what it refuses says where.
#include "cache/manifest.h"

#include <gmock/gmock.h>

#include "cache/key.h"

namespace modelcache {
namespace {

using testing::HasSubstr;
using Kind = ManifestError::Kind;

Manifest two_entries() {
  Manifest manifest;
  const auto digest = sha256_of("model");
  manifest.entries[key_of(digest)] = {
      "http://h/\"quoted\"", digest, {5, 7, std::chrono::nanoseconds(-1), std::chrono::nanoseconds(9)}, {}};
  manifest.entries[key_of_url("http://h/x")] = {"",
                                                sha256_of(""),
                                                {0, UINT64_MAX, std::chrono::nanoseconds::max(), {}},
                                                std::chrono::sys_seconds(std::chrono::seconds(3))};
  return manifest;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(Manifest, ComesBackAsItWasPrinted) {
  for (const auto& manifest : {Manifest{}, two_entries()}) {
    const auto again = Manifest::parse(manifest.print());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, manifest);
    EXPECT_EQ(again->print(), manifest.print());
  }
}

TEST(Manifest, TellsALaterVersionFromAStrangersFileFromDamage) {
  const auto kind_of = [](const std::string& text) {
    const auto parsed = Manifest::parse(text);
    EXPECT_FALSE(parsed) << text;
    return parsed ? Kind::corrupt : parsed.error().kind;
  };
  EXPECT_EQ(kind_of("{\"modelcache_manifest\": 2, \"shards\": [1, {}]}"), Kind::future);
  EXPECT_EQ(kind_of("{\"name\": \"left-pad\"}"), Kind::foreign);
  EXPECT_EQ(kind_of("[]"), Kind::foreign);
  EXPECT_EQ(kind_of("{}"), Kind::foreign);
  EXPECT_EQ(kind_of(""), Kind::corrupt);
  EXPECT_EQ(kind_of("{\"modelcache_manifest\": 0, \"entries\": {}}"), Kind::corrupt);
  const auto whole = two_entries().print();
  for (std::size_t size = 0; size + 2 < whole.size(); ++size) {  // the last two bytes are the brace and the line end
    EXPECT_EQ(kind_of(whole.substr(0, size)), Kind::corrupt) << size;
  }
  EXPECT_EQ(kind_of(whole + std::string("\0more", 5)), Kind::corrupt);
}

TEST(Manifest, NamesThePlaceOfWhatItRefuses) {
  const auto good = two_entries().print();
  const auto key = key_of(sha256_of("model"));
  const struct {
    std::string text, place, problem;
  } cases[] = {
      {replaced(good, "\"size\": 5", "\"size\": -5"), key + ".size", "negative"},
      {replaced(good, "\"size\": 5", "\"size\": 5.5"), key + ".size", "fraction"},
      {replaced(good, "\"size\": 5", "\"size\": \"5\""), key + ".size", "string"},
      {replaced(good, "\"size\": 5", "\"bytes\": 5"), key + ".bytes", "unknown key"},
      {replaced(good, "\"inode\": 7", "\"size\": 7"), key + ".size", "twice"},
      {replaced(good, "\"inode\": 7, ", ""), key, "expected url, sha256, size, inode"},
      {replaced(good, "\"sha256\": \"", "\"sha256\": \"0"), key + ".sha256", "64 lower-case"},
      {replaced(good, sha256_of("model").hex() + "\",", sha256_of("x").hex() + "\","), key + ".sha256",
       "the key's digest"},
      {replaced(good, key, "../" + key), "../sha256-", "expected sha256-"},
      {replaced(good, "http://h/", "http://h/\\u0001"), key + ".url", "control"},
      {replaced(good, "http://h/", "http://h/" + std::string(9000, 'x')), key + ".url", "8192"},
      {replaced(good, "\"entries\": {", "\"entries\": [], \"more\": {"), "entries", "array"},
  };
  for (const auto& bad : cases) {
    const auto parsed = Manifest::parse(bad.text);
    ASSERT_FALSE(parsed) << bad.problem;
    EXPECT_THAT(parsed.error().message, testing::AllOf(HasSubstr(bad.place), HasSubstr(bad.problem)));
  }
}

}  // namespace
}  // namespace modelcache
