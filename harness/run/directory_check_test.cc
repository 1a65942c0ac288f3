// An audit finds each thing that can be wrong with a directory at rest, and nothing in a good one.
#include "harness/run/directory_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "cache/key.h"
#include "cache/manifest.h"
#include "cache/posix_os.h"
#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

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

std::vector<std::string> notes_of(const HandMadeCache& cache) {
  const auto report = check_directory(cache.directory().path());
  EXPECT_TRUE(report);
  return report ? report->notes : std::vector<std::string>();
}

TEST(DirectoryCheck, NotesAnUnlistedEntryAndCallsItNoViolation) {
  const HandMadeCache cache;
  cache.directory().file("manifest.json", modelcache::Manifest{}.print());
  EXPECT_EQ(cache.violated(), Ids{});
  EXPECT_THAT(notes_of(cache), ElementsAre(StartsWith(cache.entry() + " is not listed: legal")));
  fs::remove(cache.directory().path() + "/manifest.json");
  EXPECT_EQ(cache.violated(), Ids{});
  EXPECT_THAT(notes_of(cache), ElementsAre(StartsWith(cache.entry() + " is not listed: legal")));
  cache.directory().file(cache.entry(), "mOdel");
  EXPECT_EQ(cache.violated(), Ids{"visible_means_complete"});
}

TEST(DirectoryCheck, NotesWhoseATemporaryIs) {
  const auto os = modelcache::make_posix_os();
  const auto self = os->self();
  auto dead = self;
  dead.start_time += 1;
  auto elsewhere = self;
  elsewhere.domain += 1;
  const std::pair<modelcache::ProcessIdentity, std::string> cases[] = {
      {self, "is at work"}, {dead, "is dead"}, {elsewhere, "of another boot or host"}};
  for (const auto& [owner, words] : cases) {
    const HandMadeCache cache;
    const std::string name = "tmp/" + modelcache::temporary_name("manifest", owner, 7);
    cache.directory().file(name, "half");
    EXPECT_EQ(cache.violated(), Ids{}) << words;
    EXPECT_THAT(notes_of(cache), ElementsAre(AllOf(StartsWith(name), HasSubstr(words))));
  }
  const HandMadeCache cache;
  fs::create_directory(cache.directory().path() + "/tmp/" + modelcache::temporary_name("manifest", dead, 7));
  EXPECT_EQ(cache.violated(), Ids{"nothing_left_over"}) << "a directory is no temporary";
}

TEST(DirectoryCheck, NotesAManifestThatWasSetAside) {
  const HandMadeCache cache;
  cache.directory().file("manifest.json.bad", "{");
  cache.directory().file("manifest.json.bad.1/notes.txt", "mine");
  EXPECT_EQ(cache.violated(), Ids{});
  EXPECT_THAT(notes_of(cache), ElementsAre(StartsWith("manifest.json.bad is"), StartsWith("manifest.json.bad.1 is")));
  cache.directory().file("manifest.json.old", "{");
  EXPECT_EQ(cache.violated(), Ids{"nothing_left_over"});
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
