// Parses and prints sizes and spans of time, independent of the locale.
#include "cache/command/quantities.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace modelcache {
namespace {

struct Unit {
  std::string_view suffix;
  std::uint64_t bytes;
};

constexpr Unit kUnits[] = {
    {"", 1},
    {"B", 1},
    {"K", 1ULL << 10},
    {"M", 1ULL << 20},
    {"G", 1ULL << 30},
    {"T", 1ULL << 40},
    {"KiB", 1ULL << 10},
    {"MiB", 1ULL << 20},
    {"GiB", 1ULL << 30},
    {"TiB", 1ULL << 40},
    {"KB", 1'000ULL},
    {"MB", 1'000'000ULL},
    {"GB", 1'000'000'000ULL},
    {"TB", 1'000'000'000'000ULL},
};

std::string found(std::string_view text) { return ", found \"" + std::string(text) + '"'; }

}  // namespace

Result<std::uint64_t> parse_size(std::string_view option, std::string_view text) {
  const auto refuse = [&](const char* why) {
    return fail(ErrorCode::invalid_argument, "read option", option, why + found(text));
  };
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) return refuse("expected less than 16 EiB");
  if (error != std::errc{}) return refuse("expected a size such as 1048576, 512MiB or 2G");
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& unit : kUnits) {
    if (unit.suffix != suffix) continue;
    if (number > std::numeric_limits<std::uint64_t>::max() / unit.bytes) return refuse("expected less than 16 EiB");
    return number * unit.bytes;
  }
  return refuse("expected K, M, G, T, KiB ... or KB ... after the number");
}

Result<std::chrono::milliseconds> parse_seconds(std::string_view option, std::string_view text, bool zero_allowed) {
  const auto refuse = [&](const char* why) {
    return fail(ErrorCode::invalid_argument, "read option", option, why + found(text));
  };
  double seconds = 0;
  const auto* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, seconds, std::chars_format::fixed);
  if (error != std::errc{} || end != last || !std::isfinite(seconds)) {
    return refuse("expected seconds such as 30 or 0.5");
  }
  if (seconds < 0 || seconds > kSecondsMax) return refuse("expected 0 to 100000000 seconds");
  const std::chrono::milliseconds result(std::llround(seconds * 1000));
  if (result.count() == 0 && !zero_allowed) return refuse("expected at least 0.001 seconds");
  return result;
}

std::string readable_size(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::array<const char*, 6> kNames = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < kNames.size()) {  // 1023.95 would print as 1024.0
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), "%.1f %s", value, kNames[unit]);
  return text.data();
}

std::string readable_seconds(double seconds) {
  if (!(seconds >= 0) || seconds >= 100.0 * 3600) return "-";
  const auto whole = static_cast<unsigned>(std::ceil(seconds));
  std::array<char, 32> text{};
  if (whole < 3600) {
    (void)std::snprintf(text.data(), text.size(), "%u:%02u", whole / 60, whole % 60);
  } else {
    (void)std::snprintf(text.data(), text.size(), "%u:%02u:%02u", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return text.data();
}

std::string exact_seconds(std::chrono::milliseconds span) {
  std::string text = std::to_string(span.count() / 1000);
  if (const auto rest = span.count() % 1000; rest != 0) {
    const auto digits = std::to_string(1000 + rest).substr(1);
    text += '.' + digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  return text;
}

}  // namespace modelcache
