// Writes heads, good ones and odd ones.
#include "harness/faults/response_head.h"

#include <fmt/format.h>

#include <string_view>

namespace stampede {
namespace {

// More than curl takes in one line (100 KiB), and in one header section (300 KiB).
constexpr std::uint64_t kLongLineBytes = 128 * 1024;
constexpr std::uint64_t kManyLines = 30'000;

std::string long_line(std::uint64_t bytes) {
  const std::string name = "X-Long: ";
  const std::uint64_t line_end = 2;
  const std::uint64_t fixed = name.size() + line_end;
  return name + std::string(bytes > fixed ? bytes - fixed : 0, 'x') + "\r\n";
}

std::string many_lines(std::uint64_t count) {
  std::string lines;
  for (std::uint64_t i = 0; i < count; ++i) lines += fmt::format("X-Many-{}: x\r\n", i);
  return lines;
}

std::string odd_lines(const FaultTurn& turn) {
  for (const NetworkFault& part : turn.parts) {
    if (part.kind == FaultKind::header_too_long) return long_line(part.count > 0 ? part.count : kLongLineBytes);
    if (part.kind == FaultKind::headers_too_many) return many_lines(part.count > 0 ? part.count : kManyLines);
    if (part.kind == FaultKind::folded_header) return "X-Folded: first\r\n second\r\n";
  }
  return {};
}

std::string with_bare_line_feeds(const std::string& head) {
  std::string bare;
  for (const char c : head) {
    if (c != '\r') bare += c;
  }
  return bare;
}

}  // namespace

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 206:
      return "Partial Content";
    case 302:
      return "Found";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 410:
      return "Gone";
    case 416:
      return "Range Not Satisfiable";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return status < 400 ? "Redirection" : status < 500 ? "Client Error" : "Server Error";
  }
}

std::string head_of(const FaultTurn& turn, int status, const std::string& fields) {
  const std::string head = fmt::format("HTTP/1.1 {} {}\r\nServer: stampede\r\n{}{}Connection: close\r\n\r\n", status,
                                       reason_of(status), fields, odd_lines(turn));
  return has_part(turn, FaultKind::bare_lf) ? with_bare_line_feeds(head) : head;
}

std::vector<std::string> before_head(const FaultTurn& turn) {
  if (has_part(turn, FaultKind::garbage_before)) return {"garbage\r\n"};
  const NetworkFault* const interim = find_part(turn, FaultKind::interim);
  if (interim == nullptr) return {};
  // RFC 8297; legal before any final response.
  return std::vector<std::string>(interim->count > 0 ? interim->count : 1,
                                  "HTTP/1.1 103 Early Hints\r\nLink: </>; rel=preload\r\n\r\n");
}

}  // namespace stampede
