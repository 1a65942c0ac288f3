// A census sees every name as it is, and follows nothing.
#include "harness/free/census.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

TEST(Census, DescribesEveryName) {
  const TestDirectory directory;
  directory.file("entries/a", "abc");
  directory.file("tmp/t", "");
  directory.file("manifest.json", "text");
  std::filesystem::create_symlink("/etc", directory.path() + "/entries/link");
  std::filesystem::permissions(directory.path() + "/entries/a", std::filesystem::perms(0640));
  const Census census = take_census(directory.path());
  ASSERT_EQ(census.names.size(), 6U);
  EXPECT_EQ(census.names[0].path, "entries");
  EXPECT_EQ(census.names[0].type, NameType::directory);
  EXPECT_EQ(census.names[1].path, "entries/a");
  EXPECT_EQ(census.names[1].sha256, modelcache::sha256_of("abc"));
  EXPECT_EQ(census.names[1].size_bytes, 3U);
  EXPECT_EQ(census.names[1].mode, 0640U);
  EXPECT_EQ(census.names[2].path, "entries/link");
  EXPECT_EQ(census.names[2].type, NameType::symlink);
  EXPECT_EQ(census.manifest, "text");
  EXPECT_TRUE(census.problems.empty());
}

TEST(Census, SaysWhatItCouldNotRead) { EXPECT_EQ(take_census("/nonexistent/directory").problems.size(), 1U); }

}  // namespace
}  // namespace stampede
