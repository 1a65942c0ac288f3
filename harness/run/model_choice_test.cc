// What `--models` says is what there is, and what it must not say is refused with the reason.
#include "harness/run/model_choice.h"

#include <gtest/gtest.h>

#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;

std::vector<std::pair<std::string, std::size_t>> names_and_sizes(const std::vector<Model>& models) {
  std::vector<std::pair<std::string, std::size_t>> list;
  for (const Model& model : models) list.emplace_back(model.name, model.bytes->size());
  return list;
}

TEST(ModelChoice, GeneratesModelsOfTheSizesThatAreAsked) {
  const auto models = choose_models("generated:100,1KiB,0");
  ASSERT_TRUE(models) << models.error().message();
  EXPECT_EQ(names_and_sizes(*models), (std::vector<std::pair<std::string, std::size_t>>{
                                          {"generated-0-100", 100}, {"generated-1-1KiB", 1024}, {"generated-2-0", 0}}));
}

TEST(ModelChoice, RefusesWhatItCannotGenerate) {
  const std::pair<std::string, std::string> cases[] = {
      {"generated:", "expected a size"},
      {"generated:many", "expected"},
      {"generated:5GiB", "expected at most 4 GiB together"},
      {"generated:1,4GiB", "expected at most 4 GiB together"},
      {"onnx:0", "expected onnx:1 to onnx:8"},
      {"onnx:9", "expected onnx:1 to onnx:8"},
      {"onnx:", "expected onnx:1 to onnx:8"},
      {"onnx:2x", "expected onnx:1 to onnx:8"},
      {"onnx:-1", "expected onnx:1 to onnx:8"},
  };
  for (const auto& [text, why] : cases) {
    const auto models = choose_models(text);
    ASSERT_FALSE(models) << text;
    EXPECT_EQ(models.error().code, ErrorCode::invalid_argument) << text;
    EXPECT_NE(models.error().message().find(why), std::string::npos) << models.error().message();
  }
}

TEST(ModelChoice, FindsTheOnnxModelsOrSaysHowToInstallThem) {
  const auto all = choose_models("onnx");
  const auto three = choose_models("onnx:3");
  ASSERT_EQ(all.has_value(), three.has_value());
  if (!all) {
    EXPECT_EQ(all.error().code, ErrorCode::not_found);
    EXPECT_NE(all.error().message().find("apt-get install libonnx-testdata"), std::string::npos);
    return;
  }
  const std::vector<std::string> names = {"test_operator_conv.onnx",
                                          "test_sign.onnx",
                                          "test_hannwindow_expanded.onnx",
                                          "test_ConvTranspose2d.onnx",
                                          "test_nllloss_NCd1_weight_ii_expanded.onnx",
                                          "test_gradient_of_add.onnx",
                                          "test_layer_normalization_default_axis_expanded.onnx",
                                          "test_Conv1d_pad1.onnx"};
  ASSERT_EQ(all->size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ((*all)[i].name, names[i]);
  ASSERT_EQ(three->size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ((*three)[i].name, names[i]);
  EXPECT_EQ(choose_models("onnx:8").value().size(), 8U);
  EXPECT_EQ(choose_models("onnx:1").value().size(), 1U);
}

TEST(ModelChoice, TakesTheFilesOfADirectory) {
  const TestDirectory directory;
  const auto empty = choose_models(directory.path());
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, ErrorCode::not_found);
  EXPECT_NE(empty.error().message().find("no file is below it"), std::string::npos);
  directory.file("a.onnx", "abc");
  directory.file("sub/b", "de");
  const auto models = choose_models(directory.path());
  ASSERT_TRUE(models) << models.error().message();
  EXPECT_EQ(names_and_sizes(*models), (std::vector<std::pair<std::string, std::size_t>>{{"a.onnx", 3}, {"sub/b", 2}}));
  const auto missing = choose_models("/nonexistent/directory");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
}

TEST(ModelChoice, LeavesTwinsOut) {
  Model twin = generated_model("a", 10);
  twin.name = "twin";
  std::vector<std::string> twins = {"earlier"};
  const auto models = without_twins({generated_model("a", 10), generated_model("b", 10), twin}, twins);
  EXPECT_EQ(names_and_sizes(models), (std::vector<std::pair<std::string, std::size_t>>{{"a", 10}, {"b", 10}}));
  EXPECT_EQ(twins, (std::vector<std::string>{"earlier", "twin"}));
}

}  // namespace
}  // namespace stampede
