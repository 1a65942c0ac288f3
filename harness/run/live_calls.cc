// Calls through the door.
#include "harness/run/live_calls.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <vector>

#include "harness/world/world_identity.h"

namespace stampede {

using modelcache::Fd;
using modelcache::OpenMode;

bool make_calls(modelcache::Os& os, std::string_view directory, std::string_view kind, std::uint64_t count,
                const std::function<void()>& on_call) {
  constexpr std::string_view kName = "called";
  if (kind != kReadCalls && kind != kStatCalls) return false;
  const auto top = os.open(modelcache::kWorkingDirectory, directory, OpenMode::root);
  if (!top) return false;
  const auto file = os.open(*top, kName, OpenMode::open_or_create);
  std::array<std::byte, 1> byte{};
  bool is_good = file && os.write(*file, byte, 0);
  for (std::uint64_t i = 0; i < count && is_good; ++i) {
    is_good = kind == kReadCalls ? os.read(*file, byte, 0).has_value() : os.stat_name(*top, kName).has_value();
    if (on_call) on_call();
  }
  is_good = is_good && os.unlink(*top, kName);
  if (file) is_good = os.close(*file) && is_good;
  return os.close(*top) && is_good;
}

std::string live_calls_job(std::string_view kind, std::uint64_t count) {
  return std::string(kind) + " " + std::to_string(count);
}

void perform_live_calls(const LiveTask& task) {
  const std::size_t space = std::min(task.job.find(' '), task.job.size());
  std::uint64_t count = 0;
  const std::string_view digits = task.job.substr(std::min(space + 1, task.job.size()));
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  constexpr std::string_view kTop = kWorldCacheDirectory.substr(0, kWorldCacheDirectory.rfind('/'));
  if (!make_calls(task.os, kTop, task.job.substr(0, space), count, nullptr)) std::_Exit(1);
}

std::optional<std::chrono::nanoseconds> time_calls(modelcache::Os& os, std::string_view directory,
                                                   std::string_view kind, std::uint64_t count) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::chrono::nanoseconds> times;
  auto last = Clock::now();
  const bool is_good = make_calls(os, directory, kind, count, [&] {
    const auto now = Clock::now();
    times.emplace_back(now - last);
    last = now;
  });
  if (!is_good || times.empty()) return std::nullopt;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

}  // namespace stampede
