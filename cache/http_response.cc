// The response reader: cuts bytes into whole lines and sections for Boost.Beast's parser, and judges the framing.
#include "cache/http_response.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <utility>

namespace modelcache {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::iequals;
using boost::beast::string_view;

constexpr std::string_view kStep = "read response";
constexpr std::string_view kStart = "HTTP/1.";

tl::unexpected<Error> bad(std::string_view detail) { return fail(ErrorCode::bad_response, kStep, "", detail); }

std::string count_of(std::uint64_t bytes) { return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes"); }

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// RFC 9110, 10.2.3, delay-seconds; more than 2^32 - 1 says no more than that.
std::optional<std::chrono::seconds> delay_of(std::string_view text) {
  if (!is_digits(text)) return std::nullopt;
  std::uint64_t delay = 0;
  for (const char digit : text) {
    delay = std::min<std::uint64_t>(delay * 10 + static_cast<std::uint64_t>(digit - '0'),
                                    std::numeric_limits<std::uint32_t>::max());
  }
  return std::chrono::seconds(delay);
}

// What Beast saw in one header section, and the checks that it leaves out.
class Machine final : public http::basic_parser<false> {
 public:
  Machine() {
    // Sizes are limited before Beast sees the bytes.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(boost::none);
  }

  // Hands over bytes that make one whole element.
  Result<void> take(std::string_view element) {
    error_code ec;
    const std::size_t taken = put(boost::asio::const_buffer(element.data(), element.size()), ec);
    if (ec == http::error::need_more || (!ec && taken != element.size())) return bad("not HTTP/1.1");
    if (ec) return bad(words_for(ec));
    return {};
  }

  int status = 0;
  int version = 0;
  HttpHead head;
  std::uint64_t chunk_size = 0;
  std::string refused;   // why the section cannot be accepted, beyond Beast's own checks
  bool encoded = false;  // a Content-Encoding other than identity

 private:
  std::string words_for(const error_code& ec) const {
    if (ec == http::error::bad_content_length || ec == http::error::bad_transfer_encoding) {
      if (content_lengths_ > 0 && ec == http::error::bad_transfer_encoding) {
        return "both Content-Length and Transfer-Encoding";
      }
      if (transfer_encodings_ > 0) {
        return ec == http::error::bad_content_length ? "both Content-Length and Transfer-Encoding"
                                                     : "several Transfer-Encoding headers";
      }
    }
    if (ec == http::error::bad_content_length) return "Content-Length is not a number that fits 64 bits";
    if (ec == http::error::multiple_content_length) return "several Content-Length headers";
    return ec.message();
  }

  void refuse(std::string why) {
    if (refused.empty()) refused = std::move(why);
  }

  void on_field_impl(http::field name, string_view, string_view value, error_code&) override {
    if (header_done_) return;  // a trailer: nothing in it is used
    const std::string_view text(value.data(), value.size());
    if (name == http::field::content_length) {
      if (++content_lengths_ > 1) refuse("several Content-Length headers");
      if (!is_digits(text)) refuse("Content-Length is not one number");
    } else if (name == http::field::transfer_encoding) {
      if (++transfer_encodings_ > 1) refuse("several Transfer-Encoding headers");
      if (!iequals(value, "chunked")) refuse("Transfer-Encoding is not exactly chunked");
    } else if (name == http::field::content_encoding) {
      encoded = encoded || !iequals(value, "identity");
    } else if (name == http::field::location) {
      if (++locations_ > 1) refuse("several Location headers");
      head.location = text;
    } else if (name == http::field::etag) {
      head.etag = ++etags_ > 1 ? std::string_view() : text;  // which of several belongs to the body cannot be known
    } else if (name == http::field::retry_after) {
      head.retry_after = delay_of(text);
    }
  }

  void on_header_impl(error_code&) override {
    header_done_ = true;
    head.status = status;
    // RFC 9112, 6.3. Beast takes two equal lengths, and reads "gzip, chunked" as chunked; `refused` stands above both.
    if (content_lengths_ > 0 && transfer_encodings_ > 0) refuse("both Content-Length and Transfer-Encoding");
    if (transfer_encodings_ > 0 && version < 11) refuse("Transfer-Encoding in an HTTP/1.0 response");
    if (status < 100 || status > 599) refuse("status " + std::to_string(status) + " does not exist");
    if (status / 100 == 1 || status == 204 || status == 304) {
      head.framing = BodyFraming::none;
    } else if (chunked()) {
      head.framing = BodyFraming::chunked;
    } else if (const auto length = content_length()) {
      head.framing = BodyFraming::content_length;
      head.content_length = *length;
    } else {
      head.framing = BodyFraming::close_delimited;
    }
  }

  void on_response_impl(int code, string_view, int http_version, error_code&) override {
    status = code;
    version = http_version;
  }
  void on_chunk_header_impl(std::uint64_t size, string_view, error_code&) override { chunk_size = size; }
  // The reader gives body bytes to the sink by itself and only moves Beast past them.
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override { return body.size(); }
  std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_finish_impl(error_code&) override {}
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}

  bool header_done_ = false;
  unsigned content_lengths_ = 0;
  unsigned transfer_encodings_ = 0;
  unsigned locations_ = 0;
  unsigned etags_ = 0;
};

}  // namespace

