// What becomes of a hit on an entry that is not listed: it is listed on the way, where that can be done.
#include <gmock/gmock.h>

#include <cerrno>
#include <map>
#include <set>

#include "cache/cache.h"
#include "cache/scratch_cache.h"

namespace modelcache {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using CacheListing = ScratchCache;

TEST_F(CacheListing, HitsByHashWhereTheDirectoryCannotBeWrittenAndTheEntryIsNotListed) {
  ASSERT_TRUE(get_good());
  std::size_t denied = 0;
  for (std::size_t n = 0;; ++n) {
    std::filesystem::remove(root / "manifest.json");
    std::filesystem::remove_all(root / "locks");
    ScriptedOs os(posix.get());
    os.fail_step = n;
    os.fail_with = Errno{EROFS};
    const auto hit = get(os, request());
    if (!os.failed_a_step) break;
    if (os.steps[n] != "make_directory") continue;
    ASSERT_TRUE(hit) << hit.error().message();
    EXPECT_TRUE(hit->hit);
    EXPECT_TRUE(hit->hashed);
    ++denied;
  }
  EXPECT_EQ(denied, 1U);
}

// Whoever published it may not have synced its name yet: a listing must not outlive its entry in a power loss.
TEST_F(CacheListing, SyncsTheNameOfAnEntryBeforeItListsIt) {
  ASSERT_TRUE(get_good());
  std::filesystem::remove(root / "manifest.json");
  ScriptedOs hitting(posix.get());
  ASSERT_TRUE(get(hitting, request())->hit);
  std::filesystem::remove(root / "manifest.json");
  ScriptedOs recovering(posix.get());
  auto cache = Cache::open(recovering, root.string(), {}, true);
  ASSERT_TRUE(cache);
  ASSERT_EQ(cache->recover()->entries_adopted, 1U);
  for (const ScriptedOs* os : {&hitting, &recovering}) {
    const auto synced = std::find(os->steps.begin(), os->steps.end(), "sync_directory");  // entries/, then the root
    const auto renamed = std::find(os->steps.begin(), os->steps.end(), "rename");
    EXPECT_LT(synced - os->steps.begin(), renamed - os->steps.begin());
    EXPECT_EQ(os->count("sync_directory"), 2);
  }
}

TEST_F(CacheListing, HitsOnAFullDiskWithANoteWhereTheEntryIsNotListed) {
  ASSERT_TRUE(get_good());
  for (const int full : {ENOSPC, EDQUOT}) {
    std::map<std::string, std::size_t> stood;
    for (std::size_t n = 0;; ++n) {
      std::filesystem::remove(root / "manifest.json");
      ScriptedOs os(posix.get());
      os.fail_step = n;
      os.fail_with = Errno{full};
      const auto hit = get(os, request());
      if (!os.failed_a_step) break;
      const auto& step = os.steps[n];
      EXPECT_THAT(names_in(root / "tmp"), IsEmpty()) << step;
      if (step == "sync_file" || step == "sync_directory") {
        EXPECT_FALSE(hit) << step;
      }
      if (step != "write" && step != "rename") continue;
      ASSERT_TRUE(hit) << step << ": " << hit.error().message();
      EXPECT_TRUE(hit->hit);
      EXPECT_FALSE(hit->entry.listed);
      EXPECT_THAT(hit->notes, testing::ElementsAre(HasSubstr("could not be listed"))) << step;
      ++stood[step];
    }
    EXPECT_EQ(stood["write"], 2U);  // the lock's line, and the manifest
    EXPECT_EQ(stood["rename"], 1U);
  }
}

TEST_F(CacheListing, FailsWhereTheListingOfAHitMeetsABrokenDisk) {
  ASSERT_TRUE(get_good());
  std::set<std::string> failed;
  for (std::size_t n = 0;; ++n) {
    std::filesystem::remove(root / "manifest.json");
    ScriptedOs os(posix.get());
    os.fail_step = n;
    os.fail_with = Errno{EIO};
    const auto hit = get(os, request());
    if (!os.failed_a_step) break;
    if (!hit) failed.insert(os.steps[n]);
  }
  EXPECT_THAT(failed, testing::IsSupersetOf({"write", "sync_file", "sync_directory", "close"}));
}

TEST_F(CacheListing, SaysThatAnEntryIsListedOnlyWhereItIs) {
  std::size_t unlisted = 0;
  for (const bool removes : {true, false}) {
    for (std::size_t n = 0;; ++n) {
      ASSERT_TRUE(get_good());
      std::filesystem::remove(root / "manifest.json");
      ScriptedOs os(posix.get());
      os.conversations.push_back(answers(ok_response(body)));
      os.before_step = [&](std::size_t step) {
        if (step != n || !std::filesystem::exists(entry)) return;
        if (removes) {
          std::filesystem::remove(entry);
        } else {
          std::filesystem::last_write_time(entry, std::filesystem::file_time_type::clock::now());
        }
      };
      const auto result = get(os, request());
      ASSERT_TRUE(result) << result.error().message();
      if (os.steps.size() <= n) break;
      const auto manifest = Manifest::parse(
          std::filesystem::exists(root / "manifest.json") ? read_file(root / "manifest.json") : Manifest{}.print());
      ASSERT_TRUE(manifest);
      EXPECT_EQ(result->entry.listed, manifest->entries.contains(key_of(digest))) << "before step " << n;
      unlisted += result->entry.listed ? 0 : 1;
      if (!result->entry.listed) {
        EXPECT_THAT(result->notes, testing::Contains(HasSubstr("before it could be listed")));
      }
    }
  }
  EXPECT_GT(unlisted, 5U);
}

// A process that opens a cache while another one makes the directory, and goes on using what it opened.
TEST_F(CacheListing, SeesEntriesOfADirectoryThatWasEmptyWhenItWasOpened) {
  ScriptedOs os(posix.get());
  auto early = Cache::open(os, root.string(), quick_options(), true);
  ASSERT_TRUE(early) << early.error().message();
  EXPECT_THAT(early->list().value(), IsEmpty());
  ASSERT_TRUE(get_good());
  const auto listed = early->list();
  ASSERT_TRUE(listed) << listed.error().message();
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_TRUE(early->find(request()));
  EXPECT_EQ(early->verify("", false).value().size(), 1U);
  const auto hit = early->get(request());
  ASSERT_TRUE(hit) << hit.error().message();
  EXPECT_TRUE(hit->hit);
  EXPECT_EQ(hit->lock, LockUse::none) << "at first sight";
  EXPECT_TRUE(os.requests.empty());
}

}  // namespace
}  // namespace modelcache
