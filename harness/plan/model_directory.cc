// Walks a directory and loads its regular files as models.
#include "harness/plan/model_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace stampede {
namespace {

namespace fs = std::filesystem;
using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

tl::unexpected<modelcache::Error> fail_with(const std::error_code& error, const std::string& path) {
  ErrorCode code = ErrorCode::io;
  if (error == std::errc::no_such_file_or_directory) code = ErrorCode::not_found;
  if (error == std::errc::permission_denied) code = ErrorCode::denied;
  return fail(code, "read directory", path, error.message());
}

}  // namespace

Result<ModelDirectory> models_from_directory(const std::string& path, std::uint64_t total_bytes_max) {
  ModelDirectory result;
  std::vector<std::pair<std::string, std::string>> files;  // name, path
  std::uint64_t total_bytes = 0;
  std::error_code error;
  fs::recursive_directory_iterator entry(path, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::file_status status = entry->symlink_status(error);
    if (error) break;
    const std::string name = entry->path().lexically_relative(path).generic_string();
    if (fs::is_regular_file(status)) {
      total_bytes += entry->file_size(error);
      if (error) break;
      files.emplace_back(name, entry->path().string());
    } else if (!fs::is_directory(status)) {
      result.skipped.push_back(name);
    }
  }
  if (error) return fail_with(error, path);
  if (total_bytes > total_bytes_max) {
    return fail(ErrorCode::too_large, "read directory", path,
                fmt::format("its files have {} bytes together, at most {} are loaded", total_bytes, total_bytes_max));
  }
  std::sort(files.begin(), files.end());
  std::sort(result.skipped.begin(), result.skipped.end());
  for (const auto& [name, file] : files) {
    Result<Model> model = model_from_file(name, file);
    if (!model) return fail(model.error());
    result.models.push_back(std::move(*model));
  }
  return result;
}

}  // namespace stampede
