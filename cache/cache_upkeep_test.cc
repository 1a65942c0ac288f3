// What listing, finding, verifying, removing and recovering promise.
#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "cache/cache.h"
#include "cache/open_file.h"
#include "cache/scratch_cache.h"

namespace modelcache {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using CacheUpkeep = ScratchCache;

TEST_F(CacheUpkeep, RemoveAndFindAndListAgree) {
  ASSERT_TRUE(get_good());
  auto cache = Cache::open(*posix, root.string(), quick_options(), false);
  ASSERT_TRUE(cache);
  EXPECT_THAT(*cache->list(), SizeIs(1));
  EXPECT_EQ(cache->find(request())->entry.path, entry.string());
  for (const auto& selector : {std::string("0"), std::string(64, 'a'), std::string("http://127.0.0.1/other")}) {
    EXPECT_FALSE(cache->remove(selector)) << selector;
  }
  ASSERT_TRUE(cache->remove(url));
  EXPECT_THAT(*cache->list(), IsEmpty());
  EXPECT_EQ(cache->find(request()).error().code, ErrorCode::not_found);
  EXPECT_THAT(Manifest::parse(read_file(root / "manifest.json"))->entries, IsEmpty());
  EXPECT_EQ(cache->remove(digest.hex()).error().code, ErrorCode::not_found);
}

TEST_F(CacheUpkeep, VerifyFindsRotAndRepairsOnlyWhatIsRotten) {
  ASSERT_TRUE(get_good());
  const std::string other = "another";
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers(ok_response(other)));
  ASSERT_TRUE(get(os, {.url = url, .sha256 = sha256_of(other)}));
  write_file(entry, "rotten");
  auto cache = Cache::open(*posix, root.string(), quick_options(), false);
  ASSERT_TRUE(cache);
  const auto seen = cache->verify("", false);
  ASSERT_TRUE(seen);
  EXPECT_EQ(std::count_if(seen->begin(), seen->end(), [](const auto& r) { return r.state == EntryState::corrupt; }), 1);
  EXPECT_TRUE(std::filesystem::exists(entry));
  const auto repaired = cache->verify("", true);
  ASSERT_TRUE(repaired);
  EXPECT_FALSE(std::filesystem::exists(entry));
  EXPECT_THAT(*cache->list(), SizeIs(1));
  expect_sound("after verify --repair");
}

TEST_F(CacheUpkeep, RemoveFreesAFullDisk) {
  ASSERT_TRUE(get_good());
  std::size_t full = 0, syncs = 0;
  for (std::size_t n = 0;; ++n) {
    ASSERT_TRUE(get_good());
    ScriptedOs os(posix.get());
    os.fail_step = n;
    os.fail_with = Errno{ENOSPC};
    auto cache = Cache::open(os, root.string(), quick_options(), false);
    if (!cache) continue;
    const auto removed = cache->remove(digest.hex());
    if (!os.failed_a_step) break;
    // A failed sync may speak of what was written before it: nothing that is done instead makes up for it.
    if (os.steps[n].starts_with("sync_")) {
      EXPECT_FALSE(removed) << "step " << n << ": " << os.steps[n];
      ++syncs;
    }
    // Writing the smaller manifest is what fails on a full disk; the lock files' lines stand there already.
    if (os.steps[n] != "write" || os.count("write") < 3) continue;
    ++full;
    EXPECT_TRUE(removed) << "step " << n << ": " << removed.error().message();
    EXPECT_FALSE(std::filesystem::exists(entry));
    expect_sound("removed on a full disk");
  }
  EXPECT_GE(full, 1U);
  EXPECT_GE(syncs, 3U) << "the manifest's file, its name, and the entry's";
}

TEST_F(CacheUpkeep, RepairLeavesAGoodEntryThatCameMeanwhile) {
  ASSERT_TRUE(get_good());
  std::size_t replaced = 0;
  for (std::size_t n = 0;; ++n) {
    write_file(entry, "rotten");
    ScriptedOs os(posix.get());
    bool came = false;
    os.before_step = [&](std::size_t step) {
      // As a get does that waits for no lock: a good file takes the bad one's place in one instant.
      if (step != n || os.count("unlink") > 0) return;
      write_file(root / "tmp" / "good", body);
      std::filesystem::rename(root / "tmp" / "good", entry);
      came = true;
    };
    auto cache = Cache::open(os, root.string(), quick_options(), false);
    ASSERT_TRUE(cache);
    const auto reports = cache->verify(key_of(digest), true);
    ASSERT_TRUE(reports) << reports.error().message();
    if (!came) break;
    // Only between the last look, under the manifest's lock, and the unlink itself can a name not be protected.
    if (os.steps[n] == "unlink") continue;
    EXPECT_TRUE(read_file(entry) == body) << "came before step " << n << " (" << os.steps[n] << ")";
    ++replaced;
  }
  EXPECT_GT(replaced, 20U);
}

