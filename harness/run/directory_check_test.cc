// An audit finds each thing that can be wrong with a directory at rest, and nothing in a good one.
#include "harness/run/directory_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "cache/key.h"
#include "cache/manifest.h"
#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;

// A cache directory with one entry, made by hand.
class HandMadeCache {
 public:
  HandMadeCache() {
    key_ = modelcache::key_of(modelcache::sha256_of("model"));
    directory_.file("entries/" + key_, "model");
    directory_.file("locks/" + modelcache::lock_name(key_), "");
    fs::create_directory(directory_.path() + "/tmp");
    modelcache::Manifest manifest;
    manifest.entries[key_].sha256 = modelcache::sha256_of("model");
    manifest.entries[key_].stamp.size_bytes = 5;
    directory_.file("manifest.json", manifest.print());
  }
  [[nodiscard]] const TestDirectory& directory() const { return directory_; }
  [[nodiscard]] std::string entry() const { return "entries/" + key_; }
  [[nodiscard]] std::set<std::string> violated() const {
    std::set<std::string> ids;
    const auto report = check_directory(directory_.path());
    EXPECT_TRUE(report);
    if (report) {
      for (const Violation& violation : report->verdict.violations) ids.insert(violation.invariant);
    }
    return ids;
  }

 private:
  TestDirectory directory_;
  std::string key_;
};

using Ids = std::set<std::string>;

TEST(DirectoryCheck, FindsNothingWrongWithAGoodCache) {
  const HandMadeCache cache;
  EXPECT_EQ(cache.violated(), Ids{});
  const auto report = check_directory(cache.directory().path() + "//");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->entries, 1U);
  EXPECT_EQ(report->entry_bytes, 5U);
  for (const auto& [invariant, times] : report->verdict.judged) EXPECT_GT(times, 0U) << invariant;
}

TEST(DirectoryCheck, FindsAFlippedByte) {
  const HandMadeCache cache;
  cache.directory().file(cache.entry(), "mOdel");
  EXPECT_EQ(cache.violated(), (Ids{"visible_means_complete", "manifest_is_complete"}));
}

TEST(DirectoryCheck, FindsAManifestThatDoesNotParse) {
  const HandMadeCache cache;
  cache.directory().file("manifest.json", "{");
  EXPECT_EQ(cache.violated(), Ids{"manifest_is_complete"});
}

TEST(DirectoryCheck, FindsLeftoversAndForeignNames) {
  const HandMadeCache cache;
  cache.directory().file("tmp/x.tmp", "");
  EXPECT_EQ(cache.violated(), Ids{"nothing_left_over"});
  const HandMadeCache other;
  other.directory().file("notes.txt", "");
  EXPECT_EQ(other.violated(), Ids{"nothing_left_over"});
}

TEST(DirectoryCheck, FindsAModeThatTheDirectoryDoesNotExplain) {
  const HandMadeCache cache;
  fs::permissions(cache.directory().path() + "/" + cache.entry(), fs::perms(0600));
  EXPECT_EQ(cache.violated(), Ids{"published_modes"});
}

TEST(DirectoryCheck, RefusesWhatIsNoCacheDirectory) {
  const TestDirectory directory;
  EXPECT_EQ(check_directory(directory.path()).error().code, modelcache::ErrorCode::bad_entry);
  EXPECT_EQ(check_directory(directory.file("file", "")).error().code, modelcache::ErrorCode::bad_entry);
  EXPECT_EQ(check_directory(directory.path() + "/nothing").error().code, modelcache::ErrorCode::not_found);
}

}  // namespace
}  // namespace stampede
