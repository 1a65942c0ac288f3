// What a get does about things that are not as they should be.
#include <gmock/gmock.h>

#include "cache/cache.h"
#include "cache/scratch_cache.h"

namespace modelcache {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using CacheRepair = ScratchCache;

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

TEST_F(CacheRepair, SetsABadManifestAsideBesideWhatItCannotReplace) {
  ASSERT_TRUE(get_good());
  const auto manifest = root / "manifest.json";
  const auto aside = root / "manifest.json.bad";
  const auto expect_repaired = [&](const std::string& name) {
    const auto hit = get_good();
    ASSERT_TRUE(hit) << hit.error().message();
    EXPECT_TRUE(hit->hit && hit->entry.listed);
    EXPECT_THAT(hit->notes, testing::ElementsAre(HasSubstr("set aside as " + name + ","))) << name;
  };
  std::filesystem::create_directory(aside);  // a directory, where a file is to go
  write_file(aside / "notes.txt", "mine");
  write_file(manifest, "{");
  expect_repaired("manifest.json.bad.1");
  EXPECT_EQ(read_file(aside / "notes.txt"), "mine");
  EXPECT_EQ(read_file(root / "manifest.json.bad.1"), "{");
  write_file(manifest, "[");  // a file, where a file is to go
  expect_repaired("manifest.json.bad.1");
  EXPECT_EQ(read_file(root / "manifest.json.bad.1"), "[");
  std::filesystem::remove(manifest);  // a directory, where a directory and a file have the names
  std::filesystem::create_directory(manifest);
  write_file(manifest / "more.txt", "mine too");
  expect_repaired("manifest.json.bad.2");
  EXPECT_EQ(read_file(aside / "notes.txt"), "mine");
  EXPECT_EQ(read_file(root / "manifest.json.bad.1"), "[");
  EXPECT_EQ(read_file(root / "manifest.json.bad.2" / "more.txt"), "mine too");
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

}  // namespace
}  // namespace modelcache