TEST_F(CacheUpkeep, NothingIsListedThatChangedAfterItWasHashed) {
  std::size_t changed = 0;
  for (std::size_t n = 0;; ++n) {
    ASSERT_TRUE(get_good());
    std::filesystem::last_write_time(entry,
                                     std::filesystem::file_time_type::clock::now());  // hashed again on the next hit
    ScriptedOs os(posix.get());
    bool wrote = false;
    os.before_step = [&](std::size_t step) {
      if (step != n || os.count("read") < 5) return;
      write_file(entry, "shorter, so that a coarse clock shows it too");
      wrote = true;
    };
    (void)get(os, request());
    if (os.steps.size() <= n) break;
    const auto next = get_good();
    ASSERT_TRUE(next) << next.error().message();
    EXPECT_TRUE(read_file(entry) == body) << "changed before step " << n;
    changed += wrote ? 1 : 0;
  }
  EXPECT_GT(changed, 5U);
}

TEST_F(CacheUpkeep, RecoverRemovesDeadTemporariesAdoptsEntriesAndDropsListings) {
  ASSERT_TRUE(get_good());
  const std::string other = "another";
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers(ok_response(other)));
  const auto second = get(os, {.url = url, .sha256 = sha256_of(other)});
  ASSERT_TRUE(second);
  // One listing without a file, one file without a listing, a dead process's temporary, a live one's, a stranger's
  // file.
  auto manifest = *Manifest::parse(read_file(root / "manifest.json"));
  manifest.entries.erase(key_of(digest));
  write_file(root / "manifest.json", manifest.print());
  std::filesystem::remove(second->entry.path);
  auto dead = posix->self();
  dead.start_time += 1;
  write_file(root / "tmp" / temporary_name("manifest", dead, 1), "half");
  const auto live = root / "tmp" / temporary_name("manifest", posix->self(), 2);
  write_file(live, "half");
  write_file(root / "tmp" / "todo.txt", "mine");
  auto cache = Cache::open(*posix, root.string(), quick_options(), false);
  const auto report = cache->recover();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->temporaries_removed, 1U);
  EXPECT_EQ(report->temporaries_kept, 1U);
  EXPECT_EQ(report->entries_adopted, 1U);
  EXPECT_EQ(report->listings_dropped, 1U);
  EXPECT_THAT(report->foreign, testing::ElementsAre("tmp/todo.txt"));
  EXPECT_TRUE(std::filesystem::exists(live));
  expect_sound("after recovery");
  EXPECT_EQ(cache->recover()->entries_adopted, 0U);
  EXPECT_EQ(cache->recover()->entries_bad, 0U);
  write_file(entry, "");
  EXPECT_EQ(cache->recover()->entries_bad, 1U);
}

// One entry, and someone who holds a lock of the cache.
class CacheWithAHeldLock : public ScratchCache {
 protected:
  void SetUp() override { ASSERT_TRUE(get_good()); }
  void hold(std::string_view name) {
    const OpenFile locks(*posix, *posix->open(kWorkingDirectory, (root / "locks").string(), OpenMode::root));
    held = OpenFile(*posix, *posix->open(locks.fd(), name, OpenMode::open_or_create));
    ASSERT_TRUE(posix->try_lock(held.fd(), LockMode::exclusive));
  }
  Cache open_cache() {
    auto options = quick_options();
    options.lock.on_wait = [this](const std::string& lock, const std::string& holder) {
      waits.push_back(lock + " " + holder);
    };
    return *Cache::open(os, root.string(), std::move(options), false);
  }
  [[nodiscard]] std::string holder_of(const std::string& lock) const {
    return (root / "locks" / lock).string() + " process " + std::to_string(posix->self().pid);
  }
  ScriptedOs os{posix.get()};
  OpenFile held;
  std::vector<std::string> waits;
};

