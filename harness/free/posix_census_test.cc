// A census sees every name as it is, and follows nothing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "harness/free/census.h"
#include "harness/free/directory_for_test.h"
#include "harness/free/file_digest.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;

void chmod_to(const std::string& path, unsigned mode) { fs::permissions(path, static_cast<fs::perms>(mode)); }

TEST(Census, DescribesEveryName) {
  const TestDirectory directory;
  const std::string& root = directory.path();
  directory.file("entries/a", "abc");
  directory.file("entries/sub/deep", "");
  directory.file("tmp/t", "four");
  directory.file("manifest.json", "text\nmore");
  fs::create_symlink("/etc", root + "/entries/link");
  ASSERT_EQ(::mkfifo((root + "/tmp/pipe").c_str(), 0600), 0);
  chmod_to(root + "/entries", 01777);
  chmod_to(root + "/entries/a", 04640);
  chmod_to(root + "/tmp/t", 0600);
  const Census census = take_census(root);
  EXPECT_EQ(census.directory, root);
  struct Expected {
    std::string path;
    NameType type;
    std::uint64_t size_bytes = 0;
    std::optional<unsigned> mode = {};  // where it is not the system's to choose
    std::optional<modelcache::Sha256Digest> sha256 = {};
  };
  const std::vector<Expected> expected = {
      {"entries", NameType::directory, 0, 01777},
      {"entries/a", NameType::regular, 3, 04640, modelcache::sha256_of("abc")},
      {"entries/link", NameType::symlink},
      {"entries/sub", NameType::directory},
      {"entries/sub/deep", NameType::regular, 0, {}, modelcache::sha256_of("")},
      {"manifest.json", NameType::regular, 9},
      {"tmp", NameType::directory},
      {"tmp/pipe", NameType::other, 0, 0600},
      {"tmp/t", NameType::regular, 4, 0600},
  };
  ASSERT_EQ(census.names.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE(expected[i].path);
    EXPECT_EQ(census.names[i].path, expected[i].path);
    EXPECT_EQ(census.names[i].type, expected[i].type);
    EXPECT_EQ(census.names[i].size_bytes, expected[i].size_bytes);
    EXPECT_EQ(census.names[i].sha256, expected[i].sha256);
    if (expected[i].mode) {
      EXPECT_EQ(census.names[i].mode, *expected[i].mode);
    }
  }
  EXPECT_EQ(census.manifest, "text\nmore");
  EXPECT_TRUE(census.problems.empty());
}

TEST(Census, HashesAllWhereItIsAsked) {
  const TestDirectory directory;
  directory.file("entries/a", "abc");
  directory.file("entriesother", "d");
  directory.file("tmp/t", "four");
  const auto hashed = [&](Hashes hashes) {
    std::vector<std::string> paths;
    for (const FoundName& name : take_census(directory.path(), hashes).names) {
      if (name.sha256) paths.push_back(name.path);
    }
    return paths;
  };
  EXPECT_EQ(hashed(Hashes::entries), std::vector<std::string>{"entries/a"});
  EXPECT_EQ(hashed(Hashes::all), (std::vector<std::string>{"entries/a", "entriesother", "tmp/t"}));
}

TEST(Census, SortsNamesWhateverTheSystemSays) {
  const TestDirectory directory;
  for (const char* name : {"m", "z", "a", "q", "b", "y", "c", "x"}) directory.file(name, "");
  const Census census = take_census(directory.path());
  ASSERT_EQ(census.names.size(), 8U);
  EXPECT_TRUE(std::is_sorted(census.names.begin(), census.names.end(),
                             [](const FoundName& a, const FoundName& b) { return a.path < b.path; }));
}

TEST(Census, TakesForTheManifestNothingButAFile) {
  const TestDirectory directory;
  EXPECT_EQ(take_census(directory.path()).manifest, std::nullopt);
  const std::string target = directory.file("elsewhere", "text");
  fs::create_symlink(target, directory.path() + "/manifest.json");
  EXPECT_EQ(take_census(directory.path()).manifest, std::nullopt);
  fs::remove(directory.path() + "/manifest.json");
  directory.file("manifest.json", "");
  EXPECT_EQ(take_census(directory.path()).manifest, "");
}

TEST(Census, SaysWhatItCouldNotRead) {
  const Census nowhere = take_census("/nonexistent/directory");
  EXPECT_EQ(nowhere.problems, std::vector<std::string>{"/nonexistent/directory: No such file or directory"});
  EXPECT_TRUE(nowhere.names.empty());
  const TestDirectory directory;
  const std::string& root = directory.path();
  directory.file("entries/a", "abc");
  directory.file("entries/b", "de");
  chmod_to(root + "/entries/a", 0);
  const bool was_root = ::geteuid() == 0;
  if (was_root) {  // who passes every permission
    ASSERT_EQ(::chown(root.c_str(), 65534, 65534), 0);
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const Census census = take_census(root);
  chmod_to(root, 0);
  const Census closed = take_census(root);
  chmod_to(root, 0700);
  if (was_root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_EQ(census.problems, std::vector<std::string>{"entries/a: cannot be read"});
  ASSERT_EQ(census.names.size(), 3U);
  EXPECT_EQ(census.names[1].sha256, std::nullopt);
  EXPECT_EQ(census.names[1].size_bytes, 3U);
  EXPECT_EQ(census.names[2].sha256, modelcache::sha256_of("de"));
  EXPECT_EQ(closed.problems, std::vector<std::string>{root + ": Permission denied"});
}

TEST(FileDigest, IsOfTheWholeFileOrNothing) {
  const TestDirectory directory;
  for (const std::size_t size : {0UL, 1UL, 256UL * 1024, 256UL * 1024 + 1, 700'000UL}) {
    const std::string text(size, 'y');
    EXPECT_EQ(digest_of_file(directory.file("f", text)), modelcache::sha256_of(text)) << size;
  }
  EXPECT_EQ(digest_of_file(directory.path() + "/missing"), std::nullopt);
  EXPECT_EQ(digest_of_file(directory.path()), std::nullopt) << "a directory";
}

// What the kernel says of this process behind `key`.
std::uint64_t status_number(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    std::uint64_t number = 0;
    if (word == key && file >> number) return number;
  }
  return 0;
}

TEST(OwnProcess, IsDescribedByTheKernel) {
  const auto before = count_open_descriptors();
  ASSERT_TRUE(before);
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  EXPECT_EQ(count_open_descriptors(), *before + 2);
  ::close(pipe[0]);
  ::close(pipe[1]);
  EXPECT_EQ(count_open_descriptors(), before);

  const std::uint64_t smallest = status_number("VmHWM:") * 1024;
  const auto peak = read_peak_memory();
  ASSERT_TRUE(peak);
  EXPECT_GT(smallest, 0U);
  EXPECT_GE(*peak, smallest);
  EXPECT_LE(*peak, status_number("VmHWM:") * 1024);

  const mode_t former = ::umask(037);
  EXPECT_EQ(read_umask(), 037U);
  ::umask(0);
  EXPECT_EQ(read_umask(), 0U);
  ::umask(former);
  EXPECT_EQ(read_umask(), former);
}

}  // namespace
}  // namespace stampede
