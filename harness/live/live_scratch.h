// A directory for the files of a live world, in memory where the system has such a place.
#ifndef STAMPEDE_LIVE_LIVE_SCRATCH_H
#define STAMPEDE_LIVE_LIVE_SCRATCH_H

#include <string>
#include <utility>

#include "cache/result.h"
#include "harness/live/owned_fd.h"

namespace stampede {

// Removed with everything in it when its owner goes. Its owner holds a lock on it (flock); where it was killed, the
// next one to make such a directory finds that lock free, and removes what was left.
class LiveScratch {
 public:
  // ERRORS: denied, no_space, io.
  static modelcache::Result<LiveScratch> make();
  LiveScratch(LiveScratch&& other) noexcept;
  LiveScratch& operator=(LiveScratch&&) = delete;
  ~LiveScratch();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  LiveScratch(std::string path, OwnedFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  OwnedFd lock_;
};

}  // namespace stampede

#endif  // STAMPEDE_LIVE_LIVE_SCRATCH_H
