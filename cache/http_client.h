// One GET over the door: resolve, connect, send, receive, follow redirects. No retries; those are the download's.
#ifndef MODELCACHE_HTTP_CLIENT_H
#define MODELCACHE_HTTP_CLIENT_H

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "cache/http_response.h"
#include "cache/http_url.h"
#include "cache/os.h"
#include "cache/result.h"

namespace modelcache {

struct HttpOptions {
  HttpLimits limits;
  std::chrono::milliseconds connect_timeout{10'000};  // each address
  std::chrono::milliseconds idle_timeout{30'000};     // without a byte
  Instant deadline = Instant::max();                  // for everything
  unsigned redirects_max = 10;
  std::string user_agent = "modelcache";
  std::function<bool()> cancelled = [] { return false; };  // asked before each step; true makes it `interrupted`
};

struct HttpReply {
  HttpUrl url;  // after redirects
  HttpHead head;
  std::uint64_t body_bytes = 0;
};

// Where a 200's body goes.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // Once, before any byte. `head` tells how the body is framed, and what length the server declared.
  virtual Result<void> begin(const HttpHead& head) = 0;
  virtual Result<void> write(std::span<const std::byte> bytes) = 0;
};

// ENSURES: on success the status was 200 and `sink` got the complete body under its framing.
// ERRORS: refused, reset, timed_out, unreachable, unknown_host, truncated, bad_response (also 206 and other 2xx, which
// were not asked for), not_found (404, 410), http_status (with the status and retry_after), too_large,
// too_many_redirects, exhausted, interrupted, and whatever the sink returned. Each names the URL of the request that
// failed.
Result<HttpReply> http_get(Os& os, const HttpUrl& url, const HttpOptions& options, BodySink& sink);

}  // namespace modelcache

#endif  // MODELCACHE_HTTP_CLIENT_H
