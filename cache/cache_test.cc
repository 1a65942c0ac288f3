// What a get promises to one process: hits, misses, repairs and errors.
#include "cache/cache.h"

#include <gmock/gmock.h>

#include "cache/scratch_cache.h"

namespace modelcache {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using CacheGet = ScratchCache;
using CacheRepair = ScratchCache;
using CacheVerbs = ScratchCache;

TEST_F(CacheGet, DownloadsOnceAndHitsAfterwardsWithoutARequest) {
  const auto cold = get_good();
  ASSERT_TRUE(cold) << cold.error().message();
  EXPECT_FALSE(cold->hit);
  EXPECT_EQ(requests, 1U);
  EXPECT_EQ(cold->entry.path, entry.string());
  EXPECT_TRUE(read_file(entry) == body);
  EXPECT_THAT(names_in(root / "tmp"), IsEmpty());
  const auto warm = get_good();
  ASSERT_TRUE(warm) << warm.error().message();
  EXPECT_TRUE(warm->hit);
  EXPECT_FALSE(warm->hashed);
  EXPECT_TRUE(warm->entry.listed);
  EXPECT_EQ(requests, 0U);
  expect_sound("after a hit");
}

TEST_F(CacheGet, WritesNothingOnAWarmHit) {
  ASSERT_TRUE(get_good());
  ScriptedOs os(posix.get());
  const auto warm = get(os, request());
  ASSERT_TRUE(warm);
  for (const auto* step :
       {"write", "rename", "unlink", "make_directory", "sync_file", "sync_directory", "try_lock", "truncate"}) {
    EXPECT_EQ(os.count(step), 0U) << step;
  }
  EXPECT_EQ(os.count("read"), 2U);  // the manifest, and its end
}

TEST_F(CacheGet, HitsByHashWhereTheDirectoryCannotBeWrittenAndTheEntryIsNotListed) {
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

TEST_F(CacheGet, NeverPublishesWrongBytes) {
  ScriptedOs os(posix.get());
  const std::string wrong = std::string(20'000, 'w') + "rong";
  for (int i = 0; i < 5; ++i) os.conversations.push_back(answers(ok_response(wrong)));
  const auto result = get(os, request());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::wrong_checksum);
  EXPECT_EQ(os.requests.size(), 5U);
  EXPECT_THAT(names_in(root / "entries"), IsEmpty());
  EXPECT_THAT(names_in(root / "tmp"), IsEmpty());
}

TEST_F(CacheGet, RecoversWithinOneCallFrom503ThenWrongThenShortThenGood) {
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers("HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n"));
  os.conversations.push_back(answers(ok_response(std::string(body.size(), 'x'))));
  os.conversations.push_back(answers(ok_response(body).substr(0, 5'000)));
  os.conversations.push_back(answers(ok_response(body)));
  const auto begun = os.time();
  const auto result = get(os, request());
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->attempts, 4U);
  EXPECT_GE(os.time() - begun, std::chrono::seconds(2));
  EXPECT_TRUE(read_file(entry) == body);
}

TEST_F(CacheGet, GivesUpWhenTheServerAsksForALongerWaitThanAllowed) {
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers("HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"));
  const auto result = get(os, request());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::http_status);
  EXPECT_EQ(result.error().http_status, 429);
  EXPECT_EQ(os.requests.size(), 1U);
}

TEST_F(CacheGet, DoesNotTryAgainWhatCannotPass) {
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
  const auto result = get(os, request());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::not_found);
  EXPECT_EQ(os.requests.size(), 1U);
}

TEST_F(CacheGet, RefusesABodyBeyondTheLimitBeforeReadingIt) {
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers(ok_response(body)));
  auto options = quick_options();
  options.entry_bytes_max = body.size() - 1;
  const auto result = get(os, request(), options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::too_large);
  EXPECT_EQ(os.count("write"), 1U);  // the line in the lock file
}

TEST_F(CacheGet, NeedsALengthWhereThereIsNoChecksum) {
  const GetRequest unverified{.url = url, .accept_unverified = true};
  ScriptedOs os(posix.get());
  for (int i = 0; i < 5; ++i) os.conversations.push_back(answers("HTTP/1.1 200 OK\r\n\r\n" + body));
  const auto undeclared = get(os, unverified);
  ASSERT_FALSE(undeclared);
  EXPECT_EQ(undeclared.error().code, ErrorCode::truncated);
  ScriptedOs declared(posix.get());
  declared.conversations.push_back(answers(ok_response(body)));
  const auto good = get(declared, unverified);
  ASSERT_TRUE(good) << good.error().message();
  EXPECT_TRUE(read_file(good->entry.path) == body);
  ScriptedOs again(posix.get());
  EXPECT_TRUE(get(again, unverified)->hit);
  ScriptedOs asking(posix.get());
  EXPECT_EQ(get(asking, {.url = url}).error().code, ErrorCode::invalid_argument);
}

