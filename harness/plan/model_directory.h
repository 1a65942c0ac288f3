// The models of a directory: every regular file below it, by its relative path.
#ifndef STAMPEDE_PLAN_MODEL_DIRECTORY_H
#define STAMPEDE_PLAN_MODEL_DIRECTORY_H

#include <cstdint>
#include <string>
#include <vector>

#include "harness/plan/model.h"

namespace stampede {

struct ModelDirectory {
  std::vector<Model> models;         // in the order of their names, which are relative paths with '/'
  std::vector<std::string> skipped;  // relative paths of links, pipes and the like: they could lead elsewhere or block
};

// Reads all files into memory, together at most `total_bytes_max`. ERRORS: not_found, denied, too_large (before
// anything is read), io (also where `path` is no directory).
modelcache::Result<ModelDirectory> models_from_directory(const std::string& path, std::uint64_t total_bytes_max);

}  // namespace stampede

#endif  // STAMPEDE_PLAN_MODEL_DIRECTORY_H
