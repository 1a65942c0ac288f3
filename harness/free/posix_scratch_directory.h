// A directory for one run: new, private, and gone afterwards unless someone wants to look at it.
#ifndef STAMPEDE_FREE_POSIX_SCRATCH_DIRECTORY_H
#define STAMPEDE_FREE_POSIX_SCRATCH_DIRECTORY_H

#include <string>

#include "cache/result.h"

namespace stampede {

// Removes the directory with all that is in it at its end, unless kept. Owned by one thread.
class PosixScratchDirectory {
 public:
  // Below `parent`, or the system's directory for temporary files where that is empty. ERRORS: io.
  static modelcache::Result<PosixScratchDirectory> make(const std::string& parent = "");
  PosixScratchDirectory(PosixScratchDirectory&& other) noexcept;
  PosixScratchDirectory& operator=(PosixScratchDirectory&&) = delete;
  ~PosixScratchDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }
  // Leaves it where it is. Returns its path.
  std::string keep();

 private:
  explicit PosixScratchDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace stampede

#endif  // STAMPEDE_FREE_POSIX_SCRATCH_DIRECTORY_H
