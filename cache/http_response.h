// Takes the bytes of one HTTP/1.1 response to a GET, in any pieces, and gives out its head and body.
//
// The parser is Boost.Beast's. This class makes the result independent of where the bytes were cut: it hands Beast
// whole header sections and whole chunk headers only (Beast 1.81 also asserts on an empty chunked body fed byte by
// byte), and it decides framing by RFC 9112, 6.3 more strictly than Beast where a lenient reading lets a short body
// pass for whole.
#ifndef MODELCACHE_HTTP_RESPONSE_H
#define MODELCACHE_HTTP_RESPONSE_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "cache/result.h"

namespace modelcache {

struct HttpLimits {
  std::size_t header_bytes_max = 32 * 1024;  // status line and header section; trailers likewise
  std::size_t header_count_max = 128;
  std::size_t chunk_header_bytes_max = 4 * 1024;          // size, extensions, line end
  std::uint64_t body_bytes_max = std::uint64_t{1} << 40;  // 1 TiB
  unsigned interim_responses_max = 8;                     // 1xx before the final one
};

enum class BodyFraming { none, content_length, chunked, close_delimited };

// What the final response's header section says.
struct HttpHead {
  int status = 0;
  BodyFraming framing = BodyFraming::none;
  std::optional<std::uint64_t> content_length;      // with framing content_length
  std::string location;                             // empty when absent
  std::string etag;                                 // as sent, with quotes; empty when absent
  std::optional<std::chrono::seconds> retry_after;  // delay-seconds only; a date needs a clock and is ignored
  friend bool operator==(const HttpHead&, const HttpHead&) = default;
};

// Receives a response. Called in order: on_head once, on_body any number of times, never after an error. For a status
// other than 2xx, on_head comes before the Content-Encoding and the declared size are judged, so that an error page
// cannot hide its status.
class HttpResponseSink {
 public:
  virtual ~HttpResponseSink() = default;
  // An error stops the parse and comes back from `feed` unchanged.
  virtual Result<void> on_head(const HttpHead& head) = 0;
  virtual Result<void> on_body(std::span<const std::byte> bytes) = 0;
};

// Owned by one thread. The sink must outlive it.
// ENSURES: the head, the body bytes in total, and the first error (code, step and detail) depend on the bytes fed, not
// on how they were cut into calls.
class HttpResponseReader {
 public:
  HttpResponseReader(const HttpLimits& limits, HttpResponseSink& sink);
  ~HttpResponseReader();
  HttpResponseReader(const HttpResponseReader&) = delete;
  HttpResponseReader& operator=(const HttpResponseReader&) = delete;

  // ERRORS: bad_response (malformed, ambiguous framing, unasked Content-Encoding, too many or too long header lines),
  // too_large (the body), and whatever the sink returned. `place` is empty unless the sink filled it: who knows the URL
  // adds it. Once it failed, it fails with the same error again. Bytes after a complete response are ignored: the
  // connection is never used again.
  Result<void> feed(std::span<const std::byte> bytes);

  // The peer closed. ENSURES: OK exactly when the response is complete under its framing.
  // ERRORS: truncated (says how many bytes of how many came, or that no header section was complete: a connection that
  // broke is no malformed response), and whatever `feed` failed with.
  Result<void> finish();

  // True when no further byte is needed (never for close-delimited bodies before `finish`).
  [[nodiscard]] bool complete() const;
  [[nodiscard]] std::uint64_t body_bytes() const;  // given to the sink so far

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace modelcache

#endif  // MODELCACHE_HTTP_RESPONSE_H
