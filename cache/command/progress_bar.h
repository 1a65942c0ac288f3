// The progress of a get, as one line that is drawn over itself.
#ifndef MODELCACHE_COMMAND_PROGRESS_BAR_H
#define MODELCACHE_COMMAND_PROGRESS_BAR_H

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "cache/cache.h"
#include "cache/os.h"

namespace modelcache {

// Bytes a second over the last few seconds.
class RateMeter {
 public:
  // `bytes` is the total so far; when it falls, another attempt has begun and the past is forgotten.
  void add(Instant now, std::uint64_t bytes);
  // 0 when not enough is known.
  [[nodiscard]] double bytes_per_second() const;

 private:
  struct Sample {
    Instant at;
    std::uint64_t bytes = 0;
  };
  std::deque<Sample> samples_;
  std::optional<Sample> latest_;
};

// The line for what is happening, at most `columns` characters wide, without control characters. What does not fit is
// left out, the least important first: bar, reason, time left, rate. With `colour` the filled part of the bar is
// wrapped in escape sequences, which take no columns.
std::string progress_line(const Progress& progress, double bytes_per_second, std::size_t columns, bool colour);

// Draws on a terminal. Owned by one thread. The functions and the Os must outlive it; nothing is drawn before `show`.
class ProgressBar {
 public:
  struct Terminal {
    std::function<std::size_t()> columns;
    std::function<void(const std::string&)> write;
    bool colour = false;
  };
  ProgressBar(Os& os, Terminal terminal) : os_(&os), terminal_(std::move(terminal)) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { clear(); }

  // At most ten times a second by the door's clock, except that a phase in which the caller then waits is drawn at
  // once.
  void show(const Progress& progress);
  // Leaves an empty line with the cursor at its start. Does nothing when nothing was drawn.
  void clear();

 private:
  Os* os_;
  Terminal terminal_;
  RateMeter rate_;
  std::optional<Instant> drawn_at_;
  std::optional<Progress::Phase> drawn_phase_;
};

}  // namespace modelcache

#endif  // MODELCACHE_COMMAND_PROGRESS_BAR_H
