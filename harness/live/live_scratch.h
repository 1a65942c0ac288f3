// A directory for the files of a live world, in memory where the system has such a place.
#ifndef STAMPEDE_LIVE_LIVE_SCRATCH_H
#define STAMPEDE_LIVE_LIVE_SCRATCH_H

#include <string>

#include "cache/result.h"

namespace stampede {

// Removed with everything in it when its owner goes.
class LiveScratch {
 public:
  // ERRORS: denied, no_space, io.
  static modelcache::Result<LiveScratch> make();
  LiveScratch(LiveScratch&& other) noexcept;
  LiveScratch& operator=(LiveScratch&&) = delete;
  ~LiveScratch();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit LiveScratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_LIVE_SCRATCH_H
