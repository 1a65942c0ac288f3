// Maps errno values to error codes and to the system's words.
#include "cache/os_error.h"

#include <cerrno>
#include <system_error>

namespace modelcache {

ErrorCode code_of(Errno error) {
  switch (error.value) {
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

std::string describe(Errno error) { return std::generic_category().message(error.value); }

tl::unexpected<Error> fail(Errno error, std::string_view step, std::string_view place) {
  return fail(code_of(error), step, place, describe(error));
}

bool may_have_lost_writes(const Error& error) { return error.step.starts_with("sync ") || error.step == "close"; }

}  // namespace modelcache
