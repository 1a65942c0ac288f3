// Makes a new directory with a name that nobody else has (mkdtemp), and removes it.
#include "harness/free/posix_scratch_directory.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace stampede {

using modelcache::Result;

Result<PosixScratchDirectory> PosixScratchDirectory::make(const std::string& parent) {
  std::error_code error;
  std::filesystem::path place = parent;
  if (parent.empty()) place = std::filesystem::temp_directory_path(error);
  std::string path = (place / "stampede-XXXXXX").string();
  if (error || ::mkdtemp(path.data()) == nullptr) {
    return modelcache::fail(modelcache::ErrorCode::io, "make directory", path,
                            error ? error.message() : std::generic_category().message(errno));
  }
  return PosixScratchDirectory(std::move(path));
}

PosixScratchDirectory::PosixScratchDirectory(PosixScratchDirectory&& other) noexcept
    : path_(std::exchange(other.path_, "")) {}

PosixScratchDirectory::~PosixScratchDirectory() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string PosixScratchDirectory::keep() { return std::exchange(path_, ""); }

}  // namespace stampede
