// Reads request lines and header fields strictly, and maps targets to model names.
#include "harness/faults/request_head.h"

#include <algorithm>
#include <optional>

namespace stampede {
namespace {

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alphanumeric(c) || kSymbols.find(c) != std::string_view::npos;
  });
}

// `lower` is in lower case.
bool is_named(std::string_view name, std::string_view lower) {
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(), [](char c, char expected) {
    return c == expected || (c >= 'A' && c <= 'Z' && c + ('a' - 'A') == expected);
  });
}

std::string_view trimmed(std::string_view value) {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

// A field line: token, colon at once, then no control characters but tabs.
bool is_field_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
  return std::all_of(line.begin() + static_cast<std::ptrdiff_t>(colon), line.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
  });
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  if (text.find('%') == std::string_view::npos) return std::string(text);
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

// Field lines up to the empty one. True where all are well formed and, as HTTP/1.1 asks (RFC 9112, 3.2), Host comes
// once.
bool read_fields(std::string_view fields, bool needs_host, RequestHead& request) {
  int hosts = 0;
  int ranges = 0;
  int if_ranges = 0;
  while (fields.substr(0, 2) != "\r\n") {
    const std::size_t end = fields.find("\r\n");
    if (end == std::string_view::npos) return false;
    const std::string_view line = fields.substr(0, end);
    if (!is_field_line(line)) return false;
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (is_named(name, "host")) ++hosts;
    if (is_named(name, "range")) request.range = ++ranges == 1 ? std::optional<std::string>(value) : std::nullopt;
    if (is_named(name, "if-range")) {
      request.if_range = ++if_ranges == 1 ? std::optional<std::string>(value) : std::nullopt;
    }
    fields.remove_prefix(end + 2);
  }
  if (ranges > 1 || if_ranges > 1) request.range.reset();
  return hosts == 1 || (hosts == 0 && !needs_host);
}

}  // namespace

HeadEnd find_head_end(std::string_view bytes, std::size_t size_max) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i >= size_max) return {HeadState::too_long, 0};
    if (bytes[i] == '\0') return {HeadState::malformed, 0};
    if (bytes[i] != '\n') continue;
    if (i == 0 || bytes[i - 1] != '\r') return {HeadState::malformed, 0};
    if (i >= 3 && bytes[i - 2] == '\n') return {HeadState::complete, i + 1};
  }
  return {HeadState::incomplete, 0};
}

RequestHead parse_request_head(std::string_view head) {
  RequestHead request;
  request.refusal = 400;
  const std::size_t line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (line_end == std::string_view::npos || first == std::string_view::npos || first == last) return request;
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  const bool is_visible = std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!is_token(method) || target.empty() || !is_visible) return request;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return request;
  request.target = target;
  if (!read_fields(head.substr(line_end + 2), version == "HTTP/1.1", request)) return request;
  if (method != "GET") {
    request.refusal = 405;
    return request;
  }
  const std::optional<std::string> path = percent_decode(target.substr(0, target.find('?')));
  if (!path || path->empty() || path->front() != '/') return request;
  request.refusal = 0;
  request.name = path->substr(1);
  return request;
}

bool is_model_name(std::string_view name) {
  if (name.find('\0') != std::string_view::npos) return false;
  for (std::string_view rest = name;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace stampede
