// Input: byte 0 chooses limits, byte 1 the distance between cuts, the rest is a response.
// Oracle: head, body, error and completeness are the same fed whole, cut, and byte by byte; limits hold; what is
// accepted has complete framing, by a reading of the framing that shares nothing with the parser; and an accepted
// message with a length or chunks is not accepted without its last byte.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

#include "cache/http_response.h"
#include "fuzz/oracle.h"

using namespace modelcache;
using stampede::require;

namespace {

struct Reading : HttpResponseSink {
  HttpHead head;
  std::string body, error;
  bool complete = false;
  Result<void> on_head(const HttpHead& h) override { return head = h, Result<void>{}; }
  Result<void> on_body(std::span<const std::byte> bytes) override {
    body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  auto all() const { return std::tie(head, body, error, complete); }
};

Reading read(std::string_view bytes, std::size_t piece_bytes, const HttpLimits& limits) {
  Reading reading;
  HttpResponseReader reader(limits, reading);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_bytes, bytes.size()))) {
    if (!reader.feed(std::as_bytes(std::span(bytes.substr(0, piece_bytes))))) break;
  }
  reading.complete = reader.complete();
  if (const auto end = reader.finish(); !end) reading.error = end.error().message();
  return reading;
}

// RFC 9112, 7.1, for what was accepted already: walks sizes and data up to the empty line after the trailer.
bool has_last_chunk(std::string_view rest, std::string_view body) {
  for (;;) {
    const auto line_bytes = rest.find("\r\n");
    if (line_bytes == std::string_view::npos) return false;
    const std::uint64_t size = std::strtoull(std::string(rest.substr(0, line_bytes)).c_str(), nullptr, 16);
    if (size == 0) return body.empty() && rest.find("\r\n\r\n", line_bytes) != std::string_view::npos;
    rest.remove_prefix(line_bytes + 2);
    if (body.size() < size || rest.size() < size + 2 || rest.substr(0, size) != body.substr(0, size)) return false;
    body.remove_prefix(size);
    rest.remove_prefix(size + 2);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const HttpLimits limits = data[0] & 1 ? HttpLimits{128, 4, 16, 64, 1} : HttpLimits{};
  const std::string_view all(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Reading whole = read(all, size, limits);
  require(read(all, data[1] % 64 + 1U, limits).all() == whole.all(), "cutting changes nothing");
  require(read(all, 1, limits).all() == whole.all(), "feeding byte by byte changes nothing");
  require(whole.body.size() <= limits.body_bytes_max, "the body's limit holds");
  require(!whole.complete || whole.error.empty(), "a complete response is accepted");
  if (!whole.error.empty()) return 0;

  std::string_view rest = all;  // after the header section of the first response that is not 1xx
  for (char status = '1'; status == '1'; rest.remove_prefix(rest.find("\r\n\r\n") + 4)) status = rest[9];
  switch (whole.head.framing) {
    case BodyFraming::none:
      require(whole.body.empty(), "204 and 304 have no body");
      break;
    case BodyFraming::close_delimited:
      return require(whole.body == rest, "the body is all that came"), 0;
    case BodyFraming::chunked:
      require(has_last_chunk(rest, whole.body), "a chunked body has its last chunk");
      break;
    case BodyFraming::content_length:
      require(whole.body.size() == whole.head.content_length, "a body is as long as declared");
      require(rest.substr(0, whole.body.size()) == whole.body, "a body is the bytes after the head");
  }
  std::size_t low = 0, high = all.size();  // the first `high` bytes are the message; later ones do not belong to it
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    read(all.substr(0, middle), size, limits).complete ? high = middle : low = middle + 1;
  }
  require(high > 0 && !read(all.substr(0, high - 1), size, limits).error.empty(), "its last byte is needed");
  return 0;
}
