// Compiles a turn, a model and a request into the steps that a server takes.
#include "harness/faults/response_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "harness/faults/byte_range.h"
#include "harness/faults/redirect.h"
#include "harness/faults/response_head.h"

namespace stampede {
namespace {

constexpr std::uint64_t kDripPiecesMax = 1'000'000;
constexpr std::chrono::milliseconds kDripPause{1};
constexpr std::string_view kBoundary = "stampede-part";

// An answer before it is framed.
struct Answer {
  int status = 200;
  std::string fields = {};  // whole lines
  Body body = {};
  bool has_body = true;  // false: the header section is all (304)
};

Answer short_answer(int status, std::string fields) {
  Answer answer{.status = status, .fields = std::move(fields)};
  answer.has_body = status != 304;  // RFC 9110, 15.4.5: ends with its header section
  if (!answer.has_body) return answer;
  answer.fields += "Content-Type: text/plain\r\n";
  append(answer.body, fmt::format("{} {}\n", status, reason_of(status)));
  return answer;
}

Answer status_answer(const NetworkFault& fault) {
  return short_answer(fault.status,
                      fault.retry_after ? fmt::format("Retry-After: {}\r\n", fault.retry_after->count()) : "");
}

std::string etag_of(const FaultTurn& turn, const Model& model, std::uint64_t version) {
  const bool is_new = version > 0 && has_part(turn, FaultKind::other_version_new_etag);
  return is_new ? fmt::format("\"{}-{}\"", model.sha256.hex(), version) : fmt::format("\"{}\"", model.sha256.hex());
}

std::string content_range(std::uint64_t begin, std::uint64_t end, std::uint64_t total) {
  return fmt::format("Content-Range: bytes {}-{}/{}\r\n", begin, end - 1, total);
}

// As many bytes as were asked for, from one place further back; further on where there is none before.
ByteRange moved(ByteRange range) {
  if (range.begin > 0) return {range.begin - 1, range.end - 1};
  if (range.end - range.begin > 1) return {range.begin + 1, range.end};
  return range;
}

Answer partial_answer(const FaultTurn& turn, const Body& content, ByteRange range, std::string fields) {
  const std::uint64_t total = size_of(content);
  if (has_part(turn, FaultKind::range_wrong_start)) range = moved(range);
  Answer answer{.status = 206, .fields = std::move(fields), .body = slice_of(content, range.begin, range.end)};
  const std::string type = "Content-Type: application/octet-stream\r\n";
  if (has_part(turn, FaultKind::range_multipart)) {
    Body parts;
    append(parts, fmt::format("--{}\r\n{}{}\r\n", kBoundary, type, content_range(range.begin, range.end, total)));
    append(parts, answer.body);
    append(parts, fmt::format("\r\n--{}--\r\n", kBoundary));
    answer.body = std::move(parts);
    answer.fields = fmt::format("Content-Type: multipart/byteranges; boundary={}\r\n", kBoundary) + answer.fields;
    return answer;
  }
  const bool is_wrong = has_part(turn, FaultKind::range_wrong_total);
  answer.fields = type + answer.fields + content_range(range.begin, range.end, is_wrong ? total + 1 : total);
  return answer;
}

Answer model_answer(const FaultTurn& turn, const Model& model, const RequestFacts& request) {
  const std::uint64_t version = version_of(turn, request.requests_before);
  const std::string etag = etag_of(turn, model, version);
  Body content = content_of(turn, model, version);
  const std::uint64_t total = size_of(content);
  std::string fields = fmt::format("Accept-Ranges: bytes\r\nETag: {}\r\n", etag);
  if (has_part(turn, FaultKind::content_encoding)) fields += "Content-Encoding: gzip\r\n";
  const RangeDecision decision = has_part(turn, FaultKind::range_ignored)
                                     ? RangeDecision{}
                                     : decide_range(request.range, request.if_range, etag, total);
  if (decision.answer == RangeAnswer::unsatisfiable) {
    return short_answer(416, fmt::format("Content-Range: bytes */{}\r\n", total));
  }
  if (decision.answer == RangeAnswer::partial) {
    return partial_answer(turn, content, decision.range, std::move(fields));
  }
  return Answer{.fields = "Content-Type: application/octet-stream\r\n" + fields, .body = std::move(content)};
}

Answer answer_of(const FaultTurn& turn, const Model& model, const RequestFacts& request) {
  for (const NetworkFault& part : turn.parts) {
    switch (part.kind) {
      case FaultKind::status:
        return status_answer(part);
      case FaultKind::redirect_relative:
      case FaultKind::redirect_other_host:
      case FaultKind::redirect_loop:
      case FaultKind::redirect_to_file:
        return short_answer(
            302, fmt::format("Location: {}\r\n", location_of(part.kind, request.target, request.other_origin)));
      default:
        break;
    }
  }
  return model_answer(turn, model, request);
}

// Cuts the wire body where the turn says so, and tells how the connection ends.
ScriptStep end_of(const FaultTurn& turn, FramedBody& framed) {
  for (const NetworkFault& part : turn.parts) {
    const std::uint64_t at = std::min(part.at_bytes, size_of(framed.wire));
    switch (part.kind) {
      case FaultKind::headers_then_close:
        framed.wire.clear();
        return CloseConnection{.is_cut = true};
      case FaultKind::headers_then_reset:
        framed.wire.clear();
        return ResetConnection{};
      case FaultKind::close_in_body:
        framed.wire = slice_of(framed.wire, 0, at);
        return CloseConnection{.is_cut = true};
      case FaultKind::reset_in_body:
        framed.wire = slice_of(framed.wire, 0, at);
        return ResetConnection{};
      case FaultKind::bytes_after_body:
        append(framed.wire, "bytes after the body\n");
        break;
      default:
        break;
    }
  }
  return CloseConnection{.is_cut = framed.is_cut};
}

void add(std::vector<ScriptStep>& steps, const Body& body) {
  for (const BodyPiece& piece : body) {
    std::visit([&](const auto& step) { steps.emplace_back(step); }, piece);
  }
}

// The wire body with the turn's stall in it. False where the stall has no end, so that nothing follows.
bool add_body(std::vector<ScriptStep>& steps, const FaultTurn& turn, const Body& wire) {
  const NetworkFault* const stall = find_part(turn, FaultKind::stall_in_body);
  if (stall == nullptr) {
    add(steps, wire);
    return true;
  }
  const std::uint64_t size = size_of(wire);
  const std::uint64_t at = std::min(stall->at_bytes, size);
  add(steps, slice_of(wire, 0, at));
  if (!stall->time) {
    steps.emplace_back(NeverAnswer{});
    return false;
  }
  steps.emplace_back(Pause{*stall->time});
  add(steps, slice_of(wire, at, size));
  return true;
}

std::uint64_t sent_size_of(const ScriptStep& step) {
  if (const auto* head = std::get_if<SendHead>(&step)) return head->bytes.size();
  if (const auto* text = std::get_if<SendText>(&step)) return text->bytes.size();
  if (const auto* body = std::get_if<SendBody>(&step)) return body->end - body->begin;
  return 0;
}

ScriptStep part_of(const ScriptStep& step, std::uint64_t begin, std::uint64_t end) {
  if (const auto* head = std::get_if<SendHead>(&step)) return SendHead{head->bytes.substr(begin, end - begin)};
  if (const auto* text = std::get_if<SendText>(&step)) return SendText{text->bytes.substr(begin, end - begin)};
  const std::uint64_t base = std::get<SendBody>(step).begin;
  return SendBody{base + begin, base + end};
}

std::vector<ScriptStep> dripped(const std::vector<ScriptStep>& steps, std::uint64_t piece_bytes, Pause pause) {
  std::vector<ScriptStep> result;
  std::uint64_t pieces = 0;
  std::uint64_t room = piece_bytes;  // of the piece that is being filled
  for (const ScriptStep& step : steps) {
    const std::uint64_t size = sent_size_of(step);
    if (size == 0) result.push_back(step);
    for (std::uint64_t at = 0; at < size;) {
      if (room == 0) {  // only before more bytes, so that no pause precedes the end
        result.emplace_back(pause);
        room = ++pieces < kDripPiecesMax ? piece_bytes : UINT64_MAX;
      }
      const std::uint64_t count = std::min(room, size - at);
      result.push_back(part_of(step, at, at + count));
      at += count;
      room -= count;
    }
  }
  return result;
}

ResponseScript script_of(const FaultTurn& turn, const Answer& answer) {
  ResponseScript script{.status = answer.status};
  if (const NetworkFault* stall = find_part(turn, FaultKind::stall_before_headers)) {
    if (!stall->time) return ResponseScript{.steps = {NeverAnswer{}}};
    script.steps.emplace_back(Pause{*stall->time});
  }
  FramedBody body = answer.has_body ? framed(turn, answer.body) : FramedBody{};
  for (std::string& text : before_head(turn)) script.steps.emplace_back(SendHead{std::move(text)});
  script.steps.emplace_back(SendHead{head_of(turn, answer.status, answer.fields + body.fields)});
  ScriptStep end = end_of(turn, body);
  if (add_body(script.steps, turn, body.wire)) script.steps.push_back(std::move(end));
  if (const NetworkFault* drip = find_part(turn, FaultKind::drip)) {
    script.steps =
        dripped(script.steps, std::max<std::uint64_t>(drip->count, 1), Pause{drip->time.value_or(kDripPause)});
  }
  return script;
}

ResponseScript before_request(ScriptStep end) {
  return ResponseScript{.reads_request = false, .status = 0, .steps = {std::move(end)}};
}

}  // namespace

ResponseScript compile(const FaultTurn& turn, const Model& model, const RequestFacts& request) {
  if (has_part(turn, FaultKind::refused)) {
    std::fprintf(stderr, "compile: no script plays the fault '%s'\n", print(turn).c_str());
    std::abort();
  }
  if (has_part(turn, FaultKind::reset_on_accept)) return before_request(ResetConnection{});
  if (has_part(turn, FaultKind::close_on_accept)) return before_request(CloseConnection{.is_cut = true});
  return script_of(turn, answer_of(turn, model, request));
}

ResponseScript compile_refusal(int status) {
  return script_of({}, short_answer(status, status == 405 ? "Allow: GET\r\n" : ""));
}

}  // namespace stampede
