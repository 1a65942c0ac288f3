// A scratch directory is new, private, and gone afterwards unless it is kept.
#include "harness/free/posix_scratch_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <utility>

#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;

TEST(ScratchDirectory, IsRemovedWithAllThatIsInIt) {
  const TestDirectory parent;
  std::string path;
  {
    const auto scratch = PosixScratchDirectory::make(parent.path());
    ASSERT_TRUE(scratch) << scratch.error().message();
    path = scratch->path();
    EXPECT_EQ(fs::path(path).parent_path(), parent.path());
    EXPECT_TRUE(fs::path(path).filename().string().starts_with("stampede-"));
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    EXPECT_TRUE(fs::is_empty(path));
    const auto another = PosixScratchDirectory::make(parent.path());
    ASSERT_TRUE(another);
    EXPECT_NE(another->path(), path);
    fs::create_directories(path + "/a/b");
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::is_empty(parent.path()));
}

TEST(ScratchDirectory, StaysWhereItIsKept) {
  const TestDirectory parent;
  std::string path;
  {
    auto scratch = PosixScratchDirectory::make(parent.path());
    ASSERT_TRUE(scratch);
    path = scratch->path();
    EXPECT_EQ(scratch->keep(), path);
  }
  EXPECT_TRUE(fs::exists(path));
}

TEST(ScratchDirectory, IsRemovedByWhoHasItLast) {
  const TestDirectory parent;
  auto scratch = PosixScratchDirectory::make(parent.path());
  ASSERT_TRUE(scratch);
  const std::string path = scratch->path();
  {
    const PosixScratchDirectory other(std::move(*scratch));
    EXPECT_EQ(other.path(), path);
    EXPECT_TRUE(fs::exists(path));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(ScratchDirectory, StandsWhereTemporaryFilesDo) {
  const auto scratch = PosixScratchDirectory::make();
  ASSERT_TRUE(scratch);
  EXPECT_EQ(fs::path(scratch->path()).parent_path(), fs::temp_directory_path());
}

TEST(ScratchDirectory, SaysWhyItCannotBeMade) {
  const auto scratch = PosixScratchDirectory::make("/nonexistent/parent");
  ASSERT_FALSE(scratch);
  EXPECT_EQ(scratch.error().code, modelcache::ErrorCode::io);
  EXPECT_TRUE(scratch.error().place.starts_with("/nonexistent/parent/stampede-")) << scratch.error().place;
  EXPECT_EQ(scratch.error().detail, "No such file or directory");
}

}  // namespace
}  // namespace stampede