TEST_F(CacheGet, KeepsModelsApartThatDifferOnlyInTheirChecksum) {
  ASSERT_TRUE(get_good());
  const std::string other = "another version";
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers(ok_response(other)));
  const auto result = get(os, {.url = url, .sha256 = sha256_of(other)});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_TRUE(read_file(entry) == body);
  EXPECT_EQ(read_file(result->entry.path), other);
}

TEST_F(CacheGet, StopsWhenAskedAndCleansUp) {
  std::size_t steps = 0;
  for (std::size_t stop_at = 0;; ++stop_at) {
    ScriptedOs os(posix.get());
    os.conversations.push_back(answers(ok_response(body)));
    bool stop = false;
    os.before_step = [&](std::size_t step) { stop = stop || step == stop_at; };
    auto options = quick_options();
    options.http.cancelled = [&] { return stop; };
    const auto result = get(os, request(), options);
    if (!stop) break;
    ++steps;
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::interrupted) << result.error().message();
    }
    EXPECT_THAT(names_in(root / "tmp"), IsEmpty()) << "stopped at step " << stop_at;
    expect_sound("stopped at step " + std::to_string(stop_at));
    std::filesystem::remove_all(root);
  }
  EXPECT_GT(steps, 30U);
}

TEST_F(CacheGet, NamesTheHolderWhenItOnlyWaits) {
  ASSERT_TRUE(get_good());
  std::filesystem::remove(entry);
  const auto directory = posix->open(kWorkingDirectory, (root / "locks").string(), OpenMode::root);
  const auto held = posix->open(*directory, lock_name(key_of(digest)), OpenMode::open_or_create);
  ASSERT_TRUE(posix->try_lock(*held, LockMode::exclusive));
  ScriptedOs os(posix.get());
  auto options = quick_options();
  options.lock.only_wait = true;
  const auto result = get(os, request(), options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::lock_timeout);
  EXPECT_THAT(result.error().detail, HasSubstr("process " + std::to_string(posix->self().pid)));
  // The same, allowed to help itself: a stalled peer is nobody else's failure.
  const auto own = get_good();
  ASSERT_TRUE(own) << own.error().message();
  EXPECT_TRUE(read_file(entry) == body);
  EXPECT_TRUE(posix->close(*held));
  EXPECT_TRUE(posix->close(*directory));
}

TEST_F(CacheRepair, ReplacesAnEntryWhoseBytesWereChanged) {
  ASSERT_TRUE(get_good());
  std::string rotten = body;
  rotten[7] = 'X';
  write_file(entry, rotten);  // other mtime and ctime
  const auto result = get_good();
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_FALSE(result->hit);
  EXPECT_THAT(result->notes, testing::ElementsAre(HasSubstr("replaced")));
  EXPECT_TRUE(read_file(entry) == body);
  expect_sound("after the repair");
}

TEST_F(CacheRepair, ReplacesAnEmptyEntryUnderEveryPolicy) {
  for (const auto policy : {VerifyPolicy::when_changed, VerifyPolicy::always, VerifyPolicy::never}) {
    ASSERT_TRUE(get_good());
    write_file(entry, "");
    const auto result = get_good(policy);
    ASSERT_TRUE(result) << name_of(policy) << result.error().message();
    EXPECT_FALSE(result->hit);
    EXPECT_TRUE(read_file(entry) == body) << name_of(policy);
  }
}

TEST_F(CacheRepair, SeesBitRotThatKeepsTheTimesOnlyWhenItAlwaysHashes) {
  ASSERT_TRUE(get_good());
  auto manifest = *Manifest::parse(read_file(root / "manifest.json"));
  std::string rotten = body;
  rotten[7] = 'X';
  write_file(entry, rotten);
  const auto directory = posix->open(kWorkingDirectory, (root / "entries").string(), OpenMode::root);
  manifest.entries.begin()->second.stamp = stamp_of(*posix->stat_name(*directory, key_of(digest)));
  EXPECT_TRUE(posix->close(*directory));
  write_file(root / "manifest.json", manifest.print());
  EXPECT_TRUE(get_good(VerifyPolicy::when_changed)->hit);
  EXPECT_FALSE(get_good(VerifyPolicy::always)->hit);
  EXPECT_TRUE(read_file(entry) == body);
}

TEST_F(CacheRepair, ReplacesASymbolicLinkWithoutFollowingIt) {
  ASSERT_TRUE(get_good());
  const auto outside = scratch.path() / "outside";
  write_file(outside, "precious");
  std::filesystem::remove(entry);
  std::filesystem::create_symlink(outside, entry);
  const auto result = get_good();
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(read_file(outside), "precious");
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(entry)));
  EXPECT_TRUE(read_file(entry) == body);
}

TEST_F(CacheRepair, RefusesSubdirectoriesThatLeadElsewhere) {
  for (const auto* name : {"entries", "tmp", "locks"}) {
    std::filesystem::create_directories(root);
    std::filesystem::create_directory(scratch.path() / "elsewhere");
    std::filesystem::create_directory_symlink(scratch.path() / "elsewhere", root / name);
    const auto result = get_good();
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.error().code, ErrorCode::bad_entry);
    EXPECT_THAT(names_in(scratch.path() / "elsewhere"), IsEmpty());
    std::filesystem::remove_all(root);
    std::filesystem::remove_all(scratch.path() / "elsewhere");
  }
}

