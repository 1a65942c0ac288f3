// An audit finds each thing that can be wrong with a directory at rest, and nothing in a good one.
#include "harness/run/directory_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <functional>
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

// "id: what", without the path of the directory; then how often each was judged.
std::vector<std::string> findings_of(const HandMadeCache& cache, std::vector<std::uint64_t>& judged) {
  std::vector<std::string> lines;
  const std::string& directory = cache.directory().path();
  const auto report = check_directory(directory);
  EXPECT_TRUE(report);
  judged.clear();
  if (!report) return lines;
  for (const Violation& violation : report->verdict.violations) {
    std::string what = violation.what;
    for (std::size_t at = 0; (at = what.find(directory)) != std::string::npos;) what.erase(at, directory.size());
    lines.push_back(violation.invariant + ": " + what);
  }
  for (const char* id : {"visible_means_complete", "manifest_is_complete", "nothing_left_over", "published_modes"}) {
    const auto found = report->verdict.judged.find(id);
    judged.push_back(found == report->verdict.judged.end() ? UINT64_MAX : found->second);
  }
  EXPECT_EQ(report->verdict.judged.size(), 4U);
  return lines;
}

TEST(DirectoryCheck, SaysEachFindingToTheLetter) {
  using Lines = std::vector<std::string>;
  struct Row {
    const char* what;
    std::function<void(const HandMadeCache&)> damage;
    std::function<Lines(const std::string& entry)> findings;
    std::vector<std::uint64_t> judged;
  };
  const auto path_of = [](const HandMadeCache& cache, const std::string& name) {
    return cache.directory().path() + "/" + name;
  };
  const std::string other = modelcache::sha256_of("mOdel").hex(), empty = modelcache::sha256_of("").hex();
  const std::vector<Row> rows = {
      {"nothing", [](const auto&) {}, [](const auto&) { return Lines{}; }, {2, 4, 6, 6}},
      {"a flipped byte",
       [](const auto& cache) { cache.directory().file(cache.entry(), "mOdel"); },
       [&](const auto& entry) {
         return Lines{"visible_means_complete: /" + entry + " holds 5 bytes with SHA-256 " + other,
                      "manifest_is_complete: /" + entry + " is not what the manifest says"};
       },
       {2, 4, 6, 6}},
      {"an empty entry",
       [](const auto& cache) { cache.directory().file(cache.entry(), ""); },
       [&](const auto& entry) {
         return Lines{"visible_means_complete: /" + entry + " holds 0 bytes with SHA-256 " + empty,
                      "manifest_is_complete: /" + entry + " is not what the manifest says"};
       },
       {2, 4, 6, 6}},
      {"no entry",
       [&](const auto& cache) { fs::remove(path_of(cache, cache.entry())); },
       [](const auto& entry) { return Lines{"manifest_is_complete: : listed and not there: " + entry}; },
       {0, 2, 5, 5}},
      {"a name in entries/",
       [](const auto& cache) { cache.directory().file("entries/x", ""); },
       [](const auto&) {
         return Lines{"visible_means_complete: /entries/x is no readable entry",
                      "nothing_left_over: /entries/x is no entry"};
       },
       {3, 5, 7, 7}},
      {"a mode",
       [&](const auto& cache) {
         for (const auto& name : fs::recursive_directory_iterator(cache.directory().path())) {
           fs::permissions(name.path(), fs::perms(name.is_directory() ? 0755 : 0644));
         }
         fs::permissions(path_of(cache, "manifest.json"), fs::perms(0640));
       },
       [](const auto&) { return Lines{"published_modes: /manifest.json has mode 0640, expected 0644"}; },
       {2, 4, 6, 6}},
  };
  for (const Row& row : rows) {
    const HandMadeCache cache;
    row.damage(cache);
    std::vector<std::uint64_t> judged;
    EXPECT_EQ(findings_of(cache, judged), row.findings(cache.entry())) << row.what;
    EXPECT_EQ(judged, row.judged) << row.what;
  }
}

