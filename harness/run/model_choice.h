// Which models a run uses: what `--models` says.
#ifndef STAMPEDE_RUN_MODEL_CHOICE_H
#define STAMPEDE_RUN_MODEL_CHOICE_H

#include <string>
#include <vector>

#include "cache/result.h"
#include "harness/plan/model.h"

namespace stampede {

// "onnx" (eight real ones from Debian's libonnx-testdata), "onnx:3" (the first three, which differ most in size),
// "generated:64KiB,1MiB", or a directory. ERRORS: invalid_argument; not_found, which says how to install the ONNX
// files; denied, io, too_large.
modelcache::Result<std::vector<Model>> choose_models(const std::string& text);

// Leaves out models with the bytes of one before: a cache knows them by one key, so they cannot be told apart. Adds the
// names of those left out to `twins`.
std::vector<Model> without_twins(std::vector<Model> models, std::vector<std::string>& twins);

}  // namespace stampede

#endif  // STAMPEDE_RUN_MODEL_CHOICE_H
