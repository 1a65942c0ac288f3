// Reads a response as it goes out: status line, fields, chunks (RFC 9112, 4 to 7).
#include "harness/faults/sent_body.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace stampede {
namespace {

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> number_of(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

// What matters of a head.
struct Head {
  std::optional<std::uint64_t> length;
  bool is_chunked = false;
  bool is_good = true;

  void read(std::string_view name, std::string_view value) {
    if (equal_ignoring_case(name, "content-length")) {
      const auto number = number_of(value, 10);
      if (!number || (length && *length != *number)) is_good = false;
      length = number;
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
      if (is_chunked || !equal_ignoring_case(value, "chunked")) is_good = false;
      is_chunked = true;
    } else if (equal_ignoring_case(name, "content-encoding")) {
      if (!equal_ignoring_case(value, "identity")) is_good = false;
    }
  }
};

// `text` holds whole lines after the status line; a line that begins with a space goes on with the one before.
Head read_head(std::string_view text) {
  Head head;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t colon = line.find(':');
    const bool is_folded = !line.empty() && (line.front() == ' ' || line.front() == '\t');
    if (is_folded || colon == std::string_view::npos) continue;
    head.read(line.substr(0, colon), without_blanks(line.substr(colon + 1)));
  }
  if (head.is_chunked && head.length) head.is_good = false;
  return head;
}

// True once `lines` ends with an empty line, whatever its line ends are.
bool ends_with_empty_line(std::string_view lines) {
  return lines == "\r\n" || lines == "\n" || lines.ends_with("\n\r\n") || lines.ends_with("\n\n");
}

}  // namespace

void SentBody::sent(std::string_view bytes) {
  while (!bytes.empty()) {
    switch (phase_) {
      case Phase::complete:
      case Phase::unreadable:
        return;
      case Phase::until_close:
        take_content(bytes);
        return;
      case Phase::fixed:
      case Phase::chunk: {
        const std::string_view content = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), remaining_));
        take_content(content);
        remaining_ -= content.size();
        bytes.remove_prefix(content.size());
        if (remaining_ == 0) phase_ = phase_ == Phase::fixed ? Phase::complete : Phase::chunk_end;
        break;
      }
      case Phase::head:
      case Phase::chunk_size:
      case Phase::chunk_end:
      case Phase::trailers: {
        const std::size_t end = bytes.find('\n');
        const std::size_t count = end == std::string_view::npos ? bytes.size() : end + 1;
        lines_ += bytes.substr(0, count);
        if (end != std::string_view::npos) end_line();
        bytes.remove_prefix(count);
        break;
      }
    }
  }
}

void SentBody::end_line() {
  if (phase_ == Phase::head) {
    if (ends_with_empty_line(lines_)) end_head();
  } else if (phase_ == Phase::chunk_size) {
    end_chunk_size();
  } else if (phase_ == Phase::chunk_end) {
    phase_ = lines_ == "\r\n" ? Phase::chunk_size : Phase::unreadable;
    lines_.clear();
  } else if (ends_with_empty_line(lines_)) {
    phase_ = Phase::complete;
  }
}

void SentBody::end_head() {
  constexpr std::string_view kInterim = "HTTP/1.1 1";
  constexpr std::string_view kGood = "HTTP/1.1 200 ";
  const std::string lines = std::exchange(lines_, {});
  if (lines.starts_with(kInterim)) return;  // another head follows
  const Head head = read_head(std::string_view(lines).substr(lines.find('\n') + 1));
  if (!lines.starts_with(kGood) || !head.is_good) {
    phase_ = Phase::unreadable;
  } else if (head.is_chunked) {
    phase_ = Phase::chunk_size;
  } else if (head.length) {
    remaining_ = *head.length;
    phase_ = remaining_ == 0 ? Phase::complete : Phase::fixed;
  } else {
    phase_ = Phase::until_close;
  }
}

void SentBody::end_chunk_size() {
  const auto size = number_of(without_blanks(std::string_view(lines_).substr(0, lines_.size() - 1)), 16);
  lines_.clear();
  if (!size) {
    phase_ = Phase::unreadable;
  } else {
    remaining_ = *size;
    phase_ = remaining_ == 0 ? Phase::trailers : Phase::chunk;
  }
}

void SentBody::take_content(std::string_view content) {
  const bool fits = is_right_ && content.size() <= model_->size() - content_bytes_;
  const void* const expected = model_->data() + (fits ? content_bytes_ : 0);
  // Mostly they are the model's own bytes, at their own place.
  is_right_ = fits && (expected == content.data() || std::memcmp(expected, content.data(), content.size()) == 0);
  if (is_right_) content_bytes_ += content.size();
}

bool SentBody::is_full() const {
  const bool is_ended = phase_ == Phase::complete || (phase_ == Phase::until_close && is_closed_);
  return is_ended && is_right_ && content_bytes_ == model_->size();
}

}  // namespace stampede
