// The tables from faults and errnos to error codes.
#include "harness/judge/possible_codes.h"

#include <cerrno>

namespace stampede {
namespace {

using modelcache::ErrorCode;

constexpr unsigned kCodes = static_cast<unsigned>(ErrorCode::interrupted) + 1;
static_assert(kCodes <= 32, "a set of codes has 32 bits");

ErrorCodes codes_of_status(int status) {
  if (status == 404 || status == 410) return {ErrorCode::not_found};
  if (status == 304) return {ErrorCode::bad_response};      // nothing conditional was asked
  if (status / 100 == 3) return {ErrorCode::bad_response};  // a redirect without a Location
  return {ErrorCode::http_status};
}

// What a client can see of a fault. A reset takes what is still on its way with it, so it never looks like an orderly
// end; an orderly end can look like a reset, when the request arrives after the server has closed (RFC 9293, 3.10.7.1).
// Where HTTP leaves a choice, the careful one: what cannot be read without a doubt is a bad response.
ErrorCodes codes_of(const NetworkFault& fault) {
  switch (fault.kind) {
    case FaultKind::none:
    case FaultKind::length_missing:
    case FaultKind::chunked_trailers:
    case FaultKind::bytes_after_body:
    case FaultKind::drip:
    case FaultKind::redirect_relative:
    case FaultKind::redirect_other_host:
    case FaultKind::range_ignored:
      return {};
    case FaultKind::stall_before_headers:
    case FaultKind::stall_in_body:
      return is_harmless(fault) ? ErrorCodes{} : ErrorCodes{ErrorCode::timed_out};
    case FaultKind::interim:
      return is_harmless(fault) ? ErrorCodes{} : ErrorCodes{ErrorCode::bad_response};
    case FaultKind::refused:
      return {ErrorCode::refused};
    case FaultKind::reset_on_accept:
    case FaultKind::headers_then_reset:
    case FaultKind::reset_in_body:
      return {ErrorCode::reset};
    case FaultKind::close_on_accept:
      return {ErrorCode::truncated, ErrorCode::reset};
    case FaultKind::headers_then_close:
    case FaultKind::close_in_body:
    case FaultKind::length_too_long:
    case FaultKind::chunked_no_last:
    case FaultKind::chunked_cut:
      return {ErrorCode::truncated};
    case FaultKind::redirect_loop:
      return {ErrorCode::too_many_redirects};
    case FaultKind::redirect_to_file:
    case FaultKind::content_encoding:
    case FaultKind::length_twice:
    case FaultKind::length_not_a_number:
    case FaultKind::chunked_bad_size:
    case FaultKind::header_too_long:
    case FaultKind::headers_too_many:
    case FaultKind::bare_lf:
    case FaultKind::folded_header:
    case FaultKind::garbage_before:
      return {ErrorCode::bad_response};
    case FaultKind::range_wrong_start:
    case FaultKind::range_wrong_total:
    case FaultKind::range_multipart:
      return {ErrorCode::bad_response, ErrorCode::wrong_checksum};
    case FaultKind::status:
      return codes_of_status(fault.status);
    case FaultKind::flip_byte:
    case FaultKind::zero_bytes:
    case FaultKind::swap_halves:
    case FaultKind::other_version_same_etag:
    case FaultKind::other_version_new_etag:
    case FaultKind::length_too_short:  // the body ends where its length says, one byte early
      return {ErrorCode::wrong_checksum};
  }
  return {};
}

}  // namespace

bool ErrorCodes::contains(std::string_view name) const {
  for (unsigned i = 0; i < kCodes; ++i) {
    if (contains(static_cast<ErrorCode>(i)) && modelcache::name_of(static_cast<ErrorCode>(i)) == name) return true;
  }
  return false;
}

std::string ErrorCodes::text() const {
  std::string text;
  for (unsigned i = 0; i < kCodes; ++i) {
    if (!contains(static_cast<ErrorCode>(i))) continue;
    text += (text.empty() ? "" : ", ") + std::string(modelcache::name_of(static_cast<ErrorCode>(i)));
  }
  return text;
}

// The parts' codes, and those that they cause only together.
ErrorCodes codes_of(const LedgerEntry& entry) {
  if (is_harmless(entry)) return {};
  const FaultTurn& turn = entry.fault;
  ErrorCodes codes;
  for (const NetworkFault& part : turn.parts) codes |= codes_of(part);
  const auto has = [&](FaultKind kind) { return has_part(turn, kind); };
  // A cut that the framing does not show, and a missing byte that was taken from behind the body.
  const bool is_cut = has(FaultKind::close_in_body) || has(FaultKind::headers_then_close);
  if (is_cut && has(FaultKind::length_missing)) codes |= {ErrorCode::wrong_checksum};
  if (has(FaultKind::length_too_long) && has(FaultKind::bytes_after_body)) codes |= {ErrorCode::wrong_checksum};
  // The next chunk's size is sought in them.
  if (has(FaultKind::chunked_no_last) && has(FaultKind::bytes_after_body)) codes |= {ErrorCode::bad_response};
  return codes;
}

ErrorCodes codes_without_checksum(const LedgerEntry& entry) {
  ErrorCodes codes = codes_of(entry);
  if (has_part(entry.fault, FaultKind::length_missing)) codes |= {ErrorCode::unverifiable};
  return codes;
}

ErrorCode code_of_errno(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::no_space;
    case EROFS:
      return ErrorCode::read_only;
    case EACCES:
    case EPERM:
      return ErrorCode::denied;
    case ENOENT:
      return ErrorCode::not_found;
    case ECONNREFUSED:
      return ErrorCode::refused;
    case ECONNRESET:
    case EPIPE:
      return ErrorCode::reset;
    case ETIMEDOUT:
      return ErrorCode::timed_out;
    case ENETUNREACH:
    case EHOSTUNREACH:
      return ErrorCode::unreachable;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorCode::exhausted;
    case ECANCELED:
      return ErrorCode::interrupted;
    case ELOOP:
    case ENOTDIR:
    case EISDIR:
      return ErrorCode::bad_entry;
    default:
      return ErrorCode::io;
  }
}

}  // namespace stampede