TEST_F(CacheRepair, LeavesADirectoryInTheEntrysPlaceAlone) {
  ASSERT_TRUE(get_good());
  std::filesystem::remove(entry);
  std::filesystem::create_directory(entry);
  write_file(entry / "notes.txt", "mine");
  const auto result = get_good();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::bad_entry);
  EXPECT_THAT(result.error().message(), HasSubstr(entry.string()));
  EXPECT_EQ(read_file(entry / "notes.txt"), "mine");
}

TEST_F(CacheRepair, SetsABadManifestAsideAndListsAgain) {
  for (const std::string bad : {"", "{", "{\"name\": \"left-pad\"}", "[1]", "\xff\xfe"}) {
    ASSERT_TRUE(get_good());
    write_file(root / "manifest.json", bad);
    const auto hit = get_good();
    ASSERT_TRUE(hit) << hit.error().message();
    EXPECT_TRUE(hit->hit) << bad;
    EXPECT_EQ(read_file(root / "manifest.json.bad"), bad);
    EXPECT_THAT(Manifest::parse(read_file(root / "manifest.json"))->entries, SizeIs(1)) << bad;
  }
}

TEST_F(CacheRepair, LeavesALaterVersionsManifestAlone) {
  ASSERT_TRUE(get_good());
  const std::string later = "{\"modelcache_manifest\": 2, \"shards\": []}";
  write_file(root / "manifest.json", later);
  EXPECT_TRUE(get_good()->hit);
  std::filesystem::remove(entry);
  const auto fetched = get_good();
  ASSERT_TRUE(fetched) << fetched.error().message();
  EXPECT_THAT(fetched->notes, testing::ElementsAre(HasSubstr("version 2")));
  EXPECT_EQ(read_file(root / "manifest.json"), later);
}

TEST_F(CacheRepair, MovesADirectoryInTheManifestsPlaceAside) {
  ASSERT_TRUE(get_good());
  std::filesystem::remove(root / "manifest.json");
  std::filesystem::create_directory(root / "manifest.json");
  const auto hit = get_good();
  ASSERT_TRUE(hit) << hit.error().message();
  EXPECT_TRUE(std::filesystem::is_directory(root / "manifest.json.bad"));
  EXPECT_TRUE(std::filesystem::is_regular_file(root / "manifest.json"));
}

TEST_F(CacheVerbs, RemoveAndFindAndListAgree) {
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

TEST_F(CacheVerbs, VerifyFindsRotAndRepairsOnlyWhatIsRotten) {
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

TEST_F(CacheRepair, TellsAnUnlistedVersionByUrlFromARottenOne) {
  const GetRequest unverified{.url = url, .accept_unverified = true};
  ScriptedOs os(posix.get());
  os.conversations.push_back(answers(ok_response(body)));
  const auto first = get(os, unverified);
  ASSERT_TRUE(first);
  // Another version, published by someone who was killed before he listed it: a new inode.
  write_file(root / "tmp" / "new", "the next version");
  std::filesystem::rename(root / "tmp" / "new", first->entry.path);
  ScriptedOs again(posix.get());
  const auto hit = get(again, unverified);
  ASSERT_TRUE(hit) << hit.error().message();
  EXPECT_TRUE(hit->hit && hit->entry.listed);
  EXPECT_EQ(hit->entry.sha256, sha256_of("the next version"));
  // The same inode with other bytes is rot.
  write_file(first->entry.path, "rotten");
  ScriptedOs third(posix.get());
  third.conversations.push_back(answers(ok_response(body)));
  EXPECT_FALSE(get(third, unverified)->hit);
  EXPECT_TRUE(read_file(first->entry.path) == body);
}

TEST_F(CacheVerbs, RemoveFreesAFullDisk) {
  ASSERT_TRUE(get_good());
  std::size_t full = 0;
  for (std::size_t n = 0;; ++n) {
    ASSERT_TRUE(get_good());
    ScriptedOs os(posix.get());
    os.fail_step = n;
    os.fail_with = Errno{ENOSPC};
    auto cache = Cache::open(os, root.string(), quick_options(), false);
    if (!cache) continue;
    const auto removed = cache->remove(digest.hex());
    if (!os.failed_a_step) break;
    // Writing the smaller manifest is what fails on a full disk; the lock files' lines stand there already.
    if (os.steps[n] != "write" || os.count("write") < 3) continue;
    ++full;
    EXPECT_TRUE(removed) << "step " << n << ": " << removed.error().message();
    EXPECT_FALSE(std::filesystem::exists(entry));
    expect_sound("removed on a full disk");
  }
  EXPECT_GE(full, 1U);
}

TEST_F(CacheVerbs, RepairLeavesAGoodEntryThatCameMeanwhile) {
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

TEST_F(CacheVerbs, NothingIsListedThatChangedAfterItWasHashed) {
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

TEST_F(CacheVerbs, RecoverRemovesDeadTemporariesAdoptsEntriesAndDropsListings) {
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

}  // namespace
}  // namespace modelcache
