// An absolute http URL, taken apart and normalised (Boost.URL).
#ifndef MODELCACHE_HTTP_URL_H
#define MODELCACHE_HTTP_URL_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cache/result.h"

namespace modelcache {

inline constexpr std::size_t kUrlBytesMax = 8192;  // RFC 9110, 4.1 recommends supporting at least 8000 octets

struct HttpUrl {
  std::string text;  // normalised, without fragment and user info; what the manifest records
  std::string host;  // without brackets: "127.0.0.1", "::1", "example.org"
  std::uint16_t port = 80;
  std::string target;     // path and query as sent, never empty
  std::string authority;  // for the Host header: "example.org:8080", "[::1]"

  // ERRORS: invalid_argument for anything that is no absolute http URL: it says what was found and what was expected.
  // User info is refused (it would end up in the manifest); https is named as not supported yet.
  static Result<HttpUrl> parse(std::string_view text);

  // Resolves a Location header (RFC 3986, 5) against this URL. ERRORS: bad_response for a reference that is not valid
  // or leads to another scheme than http ("file:", "ftp:").
  [[nodiscard]] Result<HttpUrl> resolve(std::string_view reference) const;
};

}  // namespace modelcache

#endif  // MODELCACHE_HTTP_URL_H