// Every check is made at a place that the bytes before it determine: at a byte, at the end of a line, or at the end of
// a section. That is why cuts cannot show.
class HttpResponseReader::Parser {
 public:
  Parser(const HttpLimits& limits, HttpResponseSink& sink) : limits_(limits), sink_(sink) { machine_.emplace(); }

  Result<void> feed(std::span<const std::byte> bytes) {
    if (failure_) return fail(*failure_);
    return remembered(consume({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  }

  Result<void> finish() {
    if (failure_) return fail(*failure_);
    return remembered(close());
  }

  [[nodiscard]] bool complete() const { return phase_ == Phase::complete && !failure_; }
  [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  enum class Phase { head, fixed_body, close_delimited_body, chunk_end, chunk_line, chunk_body, trailer, complete };

  Result<void> remembered(Result<void> result) {
    if (!result) failure_ = result.error();
    return result;
  }

  Result<void> consume(std::string_view bytes) {
    while (!bytes.empty()) {
      Result<void> result;
      switch (phase_) {
        case Phase::complete:
          return {};
        case Phase::fixed_body:
        case Phase::close_delimited_body:
        case Phase::chunk_body:
          result = take_body(bytes);
          break;
        case Phase::head:
        case Phase::chunk_end:
        case Phase::chunk_line:
        case Phase::trailer:
          result = take_byte(bytes.front());
          bytes.remove_prefix(1);
          break;
      }
      if (!result) return result;
    }
    return {};
  }

  Result<void> close() {
    const std::string got = "got " + count_of(body_bytes_);
    switch (phase_) {
      case Phase::complete:
        return {};
      case Phase::close_delimited_body:
        phase_ = Phase::complete;
        return {};
      case Phase::head:
        if (!section_.empty()) return truncated("closed inside the header section");
        return truncated(interim_responses_ == 0 ? "closed before any response" : "closed before the final response");
      case Phase::fixed_body:
        return truncated("got " + std::to_string(body_bytes_) + " of " + count_of(body_bytes_ + remaining_));
      case Phase::chunk_end:
      case Phase::chunk_line:
      case Phase::chunk_body:
      case Phase::trailer:
        return truncated("chunked body ended before its last chunk was complete, " + got);
    }
    return {};
  }

  static Result<void> truncated(std::string_view detail) { return fail(ErrorCode::truncated, kStep, "", detail); }

  // -- lines and sections
  // ----------------------------------------------------------------------------------------------

  Result<void> take_byte(char byte) {
    if (auto ok = check_room(); !ok) return ok;
    if (auto ok = check_byte(byte); !ok) return ok;
    section_ += byte;
    if (phase_ == Phase::chunk_end) {
      if (byte == '\n') begin_lines(Phase::chunk_line);
      return {};
    }
    return byte == '\n' ? end_line() : Result<void>{};
  }

  Result<void> check_room() const {
    const bool chunk = phase_ == Phase::chunk_line;
    const std::size_t bytes_max = chunk ? limits_.chunk_header_bytes_max : limits_.header_bytes_max;
    if (phase_ == Phase::chunk_end || section_.size() - lines_begin_ < bytes_max) return {};
    return bad(std::string(chunk                   ? "chunk header"
                           : phase_ == Phase::head ? "header section"
                                                   : "trailer section") +
               " is longer than the limit of " + count_of(bytes_max));
  }

  // Bare line ends, folded lines (RFC 9112, 5.2) and NUL have been used to make two readers see two messages.
  Result<void> check_byte(char byte) const {
    const std::size_t at = section_.size();
    const bool after_return = at > lines_begin_ && section_.back() == '\r';
    if (phase_ == Phase::chunk_end) {
      if (byte != "\r\n"[at]) return bad("chunk data does not end where its size says");
      return {};
    }
    if (phase_ == Phase::head && at < kStart.size() && byte != kStart[at]) {
      return bad("the response does not begin with HTTP/1.0 or HTTP/1.1");
    }
    if (byte == '\n' && !after_return) return bad("line feed without carriage return");
    if (byte != '\n' && after_return) return bad("carriage return without line feed");
    if (byte == '\0') return bad("NUL in a line");
    if (at == line_begin_ && at > 0 && phase_ != Phase::chunk_line && (byte == ' ' || byte == '\t')) {
      return bad("folded header line");
    }
    return {};
  }

  Result<void> end_line() {
    const bool empty = section_.size() == line_begin_ + 2;
    line_begin_ = section_.size();
    if (phase_ == Phase::chunk_line) return end_chunk_line();
    if (empty) return phase_ == Phase::head ? end_head() : end_trailer();
    // The status line is no header.
    if (++line_count_ > limits_.header_count_max + (phase_ == Phase::head ? 1 : 0)) {
      return bad("more than the limit of " + std::to_string(limits_.header_count_max) + " header lines");
    }
    return {};
  }

  void begin_lines(Phase phase) {
    phase_ = phase;
    lines_begin_ = line_begin_ = section_.size();
    line_count_ = 0;
  }

  Result<void> hand_over() {
    auto result = machine_->take(section_);
    section_.clear();
    return result;
  }

  Result<void> end_head() {
    if (auto ok = hand_over(); !ok) return ok;
    if (!machine_->refused.empty()) return bad(machine_->refused);
    if (machine_->status == 101) return bad("101 Switching Protocols was not asked for");
    if (machine_->status / 100 == 1) {
      if (++interim_responses_ > limits_.interim_responses_max) {
        return bad("more than the limit of " + std::to_string(limits_.interim_responses_max) + " interim responses");
      }
      machine_.emplace();
      begin_lines(Phase::head);
      return {};
    }
    return begin_message();
  }

  Result<void> begin_message() {
    // The coding and size of an error page must not hide its status.
    const bool success = machine_->status / 100 == 2;
    if (success) {
      if (auto ok = check_body(); !ok) return ok;
    }
    const HttpHead& head = machine_->head;
    if (auto ok = sink_.on_head(head); !ok) return ok;
    if (!success) {
      if (auto ok = check_body(); !ok) return ok;
    }
    switch (head.framing) {
      case BodyFraming::none:
        phase_ = Phase::complete;
        break;
      case BodyFraming::content_length:
        remaining_ = *head.content_length;
        phase_ = remaining_ == 0 ? Phase::complete : Phase::fixed_body;
        break;
      case BodyFraming::chunked:
        begin_lines(Phase::chunk_line);
        break;
      case BodyFraming::close_delimited:
        phase_ = Phase::close_delimited_body;
        break;
    }
    return {};
  }

  Result<void> check_body() const {
    if (machine_->encoded) return bad("a Content-Encoding that was not asked for");
    if (machine_->head.content_length.value_or(0) > limits_.body_bytes_max) {
      return too_large("Content-Length is " + std::to_string(*machine_->head.content_length));
    }
    return {};
  }

  // The last chunk goes to Beast together with the trailer section.
  Result<void> end_chunk_line() {
    const std::string_view line = std::string_view(section_).substr(lines_begin_);
    const auto size_end = std::find_if_not(line.begin(), line.end(), is_hex_digit);
    if (size_end == line.begin() || std::string_view("\r; \t").find(*size_end) == std::string_view::npos) {
      return bad("chunk size is not a hexadecimal number");
    }
    if (std::all_of(line.begin(), size_end, [](char c) { return c == '0'; })) {
      begin_lines(Phase::trailer);
      return {};
    }
    if (auto ok = hand_over(); !ok) return ok;
    if (machine_->chunk_size > limits_.body_bytes_max - body_bytes_) return too_large("chunked body goes on");
    remaining_ = machine_->chunk_size;
    phase_ = Phase::chunk_body;
    return {};
  }

  Result<void> end_trailer() {
    if (auto ok = hand_over(); !ok) return ok;
    phase_ = Phase::complete;
    return {};
  }

  // -- bodies
  // ----------------------------------------------------------------------------------------------------------

  Result<void> take_body(std::string_view& bytes) {
    const bool to_close = phase_ == Phase::close_delimited_body;
    const std::uint64_t room = to_close ? limits_.body_bytes_max - body_bytes_ : remaining_;
    if (room == 0) return too_large("the body goes on");  // only where closing ends it
    const std::string_view piece = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), room));
    bytes.remove_prefix(piece.size());
    if (auto ok = machine_->take(piece); !ok) return ok;
    if (auto ok = sink_.on_body(std::as_bytes(std::span(piece.data(), piece.size()))); !ok) return ok;
    body_bytes_ += piece.size();
    if (to_close || (remaining_ -= piece.size()) > 0) return {};
    if (phase_ == Phase::fixed_body) {
      phase_ = Phase::complete;
    } else {
      begin_lines(Phase::chunk_end);
    }
    return {};
  }

  Result<void> too_large(std::string_view what) const {
    return fail(ErrorCode::too_large, kStep, "",
                std::string(what) + ", the limit is " + count_of(limits_.body_bytes_max));
  }

  const HttpLimits limits_;
  HttpResponseSink& sink_;
  std::optional<Machine> machine_;  // of the response that is being read
  std::optional<Error> failure_;
  Phase phase_ = Phase::head;
  std::string section_;          // not yet given to Beast
  std::size_t lines_begin_ = 0;  // where the limited part of section_ begins
  std::size_t line_begin_ = 0;
  std::size_t line_count_ = 0;
  unsigned interim_responses_ = 0;
  std::uint64_t remaining_ = 0;  // of the body or chunk
  std::uint64_t body_bytes_ = 0;
};

HttpResponseReader::HttpResponseReader(const HttpLimits& limits, HttpResponseSink& sink)
    : parser_(std::make_unique<Parser>(limits, sink)) {}
HttpResponseReader::~HttpResponseReader() = default;

Result<void> HttpResponseReader::feed(std::span<const std::byte> bytes) { return parser_->feed(bytes); }
Result<void> HttpResponseReader::finish() { return parser_->finish(); }
bool HttpResponseReader::complete() const { return parser_->complete(); }
std::uint64_t HttpResponseReader::body_bytes() const { return parser_->body_bytes(); }

}  // namespace modelcache
