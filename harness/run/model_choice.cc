// Finds and makes the models that were chosen.
#include "harness/run/model_choice.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>
#include <utility>

#include "harness/plan/model_directory.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr std::string_view kOnnxDirectory = "/usr/share/libonnx-testdata/data/";
constexpr std::uint64_t kTotalBytesMax = std::uint64_t{4} << 30;

// Of Debian's libonnx-testdata 1.12: 83 bytes to 7.7 KB. Every beginning of the list has clearly different sizes.
constexpr std::array kOnnxFiles = {
    "pytorch-operator/test_operator_conv",
    "node/test_sign",
    "node/test_hannwindow_expanded",
    "pytorch-converted/test_ConvTranspose2d",
    "node/test_nllloss_NCd1_weight_ii_expanded",
    "simple/test_gradient_of_add",
    "node/test_layer_normalization_default_axis_expanded",
    "pytorch-converted/test_Conv1d_pad1",
};

Result<std::vector<Model>> onnx_models(std::size_t count) {
  std::vector<Model> models;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view file = kOnnxFiles.at(i);
    const std::string name = std::string(file.substr(file.rfind('/') + 1)) + ".onnx";
    Result<Model> model = model_from_file(name, std::string(kOnnxDirectory) + std::string(file) + "/model.onnx");
    if (!model) {
      return fail(ErrorCode::not_found, "read model", model.error().place,
                  model.error().detail + "; install them with: apt-get install libonnx-testdata");
    }
    models.push_back(std::move(*model));
  }
  return models;
}

Result<std::vector<Model>> generated_models(std::string_view sizes) {
  std::vector<Model> models;
  std::uint64_t total = 0;
  while (!sizes.empty()) {
    const std::string_view size = sizes.substr(0, sizes.find(','));
    sizes.remove_prefix(std::min(sizes.size(), size.size() + 1));
    const Result<std::uint64_t> bytes = parse_size(size);
    if (!bytes) return fail(bytes.error());
    total += std::min(*bytes, kTotalBytesMax + 1);
    if (total > kTotalBytesMax) {
      return fail(ErrorCode::invalid_argument, "generate models", size, "expected at most 4 GiB together");
    }
    models.push_back(generated_model("generated-" + std::to_string(models.size()) + "-" + std::string(size), *bytes));
  }
  if (models.empty()) return fail(ErrorCode::invalid_argument, "generate models", "", "expected a size");
  return models;
}

}  // namespace

Result<std::vector<Model>> choose_models(const std::string& text) {
  constexpr std::string_view kOnnx = "onnx";
  constexpr std::string_view kGenerated = "generated:";
  if (text == kOnnx) return onnx_models(kOnnxFiles.size());
  if (text.starts_with("onnx:")) {
    std::size_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + kOnnx.size() + 1, end, count);
    if (error != std::errc() || stop != end || count == 0 || count > kOnnxFiles.size()) {
      return fail(ErrorCode::invalid_argument, "choose models", text, "expected onnx:1 to onnx:8");
    }
    return onnx_models(count);
  }
  if (text.starts_with(kGenerated)) return generated_models(std::string_view(text).substr(kGenerated.size()));
  Result<ModelDirectory> directory = models_from_directory(text, kTotalBytesMax);
  if (!directory) return fail(directory.error());
  if (directory->models.empty()) return fail(ErrorCode::not_found, "choose models", text, "no file is below it");
  return std::move(directory->models);
}

std::vector<Model> without_twins(std::vector<Model> models, std::vector<std::string>& twins) {
  std::set<modelcache::Sha256Digest> known;
  std::vector<Model> different;
  for (Model& model : models) {
    if (known.insert(model.sha256).second) {
      different.push_back(std::move(model));
    } else {
      twins.push_back(model.name);
    }
  }
  return different;
}

}  // namespace stampede
