// Registers --models and --model-count, and reads what they name.
#include "harness/cli/model_options.h"

#include <cstdio>
#include <utility>

#include "harness/cli/exit_statuses.h"
#include "harness/run/model_choice.h"

namespace stampede {

void add_model_options(Subcommand& command, ModelOptions& options) {
  command
      .option("--models", options.choices,
              "onnx (eight real ones from Debian's libonnx-testdata), onnx:K (the first K of them),\n"
              "generated:64KiB,1MiB (by size), or a directory of files. Several may be given")
      .type_name("WHAT");
  command.option("--model-count", options.count_max, "use the first K of these models").type_name("K").positive();
}

std::vector<Model> chosen_models(const ModelOptions& options, int& exit_status) {
  std::vector<Model> models;
  for (const std::string& choice : options.choices) {
    modelcache::Result<std::vector<Model>> chosen = choose_models(choice);
    if (!chosen) {
      std::fprintf(stderr, "stampede: %s\n", chosen.error().message().c_str());
      const bool is_missing_package =
          choice.starts_with("onnx") && chosen.error().code == modelcache::ErrorCode::not_found;
      exit_status = is_missing_package ? kCannotHere : kUsage;
      return {};
    }
    for (Model& model : *chosen) models.push_back(std::move(model));
  }
  std::vector<std::string> twins;
  models = without_twins(std::move(models), twins);
  for (const std::string& twin : twins) {
    std::fprintf(stderr, "stampede: %s is left out: another model has the same bytes\n", twin.c_str());
  }
  if (options.count_max > models.size()) {
    std::fprintf(stderr, "stampede: --model-count %zu: there are %zu models\n", options.count_max, models.size());
    exit_status = kUsage;
    return {};
  }
  if (options.count_max > 0) models.resize(options.count_max);
  return models;
}

}  // namespace stampede
