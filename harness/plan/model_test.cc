// Models: the same bytes from the same name and size everywhere, and files read whole.
#include "harness/plan/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace stampede {
namespace {

using modelcache::ErrorCode;

class ModelFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::path(::testing::TempDir()) / "model_test.XXXXXX").string();
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
  std::filesystem::path directory_;
};

TEST(GeneratedModel, HasTheSameBytesInEveryBuild) {
  // Draws of mt19937_64 seeded by FNV-1a, least significant byte first: a change here makes saved plans mean
  // something else.
  EXPECT_EQ(generated_model("m1.onnx", 1000).sha256.hex(),
            "fb0bd6bd98d96e8526d099649d45df5a74b1ceaba6a8d796257253d9dc222ba4");
  EXPECT_EQ(generated_model("m1.onnx", 65536).sha256.hex(),
            "ce129c3805224d84fdcf3fd999730b52ede0f27e8e6668b769c453576bf179c6");
}

TEST(GeneratedModel, DependsOnNameAndSize) {
  const Model model = generated_model("a", 64);
  EXPECT_EQ(*model.bytes, *generated_model("a", 64).bytes);
  EXPECT_NE(*model.bytes, *generated_model("b", 64).bytes);
  const Model longer = generated_model("a", 65);
  EXPECT_FALSE(std::equal(model.bytes->begin(), model.bytes->end(), longer.bytes->begin()));
}

TEST(GeneratedModel, HasExactlyTheSizeAskedFor) {
  for (const std::uint64_t size : {0, 1, 2, 7, 8, 9, 4096, 65537}) {
    const Model model = generated_model("m", size);
    EXPECT_EQ(model.bytes->size(), size);
    EXPECT_EQ(model.sha256, modelcache::sha256_of(*model.bytes));
  }
}

TEST_F(ModelFile, IsReadWhole) {
  const std::filesystem::path path = directory_ / "weights.bin";
  const Model made = generated_model("x", 100'001);
  std::ofstream out(path, std::ios::binary);
  for (const std::byte byte : *made.bytes) out.put(static_cast<char>(byte));
  out.close();
  const auto model = model_from_file("served-name", path.string());
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ(model->name, "served-name");
  EXPECT_EQ(model->sha256, made.sha256);
  EXPECT_EQ(*model->bytes, *made.bytes);
}

TEST_F(ModelFile, OfNoBytesIsAModel) {
  const std::filesystem::path path = directory_ / "empty";
  std::ofstream(path).close();
  const auto model = model_from_file("empty", path.string());
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_TRUE(model->bytes->empty());
}

TEST_F(ModelFile, ThatIsMissingIsNotFound) {
  const auto model = model_from_file("m", (directory_ / "nowhere").string());
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::not_found);
  EXPECT_NE(model.error().message().find("nowhere"), std::string::npos);
}

TEST_F(ModelFile, ThatIsADirectoryIsRefused) {
  const auto model = model_from_file("m", directory_.string());
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::io);
  EXPECT_EQ(model.error().detail, "not a regular file");
}

TEST(ParseSize, TakesBytesAndBinaryUnits) {
  EXPECT_EQ(parse_size("0").value(), 0U);
  EXPECT_EQ(parse_size("1000").value(), 1000U);
  EXPECT_EQ(parse_size("64KiB").value(), 64U * 1024);
  EXPECT_EQ(parse_size("1MiB").value(), 1024U * 1024);
  EXPECT_EQ(parse_size("2GiB").value(), std::uint64_t{2} << 30);
  EXPECT_EQ(parse_size("18446744073709551615").value(), 18446744073709551615ULL);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  for (const char* text : {"", "KiB", "-1", "1kb", "1 KiB", "1.5MiB", "64KiBx", "0x10", "18446744073709551616",
                           "18014398509481984KiB", "17179869184GiB"}) {
    const auto size = parse_size(text);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(size.error().code, ErrorCode::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace stampede