TEST_F(CacheWithAHeldLock, RecoverNamesTheHolderAndDoesTheRest) {
  std::filesystem::remove(root / "manifest.json");
  write_file(root / "entries" / key_of(sha256_of("x")), "rotten");
  write_file(root / "entries" / key_of(sha256_of("another")), "another");
  hold(kManifestLockName);
  const auto begun = os.time();
  const auto report = open_cache().recover();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->entries_bad, 1U);
  EXPECT_EQ(report->entries_adopted, 0U);
  EXPECT_EQ(report->manifest_problem, "");
  EXPECT_THAT(report->notes, testing::Contains(HasSubstr("manifest.lock is held by process")));
  EXPECT_THAT(waits, testing::ElementsAre(holder_of("manifest.lock")));
  EXPECT_LT(os.time() - begun, 2 * quick_options().lock.wait_max);  // once, not once an entry
}

TEST_F(CacheWithAHeldLock, RepairNamesTheHolderAndLeavesTheEntry) {
  for (const auto& lock : {std::string(kManifestLockName), lock_name(key_of(digest))}) {
    write_file(entry, "rotten");
    waits.clear();
    hold(lock);
    const auto reports = open_cache().verify("", true);
    ASSERT_TRUE(reports) << reports.error().message();
    ASSERT_THAT(*reports, SizeIs(1));
    EXPECT_FALSE(reports->front().removed);
    EXPECT_EQ(reports->front().state, EntryState::corrupt);
    EXPECT_THAT(reports->front().detail, HasSubstr("held by process"));
    EXPECT_THAT(waits, testing::ElementsAre(holder_of(lock)));
    EXPECT_TRUE(std::filesystem::exists(entry));
  }
}

TEST_F(CacheWithAHeldLock, RemoveNamesTheHolder) {
  for (const auto& lock : {std::string(kManifestLockName), lock_name(key_of(digest))}) {
    waits.clear();
    hold(lock);
    const auto removed = open_cache().remove(digest.hex());
    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error().code, ErrorCode::lock_timeout);
    EXPECT_THAT(removed.error().message(), HasSubstr("held by process"));
    EXPECT_THAT(waits, testing::ElementsAre(holder_of(lock)));
  }
}

TEST_F(CacheUpkeep, RecoverReportsALaterVersionsManifestAsAProblem) {
  ASSERT_TRUE(get_good());
  write_file(root / "manifest.json", "{\"modelcache_manifest\": 2}");
  auto cache = Cache::open(*posix, root.string(), quick_options(), false);
  const auto report = cache->recover();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(report->manifest_problem, HasSubstr("version 2"));
}

// Two entries; the first cannot be opened.
class CacheWithAnUnreadableEntry : public ScratchCache {
 protected:
  void SetUp() override {
    ASSERT_TRUE(get_good());
    ScriptedOs fetching(posix.get());
    fetching.conversations.push_back(answers(ok_response("another")));
    ASSERT_TRUE(get(fetching, {.url = url + "2", .sha256 = sha256_of("another")}));
    os.refused_opens[key_of(digest)] = Errno{EACCES};
    auto opened = Cache::open(os, root.string(), quick_options(), false);
    ASSERT_TRUE(opened);
    cache.emplace(std::move(*opened));
  }
  ScriptedOs os{posix.get()};
  std::optional<Cache> cache;
};

TEST_F(CacheWithAnUnreadableEntry, VerifyGoesOnWithTheOthers) {
  for (const bool repair : {false, true}) {
    const auto reports = cache->verify("", repair);
    ASSERT_TRUE(reports) << reports.error().message();
    ASSERT_THAT(*reports, SizeIs(2));
    for (const auto& report : *reports) {
      const bool refused = report.entry.key == key_of(digest);
      EXPECT_EQ(report.state, refused ? EntryState::unreadable : EntryState::good);
      EXPECT_EQ(report.detail, refused ? "open entry: Permission denied" : "");
      EXPECT_FALSE(report.removed);
    }
  }
  EXPECT_TRUE(std::filesystem::exists(entry));
}

TEST_F(CacheWithAnUnreadableEntry, RecoverNotesItAndGoesOn) {
  std::filesystem::remove(root / "manifest.json");
  const auto report = cache->recover();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->entries_unreadable, 1U);
  EXPECT_EQ(report->entries_adopted, 1U);
  EXPECT_THAT(report->notes, testing::Contains(HasSubstr(entry.string())));
}

TEST_F(CacheWithAnUnreadableEntry, RemoveNeedsNotReadIt) {
  const auto removed = cache->remove(url);
  ASSERT_TRUE(removed) << removed.error().message();
  EXPECT_EQ(removed->size_bytes, body.size());
  EXPECT_EQ(removed->url, "http://127.0.0.1/model.onnx");
  EXPECT_FALSE(std::filesystem::exists(entry));
  expect_sound("removed");
}

}  // namespace
}  // namespace modelcache
