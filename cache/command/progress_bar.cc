// Renders and redraws the progress line.
#include "cache/command/progress_bar.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "cache/command/printable.h"
#include "cache/command/quantities.h"

namespace modelcache {
namespace {

using std::chrono::milliseconds;
using Phase = Progress::Phase;

constexpr milliseconds kRedrawEvery{100};
constexpr milliseconds kRateWindow{5'000};
constexpr std::size_t kBarColumnsMin = 8;
constexpr std::size_t kBarColumnsMax = 40;
constexpr const char* kFillColour = "\x1b[32m";
constexpr const char* kNoColour = "\x1b[0m";
constexpr const char* kClearLine = "\r\x1b[K";

std::string mebibytes(std::uint64_t bytes) {
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(bytes) / (1 << 20));
  return text.data();
}

std::string phase_words(const Progress& progress) {
  switch (progress.phase) {
    case Phase::checking:
      return "checking";
    case Phase::waiting_for_lock:
      return progress.note.empty() ? "waiting for lock" : "waiting for lock held by " + progress.note;
    case Phase::connecting:
      return "connecting";
    case Phase::receiving:
      return "";
    case Phase::verifying:
      return "verifying";
    case Phase::backing_off:
      return "waiting to try again";
    case Phase::publishing:
      return "publishing";
    case Phase::listing:
      return "updating the manifest";
  }
  return "";
}

// "attempt 2 (connect http://h/: Connection refused (refused))" after a failure.
std::string attempt_words(const Progress& progress) {
  if (progress.phase == Phase::waiting_for_lock) return "";
  if (progress.attempt < 2 && progress.note.empty()) return "";
  return "attempt " + std::to_string(progress.attempt) + (progress.note.empty() ? "" : " (" + progress.note + ')');
}

std::string joined(const std::vector<std::string>& parts) {
  std::string line;
  for (const auto& part : parts) {
    if (part.empty()) continue;
    line += (line.empty() ? "" : "  ") + part;
  }
  return line;
}

std::string bar(double done, std::size_t columns, bool colour) {
  const auto inside = columns - 2;
  const auto filled = std::min(inside, static_cast<std::size_t>(done * static_cast<double>(inside)));
  const std::string fill(filled, '=');
  return '[' + (colour && filled > 0 ? kFillColour + fill + kNoColour : fill) + std::string(inside - filled, ' ') + ']';
}

}  // namespace

void RateMeter::add(Instant now, std::uint64_t bytes) {
  if (latest_ && bytes < latest_->bytes) samples_.clear();
  latest_ = Sample{now, bytes};
  if (samples_.empty() || now - samples_.back().at >= kRedrawEvery) samples_.push_back(*latest_);
  while (samples_.size() > 1 && now - samples_.front().at > kRateWindow) samples_.pop_front();
}

double RateMeter::bytes_per_second() const {
  if (samples_.empty() || !latest_) return 0;
  const std::chrono::duration<double> span = latest_->at - samples_.front().at;
  if (span < kRedrawEvery) return 0;
  return static_cast<double>(latest_->bytes - samples_.front().bytes) / span.count();
}

std::string progress_line(const Progress& progress, double bytes_per_second, std::size_t columns, bool colour) {
  const bool moving = progress.phase == Phase::receiving || progress.phase == Phase::verifying;
  const bool total_known = moving && progress.total_bytes && *progress.total_bytes > 0;
  const double done =
      total_known
          ? std::min(1.0, static_cast<double>(progress.received_bytes) / static_cast<double>(*progress.total_bytes))
          : 0;
  std::string percent, amount, rate, left;
  if (total_known) {
    const auto digits = std::to_string(static_cast<int>(done * 100));
    percent = std::string(3 - digits.size(), ' ') + digits + '%';
  }
  if (moving) {
    amount = mebibytes(progress.received_bytes) + (total_known ? '/' + mebibytes(*progress.total_bytes) : "") + " MiB";
  }
  if (progress.phase == Phase::receiving && bytes_per_second > 0) {
    rate = mebibytes(static_cast<std::uint64_t>(bytes_per_second)) + " MiB/s";
    if (total_known && *progress.total_bytes >= progress.received_bytes) {
      const auto rest = static_cast<double>(*progress.total_bytes - progress.received_bytes);
      left = readable_seconds(rest / bytes_per_second) + " left";
    }
  }
  // From the most important to the least; cut from the end until it fits.
  std::vector<std::string> parts = {percent, printable(phase_words(progress)),  amount, rate,
                                    left,    printable(attempt_words(progress))};
  while (parts.size() > 1 && character_count(joined(parts)) > columns) parts.pop_back();
  const auto text = joined(parts);
  const auto used = character_count(text);
  if (used > columns) return std::string(first_characters(text, columns));
  if (!total_known || columns < used + 2 + kBarColumnsMin) return text;
  const auto after_percent = text.substr(percent.size());
  return percent + "  " + bar(done, std::min(kBarColumnsMax, columns - used - 2), colour) + after_percent;
}

void ProgressBar::show(const Progress& progress) {
  if (progress.phase == Phase::checking && !drawn_at_) return;  // most gets are hits, and end here
  const auto now = os_->now();
  if (progress.phase == Phase::receiving) rate_.add(now, progress.received_bytes);
  const bool caller_waits = progress.phase == Phase::waiting_for_lock || progress.phase == Phase::connecting ||
                            progress.phase == Phase::backing_off;
  const bool at_once = caller_waits && drawn_phase_ != progress.phase;
  if (drawn_at_ && !at_once && now - *drawn_at_ < kRedrawEvery) return;
  drawn_at_ = now;
  drawn_phase_ = progress.phase;
  // The last column stays free: a terminal may wrap after it.
  const auto columns = std::max<std::size_t>(terminal_.columns(), 2) - 1;
  terminal_.write(kClearLine + progress_line(progress, rate_.bytes_per_second(), columns, terminal_.colour));
}

void ProgressBar::clear() {
  if (!drawn_at_) return;
  terminal_.write(kClearLine);
  drawn_at_.reset();
  drawn_phase_.reset();
}

}  // namespace modelcache
