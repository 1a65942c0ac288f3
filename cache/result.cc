// Names of error classes, and an error as one line of text.
#include "cache/result.h"

namespace modelcache {

// No default: a new code without a name is a warning, and warnings are errors.
std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::reset:
      return "reset";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::unreachable:
      return "unreachable";
    case ErrorCode::unknown_host:
      return "unknown_host";
    case ErrorCode::truncated:
      return "truncated";
    case ErrorCode::bad_response:
      return "bad_response";
    case ErrorCode::http_status:
      return "http_status";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::too_many_redirects:
      return "too_many_redirects";
    case ErrorCode::unverifiable:
      return "unverifiable";
    case ErrorCode::wrong_checksum:
      return "wrong_checksum";
    case ErrorCode::lock_timeout:
      return "lock_timeout";
    case ErrorCode::no_space:
      return "no_space";
    case ErrorCode::read_only:
      return "read_only";
    case ErrorCode::denied:
      return "denied";
    case ErrorCode::bad_entry:
      return "bad_entry";
    case ErrorCode::bad_manifest:
      return "bad_manifest";
    case ErrorCode::exhausted:
      return "exhausted";
    case ErrorCode::io:
      return "io";
    case ErrorCode::interrupted:
      return "interrupted";
  }
  return "unknown";
}

std::string Error::message() const {
  std::string line = step;
  if (!place.empty()) line += (line.empty() ? "" : " ") + place;
  if (!detail.empty()) line += (line.empty() ? "" : ": ") + detail;
  line += line.empty() ? "(" : " (";
  line += name_of(code);
  return line + ")";
}

}  // namespace modelcache
