// Models of a directory: regular files at any depth, in order, nothing that leads out of it.
#include "harness/plan/model_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace stampede {
namespace {

using modelcache::ErrorCode;

constexpr std::uint64_t kNoLimit = 1'000'000;

class DirectoryOfModels : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::path(::testing::TempDir()) / "model_directory_test.XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override {
    if (HasFailure()) {
      std::cerr << "kept: " << directory_ << "\n";
      return;
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }
  std::filesystem::path directory_;
};

TEST_F(DirectoryOfModels, HasEveryRegularFileByItsRelativePath) {
  write("b.onnx", "bb");
  write("a/deep/c d.onnx", "ccc");
  write("empty", "");
  // With and without a final slash the names are the same.
  for (const std::string& path : {directory_.string(), directory_.string() + "/"}) {
    const auto found = models_from_directory(path, kNoLimit);
    ASSERT_TRUE(found) << found.error().message();
    ASSERT_EQ(found->models.size(), 3U);
    EXPECT_EQ(found->models[0].name, "a/deep/c d.onnx");
    EXPECT_EQ(found->models[1].name, "b.onnx");
    EXPECT_EQ(found->models[2].name, "empty");
    EXPECT_EQ(found->models[0].sha256, modelcache::sha256_of(std::string_view("ccc")));
    EXPECT_TRUE(found->skipped.empty());
  }
}

TEST_F(DirectoryOfModels, FollowsNoLink) {
  write("m", "m");
  std::filesystem::create_symlink("/", directory_ / "root");
  std::filesystem::create_symlink("m", directory_ / "link");
  const auto found = models_from_directory(directory_.string(), kNoLimit);
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_EQ(found->models.size(), 1U);
  EXPECT_EQ(found->skipped, (std::vector<std::string>{"link", "root"}));
}

TEST_F(DirectoryOfModels, IsRefusedBeyondTheLimit) {
  write("a", "12345");
  write("b", "12345");
  EXPECT_TRUE(models_from_directory(directory_.string(), 10));
  const auto found = models_from_directory(directory_.string(), 9);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::too_large);
  EXPECT_NE(found.error().detail.find("10 bytes together, at most 9"), std::string::npos) << found.error().detail;
}

TEST_F(DirectoryOfModels, ThatIsMissingOrAFileIsAnError) {
  write("file", "x");
  const auto missing = models_from_directory((directory_ / "nowhere").string(), kNoLimit);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  const auto file = models_from_directory((directory_ / "file").string(), kNoLimit);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::io);
}

}  // namespace
}  // namespace stampede