TEST(DirectoryCheck, CountsWhatIsThere) {
  const HandMadeCache cache;
  const TestDirectory& directory = cache.directory();
  const std::string more = modelcache::key_of(modelcache::sha256_of("more"));
  directory.file("entries/" + more, "more");
  directory.file("locks/" + modelcache::lock_name(more), "");
  directory.file("locks/manifest.lock", "");
  for (const char* name : {"tmp/a", "tmp/b", "tmp/c", "tmp/d"}) directory.file(name, "1234567");
  auto report = check_directory(directory.path());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->entries, 2U);
  EXPECT_EQ(report->entry_bytes, 9U);
  EXPECT_EQ(report->locks, 3U);
  EXPECT_EQ(report->temporaries, 4U);
  EXPECT_TRUE(report->has_manifest);
  fs::remove(directory.path() + "/manifest.json");
  report = check_directory(directory.path());
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->has_manifest);
  // Of what is left, a manifest alone is a cache directory too; its modes are judged by entries/, which is not there.
  fs::remove_all(directory.path() + "/entries");
  fs::remove_all(directory.path() + "/tmp");
  directory.file("manifest.json", modelcache::Manifest{}.print());
  report = check_directory(directory.path());
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->entries, 0U);
  EXPECT_EQ(report->verdict.judged.at("published_modes"), 0U);
  EXPECT_TRUE(report->verdict.violations.empty());
}

TEST(DirectoryCheck, ReadsANoteToItsEnd) {
  const auto os = modelcache::make_posix_os();
  auto dead = os->self(), elsewhere = dead;
  dead.start_time += 1;
  elsewhere.domain += 1;
  const std::string pid = std::to_string(dead.pid);
  const std::pair<modelcache::ProcessIdentity, std::string> rows[] = {
      {os->self(), " belongs to process " + pid + ", which is at work"},
      {dead, " is of process " + pid +
                 ", which is dead: legal after a crash; the next download, or `modelcache doctor`, removes it"},
      {elsewhere,
       " is of process " + pid +
           " of another boot or host: legal after a crash; the next download removes it when nobody holds it"}};
  for (const auto& [owner, words] : rows) {
    const HandMadeCache cache;
    const std::string name = "tmp/" + modelcache::temporary_name("manifest", owner, 7);
    cache.directory().file(name, "half");
    EXPECT_THAT(notes_of(cache), ElementsAre(name + words));
  }
  const HandMadeCache unlisted;
  unlisted.directory().file("manifest.json", modelcache::Manifest{}.print());
  unlisted.directory().file("manifest.json.bad", "{");
  EXPECT_THAT(
      notes_of(unlisted),
      ElementsAre(
          unlisted.entry() + " is not listed: legal after a crash; a get of it, or `modelcache doctor`, lists it",
          "manifest.json.bad is a manifest that was set aside: legal; remove it when you have read it"));
}

TEST(DirectoryCheck, TellsWhatCouldNotBeRead) {
  const HandMadeCache cache;
  fs::remove(cache.directory().path() + "/" + cache.entry());
  fs::create_symlink("nowhere", cache.directory().path() + "/" + cache.entry());
  EXPECT_THAT(cache.violated(), testing::Contains("visible_means_complete"));
}

TEST(DirectoryCheck, RefusesWhatIsNoCacheDirectory) {
  const TestDirectory directory;
  const std::string file = directory.file("file", ""), none = directory.path() + "/nothing";
  const std::pair<std::string, std::string> rows[] = {
      {directory.path(),
       "check " + directory.path() + ": it is no cache directory: no entries/ and no manifest.json (bad_entry)"},
      {file, "check " + file + ": it is no directory (bad_entry)"},
      {none, "check " + none + ": there is no such directory (not_found)"}};
  for (const auto& [path, message] : rows) {
    const auto report = check_directory(path);
    ASSERT_FALSE(report) << path;
    EXPECT_EQ(report.error().message(), message);
    EXPECT_EQ(report.error().code, path == none ? modelcache::ErrorCode::not_found : modelcache::ErrorCode::bad_entry);
  }
}

}  // namespace
}  // namespace stampede
