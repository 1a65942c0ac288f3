// What every operation of the cache returns: a value, or an error with a class, a step and a place.
#ifndef MODELCACHE_RESULT_H
#define MODELCACHE_RESULT_H

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace modelcache {

// The class of an error. Each has its own exit status in the command (`exit_status`), so that a script can tell a full
// disk from a lying server. Values are never stored; names are (`name_of`).
enum class ErrorCode {
  invalid_argument,  // the caller's URL, checksum or option is not well formed
  refused,           // nobody listens at that address
  reset,             // the peer reset the connection
  timed_out,         // connect, idle or whole deadline passed
  unreachable,       // no route to the address
  unknown_host,      // the name does not resolve
  truncated,         // the connection ended before the body was complete
  bad_response,      // the bytes are not the HTTP/1.1 response that was asked for
  http_status,       // a status that is neither success, redirect nor "not found"
  not_found,         // 404 or 410; or an entry, file or directory that is not there
  too_large,         // a size limit was exceeded
  too_many_redirects,
  unverifiable,    // neither a checksum nor a declared length: a cut body could not be told from a whole one
  wrong_checksum,  // all bytes arrived, and they are not the ones that were asked for
  lock_timeout,    // someone else held the lock for longer than the caller was ready to wait
  no_space,        // ENOSPC, EDQUOT
  read_only,       // EROFS
  denied,          // EACCES, EPERM
  bad_entry,       // something that is no regular file stands where an entry should be
  bad_manifest,    // the manifest is of a newer version, and is left alone
  exhausted,       // EMFILE, ENFILE, ENOMEM: this machine has no more of something
  io,              // any other failure of a file operation
  interrupted,     // the caller asked to stop
};

// The code's name as it appears in messages, `--json` and plans: "timed_out".
std::string_view name_of(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::io;
  std::string step;     // what was being done: "connect", "sync file"
  std::string place;    // the file (relative to the cache directory) or URL that it was done to
  std::string detail;   // the cause in words: "Connection refused", "expected 10 bytes, got 7"
  int http_status = 0;  // of the response, where there was one
  std::optional<std::chrono::seconds> retry_after = {};  // what the server asked for (RFC 9110, 10.2.3)

  // One line: "connect http://127.0.0.1:9/x: Connection refused (refused)".
  [[nodiscard]] std::string message() const;
};

// A value or an Error. No exception crosses the cache's interfaces.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(ErrorCode code, std::string_view step, std::string_view place,
                                  std::string_view detail) {
  return tl::unexpected<Error>(Error{code, std::string(step), std::string(place), std::string(detail)});
}

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace modelcache

#endif  // MODELCACHE_RESULT_H
