// The options by which commands choose models.
#ifndef STAMPEDE_CLI_MODEL_OPTIONS_H
#define STAMPEDE_CLI_MODEL_OPTIONS_H

#include <string>
#include <vector>

#include "harness/cli/subcommand.h"
#include "harness/plan/model.h"

namespace stampede {

struct ModelOptions {
  std::vector<std::string> choices;
  std::size_t count_max = 0;  // 0: all
};

void add_model_options(Subcommand& command, ModelOptions& options);

// Reads them all; says on standard error why it cannot, and puts the exit status into `exit_status`. Empty then.
std::vector<Model> chosen_models(const ModelOptions& options, int& exit_status);

}  // namespace stampede

#endif  // STAMPEDE_CLI_MODEL_OPTIONS_H
