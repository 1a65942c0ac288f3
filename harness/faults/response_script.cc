// Compiles a network fault and a model into the steps that a server takes.
#include "harness/faults/response_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace stampede {
namespace {

constexpr std::uint64_t kZeroedBytesMax = 4096;

// RFC 9110, 15. Unknown ones get the name of their class, which is all that a client may rely on.
std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 410:
      return "Gone";
    case 416:
      return "Range Not Satisfiable";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return status < 400 ? "Redirection" : status < 500 ? "Client Error" : "Server Error";
  }
}

std::string head_start(int status) {
  return fmt::format("HTTP/1.1 {} {}\r\nServer: stampede\r\n", status, reason_of(status));
}

// A head that says 200 and declares `length`, or nothing where there is none.
SendHead good_head(const Model& model, std::optional<std::uint64_t> length) {
  std::string head = head_start(200);
  head += "Content-Type: application/octet-stream\r\nAccept-Ranges: none\r\n";
  head += fmt::format("ETag: \"{}\"\r\n", model.sha256.hex());
  if (length) head += fmt::format("Content-Length: {}\r\n", *length);
  return SendHead{head + "Connection: close\r\n\r\n"};
}

// Appends the model's bytes from `begin` to `end`, unless there are none.
void add_body(ResponseScript& script, std::uint64_t begin, std::uint64_t end) {
  if (begin < end) script.steps.emplace_back(SendBody{begin, end});
}

ResponseScript good_response(const Model& model, std::optional<std::uint64_t> length) {
  ResponseScript script{.status = 200, .is_full_body = true, .steps = {good_head(model, length)}};
  add_body(script, 0, model.bytes->size());
  script.steps.emplace_back(CloseConnection{});
  return script;
}

ResponseScript good_response(const Model& model) { return good_response(model, model.bytes->size()); }

ResponseScript before_request(ScriptStep end) {
  return ResponseScript{.reads_request = false, .status = 0, .is_full_body = false, .steps = {std::move(end)}};
}

ResponseScript cut_body(const Model& model, std::uint64_t at_bytes, ScriptStep end) {
  const std::uint64_t size = model.bytes->size();
  const std::uint64_t cut = std::min(at_bytes, size);
  ResponseScript script{.status = 200, .is_full_body = cut == size, .steps = {good_head(model, size)}};
  add_body(script, 0, cut);
  script.steps.push_back(std::move(end));
  return script;
}

ResponseScript error_response(int status, std::optional<std::chrono::seconds> retry_after) {
  ResponseScript script{.status = status, .is_full_body = false, .steps = {}};
  std::string head = head_start(status);
  if (retry_after) head += fmt::format("Retry-After: {}\r\n", retry_after->count());
  if (status == 405) head += "Allow: GET\r\n";
  std::string text = fmt::format("{} {}\n", status, reason_of(status));
  if (status == 304) text.clear();  // RFC 9110, 15.4.5: ends with its header section
  if (!text.empty()) head += fmt::format("Content-Type: text/plain\r\nContent-Length: {}\r\n", text.size());
  script.steps.emplace_back(SendHead{head + "Connection: close\r\n\r\n"});
  if (!text.empty()) script.steps.emplace_back(SendText{std::move(text)});
  script.steps.emplace_back(CloseConnection{});
  return script;
}

// The model with the bytes from `begin` on replaced by `text`.
ResponseScript replaced_body(const Model& model, std::uint64_t begin, std::string text) {
  const std::uint64_t size = model.bytes->size();
  const std::uint64_t end = begin + text.size();
  ResponseScript script{.status = 200, .is_full_body = false, .steps = {good_head(model, size)}};
  add_body(script, 0, begin);
  script.steps.emplace_back(SendText{std::move(text)});
  add_body(script, end, size);
  script.steps.emplace_back(CloseConnection{});
  return script;
}

ResponseScript flipped_body(const Model& model, std::uint64_t at_bytes) {
  const Bytes& bytes = *model.bytes;
  if (bytes.empty()) return good_response(model);
  const std::uint64_t at = std::min<std::uint64_t>(at_bytes, bytes.size() - 1);
  return replaced_body(model, at, std::string(1, static_cast<char>(~bytes[at])));
}

ResponseScript zeroed_body(const Model& model, std::uint64_t at_bytes) {
  const Bytes& bytes = *model.bytes;
  const std::uint64_t begin = std::min<std::uint64_t>(at_bytes, bytes.size());
  const std::uint64_t count = std::min<std::uint64_t>(kZeroedBytesMax, bytes.size() - begin);
  const bool is_zero_already = std::all_of(bytes.data() + begin, bytes.data() + begin + count,
                                           [](std::byte byte) { return byte == std::byte{0}; });
  if (is_zero_already) return good_response(model);
  return replaced_body(model, begin, std::string(count, '\0'));
}

ResponseScript swapped_body(const Model& model) {
  const Bytes& bytes = *model.bytes;
  const std::uint64_t size = bytes.size();
  const std::uint64_t half = size / 2;
  // What the client gets is the model rotated by `half`.
  const bool is_same = std::equal(bytes.data() + half, bytes.data() + size, bytes.data()) &&
                       std::equal(bytes.data(), bytes.data() + half, bytes.data() + (size - half));
  if (is_same) return good_response(model);
  ResponseScript script{.status = 200, .is_full_body = false, .steps = {good_head(model, size)}};
  add_body(script, half, size);
  add_body(script, 0, half);
  script.steps.emplace_back(CloseConnection{});
  return script;
}

ResponseScript wrong_length(const Model& model, std::uint64_t declared) {
  ResponseScript script = good_response(model, declared);
  script.is_full_body = declared == model.bytes->size();
  return script;
}

}  // namespace

ResponseScript compile(const NetworkFault& fault, const Model& model) {
  const std::uint64_t size = model.bytes->size();
  switch (fault.kind) {
    case FaultKind::none:
      return good_response(model);
    case FaultKind::refused:
      break;
    case FaultKind::reset_on_accept:
      return before_request(ResetConnection{});
    case FaultKind::close_on_accept:
      return before_request(CloseConnection{});
    case FaultKind::headers_then_close:
      return cut_body(model, 0, CloseConnection{});
    case FaultKind::headers_then_reset:
      return cut_body(model, 0, ResetConnection{});
    case FaultKind::close_in_body:
      return cut_body(model, fault.at_bytes, CloseConnection{});
    case FaultKind::reset_in_body:
      return cut_body(model, fault.at_bytes, ResetConnection{});
    case FaultKind::status:
      return error_response(fault.status, fault.retry_after);
    case FaultKind::flip_byte:
      return flipped_body(model, fault.at_bytes);
    case FaultKind::zero_bytes:
      return zeroed_body(model, fault.at_bytes);
    case FaultKind::swap_halves:
      return swapped_body(model);
    case FaultKind::length_too_short:
      return wrong_length(model, size == 0 ? 0 : size - 1);
    case FaultKind::length_too_long:
      return wrong_length(model, size + 1);
    case FaultKind::length_missing:
      return good_response(model, std::nullopt);
  }
  std::fprintf(stderr, "compile: no script plays the fault '%s'\n", print(fault).c_str());
  std::abort();
}

ResponseScript compile_refusal(int status) { return error_response(status, std::nullopt); }

}  // namespace stampede
