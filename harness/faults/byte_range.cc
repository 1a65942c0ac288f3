// Reads a Range field with one range of bytes.
#include "harness/faults/byte_range.h"

#include <algorithm>
#include <charconv>

namespace stampede {
namespace {

// Digits alone; a number beyond 64 bits is larger than any file.
std::optional<std::uint64_t> number_of(std::string_view text) {
  const bool is_digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || !is_digits) return std::nullopt;
  std::uint64_t number = UINT64_MAX;
  std::from_chars(text.data(), text.data() + text.size(), number);  // out of range: left as it is
  return number;
}

}  // namespace

RangeDecision decide_range(const std::optional<std::string>& range, const std::optional<std::string>& if_range,
                           std::string_view etag, std::uint64_t size_bytes) {
  constexpr std::string_view kUnit = "bytes=";
  if (!range || (if_range && *if_range != etag)) return {};
  std::string_view text = *range;
  if (text.substr(0, kUnit.size()) != kUnit) return {};
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view first_text = text.substr(0, dash);
  const std::string_view last_text = text.substr(dash + 1);
  const auto first = number_of(first_text);
  const auto last = number_of(last_text);
  if (first_text.empty()) {  // the last N bytes
    if (!last) return {};
    if (*last == 0) return {RangeAnswer::unsatisfiable, {}};
    if (size_bytes == 0) return {};  // Content-Range cannot say "no bytes"
    return {RangeAnswer::partial, {size_bytes - std::min(*last, size_bytes), size_bytes}};
  }
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) return {};
  if (*first >= size_bytes) return {RangeAnswer::unsatisfiable, {}};
  const std::uint64_t end = last && *last < size_bytes ? *last + 1 : size_bytes;
  return {RangeAnswer::partial, {*first, end}};
}

}  // namespace stampede
