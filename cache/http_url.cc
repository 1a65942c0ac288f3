// Parsing, normalising and resolving of http URLs; the one file that includes Boost.URL.
//
// Boost.URL 1.81 takes URLs apart. It does not normalise them: its `normalize` decodes "%2F" and keeps leading "..",
// both of which name another resource (RFC 3986, 2.2 and 5.2.4).
#include "cache/http_url.h"

#include <algorithm>
#include <boost/url.hpp>
#include <charconv>
#include <exception>
#include <vector>

namespace modelcache {
namespace {

namespace urls = boost::urls;

constexpr std::string_view kStep = "read URL";
constexpr std::size_t kShownBytesMax = 200;

// The text for an error message: no control characters for a terminal, no password, not pages of it.
std::string shown(std::string_view text) {
  if (text.find('@') != std::string_view::npos) return "(a URL with \"@\", not shown: it may hold a password)";
  std::string out(text.substr(0, kShownBytesMax));
  std::replace_if(out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text.size() > kShownBytesMax ? out + "..." : out;
}

// What is wrong with the bytes themselves; empty when nothing is. RFC 3986, 2: everything else is percent-encoded.
std::string byte_fault(std::string_view text) {
  if (text.empty()) return "is empty, expected http://HOST/PATH";
  if (text.size() > kUrlBytesMax) {
    return "is " + std::to_string(text.size()) + " bytes long, expected at most " + std::to_string(kUrlBytesMax);
  }
  const auto bad = std::find_if(text.begin(), text.end(), [](char c) { return c <= 0x20 || c > 0x7e; });
  if (bad == text.end()) return {};
  return "has byte " + std::to_string(static_cast<unsigned char>(*bad)) + " at " + std::to_string(bad - text.begin()) +
         ", expected it percent-encoded";
}

// Empty when the port is missing or empty (RFC 3986, 6.2.3) or good; sets `port`.
std::string port_fault(std::string_view text, std::uint16_t& port) {
  if (text.empty()) return {};
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > 65535) {
    return "has port " + std::string(text.substr(0, 10)) + ", expected 1 to 65535";
  }
  port = static_cast<std::uint16_t>(value);
  return {};
}

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

std::string host_fault(const urls::url_view& url, std::string& host) {
  switch (url.host_type()) {
    case urls::host_type::ipv6:
      host = url.host_ipv6_address().to_string();
      return {};
    case urls::host_type::ipv4:
      host = url.host_ipv4_address().to_string();
      return {};
    case urls::host_type::name:
      host = url.host_name();
      break;
    case urls::host_type::ipvfuture:
      return "has a host of an unknown address family";
    case urls::host_type::none:
      break;
  }
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (host.empty()) return "has no host, expected http://HOST/PATH";
  if (!is_host_name(host))
    return "has a host that is neither a name nor an address (non-ASCII names need their xn-- form)";
  return {};
}

std::string scheme_fault(const urls::url_view& url) {
  std::string scheme(url.scheme());
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (scheme == "http") return {};
  if (scheme == "https") return "https is not supported yet, expected http";
  return "has scheme " + shown(scheme) + ", expected http";
}

bool is_unreserved(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

int nibble_of(char digit) { return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10; }

// RFC 3986, 6.2.2.1 and 6.2.2.2. REQUIRES: each "%" is followed by two hexadecimal digits.
std::string with_normal_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int value = nibble_of(text[i + 1]) * 16 + nibble_of(text[i + 2]);
    if (is_unreserved(value)) {
      out += static_cast<char>(value);
    } else {
      out += {'%', "0123456789ABCDEF"[value / 16], "0123456789ABCDEF"[value % 16]};
    }
    i += 2;
  }
  return out;
}

// RFC 3986, 5.2.4, for a path that is empty or begins with "/".
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  for (bool last = path.empty(); !last;) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    last = path.empty();
    const bool dots = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!dots || last) kept.push_back(dots ? std::string_view() : segment);
  }
  std::string out;
  for (const auto segment : kept) (out += '/') += segment;
  return out.empty() ? "/" : out;
}

// RFC 3986, 5.2.2 and 5.3: `reference` as an absolute URL, not normalised.
std::string resolved(const urls::url_view& base, const urls::url_view& reference) {
  const auto text_of = [](auto part) { return std::string(part.data(), part.size()); };
  if (reference.has_scheme()) return text_of(reference.buffer());
  std::string out = "http://";
  std::string path = text_of(reference.encoded_path());
  bool has_query = reference.has_query();
  std::string query = text_of(reference.encoded_query());
  out += text_of((reference.has_authority() ? reference : base).encoded_authority());
  if (!reference.has_authority()) {
    const std::string base_path = text_of(base.encoded_path());
    if (path.empty()) {
      path = base_path;
      if (!has_query) {
        has_query = base.has_query();
        query = text_of(base.encoded_query());
      }
    } else if (path.front() != '/') {
      path = base_path.substr(0, base_path.rfind('/') + 1) + path;
    }
  }
  return out + path + (has_query ? "?" + query : "");
}

// Empty when `out` was filled.
std::string take_apart(const urls::url_view& view, HttpUrl& out) {
  if (std::string fault = scheme_fault(view); !fault.empty()) return fault;
  if (!view.has_authority()) return "has no host, expected http://HOST/PATH";
  if (view.has_userinfo()) return "has user info, which is refused because URLs are recorded";
  HttpUrl result;
  if (std::string fault = port_fault(std::string_view(view.port()), result.port); !fault.empty()) return fault;
  if (std::string fault = host_fault(view, result.host); !fault.empty()) return fault;
  result.authority = view.host_type() == urls::host_type::ipv6 ? "[" + result.host + "]" : result.host;
  if (result.port != 80) result.authority += ":" + std::to_string(result.port);
  const std::string_view path(view.encoded_path());
  if (!path.empty() && path.front() != '/') return "has no number after its host's colon";  // Boost.URL: a path
  result.target = without_dot_segments(with_normal_escapes(path));
  if (view.has_query()) result.target += "?" + with_normal_escapes(std::string_view(view.encoded_query()));
  result.text = "http://" + result.authority + result.target;
  if (result.text.size() > kUrlBytesMax)
    return "is longer than " + std::to_string(kUrlBytesMax) + " bytes when normalised";
  out = std::move(result);
  return {};
}

}  // namespace

Result<HttpUrl> HttpUrl::parse(std::string_view text) {
  std::string fault = byte_fault(text);
  HttpUrl result;
  try {
    if (fault.empty()) {
      const auto url = urls::parse_uri(text);
      fault = url.has_error() ? "is no absolute URL, expected http://HOST/PATH" : take_apart(*url, result);
    }
  } catch (const std::exception& failure) {
    fault = std::string("cannot be read: ") + failure.what();
  }
  if (!fault.empty()) return fail(ErrorCode::invalid_argument, kStep, shown(text), fault);
  return result;
}

Result<HttpUrl> HttpUrl::resolve(std::string_view reference) const {
  std::string fault = byte_fault(reference);
  HttpUrl result;
  try {
    if (fault.empty()) {
      const auto relative = urls::parse_uri_reference(reference);
      const std::string absolute = relative ? resolved(urls::url_view(text), *relative) : std::string();
      const auto url = urls::parse_uri(absolute);
      fault = url.has_error() ? "is no URL reference" : take_apart(*url, result);
    }
  } catch (const std::exception& failure) {
    fault = std::string("cannot be read: ") + failure.what();
  }
  if (!fault.empty())
    return fail(ErrorCode::bad_response, "follow redirect", text, "Location " + shown(reference) + " " + fault);
  return result;
}

}  // namespace modelcache
