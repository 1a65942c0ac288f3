// Follows a response as it goes out: its head's framing, and the model's bytes in order.
#include "harness/faults/sent_body.h"

#include <algorithm>
#include <charconv>

namespace stampede {
namespace {

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace

void SentBody::sent_head(std::string_view head) {
  is_good_head_ = head.substr(0, 13) == "HTTP/1.1 200 ";
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
    const std::size_t begin = at + 2;
    at = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, at == std::string_view::npos ? at : at - begin);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    if (equal_ignoring_case(name, "transfer-encoding")) is_good_head_ = false;
    if (!equal_ignoring_case(name, "content-length")) continue;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    std::uint64_t length = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    const bool is_number = error == std::errc() && stop == value.data() + value.size();
    if (!is_number || declared_bytes_) is_good_head_ = false;
    declared_bytes_ = length;
  }
}

void SentBody::sent_model(std::uint64_t begin, std::uint64_t count) {
  if (begin != in_order_bytes_) is_right_ = false;
  in_order_bytes_ += count;
}

void SentBody::sent_other(std::uint64_t count) {
  if (count > 0) is_right_ = false;
}

bool SentBody::is_full() const {
  const bool is_framed = declared_bytes_ ? *declared_bytes_ == model_size_bytes_ : is_closed_;
  return is_good_head_ && is_right_ && in_order_bytes_ == model_size_bytes_ && is_framed;
}

}  // namespace stampede
