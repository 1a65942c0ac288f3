// The server on the wire: for each kind of fault and several sizes, the bytes a client sees and the ledger's entry.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "harness/faults/faults_for_test.h"
#include "harness/faults/lying_server.h"
#include "harness/faults/model_text_for_test.h"
#include "harness/faults/wire_client.h"

namespace stampede {
namespace {

// What a client should see, said in other words than the compiler of scripts uses.
struct Expected {
  int status = 200;                      // 0: nothing comes at all
  std::vector<std::string> lines = {};   // that the head has
  std::vector<std::string> absent = {};  // parts that it has not
  std::string before = {};               // the status line
  std::string body = {};                 // what follows the head
  bool resets = false;
  bool is_full = false;
  bool has_bare_lf = false;
};

std::string length_line(std::size_t length) { return "Content-Length: " + std::to_string(length); }

std::string hex(std::size_t number) {
  std::string text;
  for (; number > 0; number /= 16) text.insert(text.begin(), "0123456789abcdef"[number % 16]);
  return text;
}

// Chunks of a quarter of the bytes, 64 KiB at most, from the `from`th to before the `to`th.
std::string chunks(const std::string& bytes, std::size_t from, std::size_t to) {
  const std::size_t step = std::min<std::size_t>(std::max<std::size_t>(bytes.size() / 4, 1), 65536);
  std::string text;
  for (std::size_t i = from; i < to && i * step < bytes.size(); ++i) {
    const std::string data = bytes.substr(i * step, step);
    text += hex(data.size()) + "\r\n" + data + "\r\n";
  }
  return text;
}

std::size_t chunk_count(const std::string& bytes) {
  const std::size_t step = std::min<std::size_t>(std::max<std::size_t>(bytes.size() / 4, 1), 65536);
  return (bytes.size() + step - 1) / step;
}

std::string versioned(std::string bytes, unsigned version) {
  for (std::size_t i = 0; i < bytes.size(); i += 4096)
    bytes[i] = static_cast<char>(bytes[i] ^ static_cast<char>(version));
  return bytes;
}

Expected good_response(const Model& model) {
  const std::string bytes = text_of(model);
  return {.lines = {length_line(bytes.size()), "ETag: \"" + model.sha256.hex() + "\"", "Accept-Ranges: bytes"},
          .absent = {"Transfer-Encoding", "Content-Encoding", "Content-Range"},
          .body = bytes,
          .is_full = true};
}

Expected redirect(const std::string& location) {
  return {.status = 302, .lines = {"Location: " + location, "Content-Length: 10"}, .body = "302 Found\n"};
}

Expected chunked(Expected bad, const std::string& wire) {
  bad.lines[0] = "Transfer-Encoding: chunked";
  bad.absent = {"Content-Length"};
  bad.body = wire;
  bad.is_full = false;
  return bad;
}

// Framing faults. REQUIRES: `good` is the good response to a request for `bytes`.
Expected framed_wrong(FaultKind kind, const Expected& good, const std::string& bytes) {
  Expected bad = good;
  const std::size_t count = chunk_count(bytes);
  const std::string first_half = chunks(bytes, 0, count / 2);
  switch (kind) {
    case FaultKind::length_too_short:
      if (!bytes.empty()) bad.lines[0] = length_line(bytes.size() - 1);
      bad.is_full = bytes.empty();
      return bad;
    case FaultKind::length_too_long:
      bad.lines[0] = length_line(bytes.size() + 1);
      bad.is_full = false;
      return bad;
    case FaultKind::length_missing:
      bad.lines.erase(bad.lines.begin());
      bad.absent = {"Content-Length", "Transfer-Encoding"};
      return bad;
    case FaultKind::length_twice:
      bad.lines.push_back(length_line(bytes.size() + 1));
      bad.is_full = false;
      return bad;
    case FaultKind::length_not_a_number:
      bad.lines[0] = "Content-Length: many";
      bad.is_full = false;
      return bad;
    case FaultKind::chunked_cut:
      return chunked(good, first_half);
    case FaultKind::chunked_no_last:
      return chunked(good, chunks(bytes, 0, count));
    case FaultKind::chunked_bad_size: {
      if (bytes.empty()) return chunked(good, "none\r\n\r\n");
      std::string second_half = chunks(bytes, count / 2, count);
      second_half.replace(0, second_half.find('\r'), "some");
      return chunked(good, first_half + second_half + "0\r\n\r\n");
    }
    default: {
      Expected legal = chunked(good, chunks(bytes, 0, count) + "0\r\nX-Served-By: stampede\r\n\r\n");
      legal.lines.push_back("Trailer: X-Served-By");
      legal.is_full = true;
      return legal;
    }
  }
}

Expected expected_of(const NetworkFault& fault, const Model& model, std::uint64_t requests_before,
                     const std::string& other_origin) {
  const std::string bytes = text_of(model);
  const std::size_t at = std::min<std::size_t>(fault.at_bytes, bytes.size());
  const Expected good = good_response(model);
  Expected bad = good;
  bad.is_full = false;
  const std::uint64_t version = fault.count > 0 ? fault.count : requests_before;
  switch (fault.kind) {
    case FaultKind::none:
    case FaultKind::refused:
    case FaultKind::drip:
    case FaultKind::range_ignored:
    case FaultKind::range_wrong_start:
    case FaultKind::range_wrong_total:
    case FaultKind::range_multipart:
      return good;
    case FaultKind::stall_before_headers:
      return fault.time ? good : Expected{.status = 0};
    case FaultKind::stall_in_body:
      if (fault.time) return good;
      bad.body = bytes.substr(0, at);
      bad.is_full = at == bytes.size();
      return bad;
    case FaultKind::reset_on_accept:
      return {.status = 0, .resets = true};
    case FaultKind::close_on_accept:
      return {.status = 0};
    case FaultKind::headers_then_close:
    case FaultKind::headers_then_reset:
      bad.body = "";
      bad.resets = fault.kind == FaultKind::headers_then_reset;
      bad.is_full = bytes.empty();
      return bad;
    case FaultKind::close_in_body:
    case FaultKind::reset_in_body:
      bad.body = bytes.substr(0, at);
      bad.resets = fault.kind == FaultKind::reset_in_body;
      bad.is_full = at == bytes.size();
      return bad;
    case FaultKind::bytes_after_body:
      bad.body += "bytes after the body\n";
      bad.is_full = true;
      return bad;
    case FaultKind::status:
      return {.status = 429,
              .lines = {"Retry-After: 3", "Content-Length: 22"},
              .absent = {"ETag"},
              .body = "429 Too Many Requests\n"};
    case FaultKind::redirect_relative:
      return redirect("./" + model.name + "?operation=4&redirected=well");
    case FaultKind::redirect_other_host:
      return redirect(other_origin + "/" + model.name + "?operation=4&redirected=well");
    case FaultKind::redirect_loop:
      return redirect("/" + model.name + "?operation=4&redirected=loop");
    case FaultKind::redirect_to_file:
      return redirect("file:///etc/hostname");
    case FaultKind::flip_byte:
      if (!bytes.empty()) bad.body[std::min(at, bytes.size() - 1)] ^= '\xff';
      break;
    case FaultKind::zero_bytes:
      for (std::size_t i = at; i < std::min(at + 4096, bytes.size()); ++i) bad.body[i] = '\0';
      break;
    case FaultKind::swap_halves:
      bad.body = bytes.substr(bytes.size() / 2) + bytes.substr(0, bytes.size() / 2);
      break;
    case FaultKind::other_version_same_etag:
    case FaultKind::other_version_new_etag:
      bad.body = versioned(bytes, static_cast<unsigned>(version));
      if (fault.kind == FaultKind::other_version_new_etag && version > 0) {
        bad.lines[1] = "ETag: \"" + model.sha256.hex() + "-" + std::to_string(version) + "\"";
      }
      break;
    case FaultKind::content_encoding:
      return {.lines = {"Content-Encoding: gzip"}};  // the body has a test of its own
    case FaultKind::header_too_long:
      bad.lines.push_back("X-Long: " + std::string(fault.count > 0 ? fault.count - 10 : 131'072 - 10, 'x'));
      break;
    case FaultKind::headers_too_many:
      bad.lines.push_back("X-Many-0: x");
      bad.lines.push_back("X-Many-" + std::to_string((fault.count > 0 ? fault.count : 30'000) - 1) + ": x");
      break;
    case FaultKind::bare_lf:
      bad.has_bare_lf = true;
      break;
    case FaultKind::folded_header:
      bad.lines.push_back("X-Folded: first\r\n second");
      break;
    case FaultKind::interim:
      for (std::uint64_t i = 0; i < std::max<std::uint64_t>(fault.count, 1); ++i) {
        bad.before += "HTTP/1.1 103 Early Hints\r\nLink: </>; rel=preload\r\n\r\n";
      }
      break;
    case FaultKind::garbage_before:
      bad.before = "garbage\r\n";
      return bad;
    default:
      return framed_wrong(fault.kind, good, bytes);
  }
  bad.is_full = bad.body == bytes;
  return bad;
}

void expect_head(const std::string& head, const Expected& expected) {
  EXPECT_EQ(head.rfind("HTTP/1.1 " + std::to_string(expected.status) + " ", 0), 0U) << head.substr(0, 200);
  const std::string end = expected.has_bare_lf ? "\n" : "\r\n";
  EXPECT_EQ(head.find('\r') == std::string::npos, expected.has_bare_lf);
  for (const std::string& line : expected.lines) {
    EXPECT_NE(head.find(end + line + end), std::string::npos) << line.substr(0, 100) << "\n" << head.substr(0, 500);
  }
  EXPECT_NE(head.find(end + "Connection: close" + end), std::string::npos) << head.substr(0, 500);
  for (const std::string& part : expected.absent) EXPECT_EQ(head.find(part), std::string::npos) << part;
}

void expect_entry(const LedgerEntry& entry, const Expected& expected, const FaultTurn& turn, const Model& model) {
  const bool is_asked = !is_before_request(turn);
  EXPECT_TRUE(entry.fault == turn);
  EXPECT_EQ(entry.requested, is_asked);
  EXPECT_EQ(entry.target, is_asked ? "/" + model.name + "?operation=4" : "");
  EXPECT_EQ(entry.model, is_asked ? model.name : "");
  EXPECT_EQ(entry.status, expected.status);
  EXPECT_EQ(entry.full_body_sent, expected.is_full);
  EXPECT_GE(entry.ended_at, entry.accepted_at);
  EXPECT_GT(entry.accepted_at.count(), 0);
}

// The reply without what is expected before its status line.
std::string without_beginning(const std::string& bytes, const std::string& before) {
  EXPECT_EQ(bytes.substr(0, before.size()), before);
  return bytes.substr(std::min(before.size(), bytes.size()));
}

void expect_reply(const WireReply& reply, const Expected& expected, const LedgerEntry& entry) {
  EXPECT_EQ(reply.is_reset, expected.resets);
  const std::string empty_line = expected.has_bare_lf ? "\n\n" : "\r\n\r\n";
  // What was sent before a reset may be lost on its way.
  if (reply.bytes.empty() && (expected.resets || expected.status == 0)) return;
  const std::string response = without_beginning(reply.bytes, expected.before);
  const std::size_t head_end = response.find(empty_line);
  ASSERT_NE(head_end, std::string::npos) << response.substr(0, 200);
  const std::size_t head_size = head_end + empty_line.size();
  EXPECT_EQ(entry.head_bytes_sent, expected.before.size() + head_size);
  expect_head(response.substr(0, head_end + empty_line.size() / 2), expected);
  const std::string body = response.substr(head_size);
  if (expected.resets) {
    EXPECT_TRUE(body == expected.body.substr(0, body.size())) << body.size() << " bytes";
  } else {
    EXPECT_TRUE(body == expected.body) << body.size() << " bytes for " << expected.body.size();
    EXPECT_EQ(entry.body_bytes_sent, body.size());
  }
}

class EveryFault : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryFault, ShowsTheBytesAndTheEntryThatItsNameSays) {
  const NetworkFault fault = parse_fault(GetParam()).value();
  std::vector<Model> models;
  for (const std::uint64_t size : {0, 1, 2, 1000, 3'000'001}) {
    models.push_back(generated_model("m" + std::to_string(size), size));
  }
  const auto server = LyingServer::start({.models = models, .faults = {.faults = {fault}, .repeats = true}}).value();
  const std::string other = server->other_origin();
  for (const Model& model : models) {
    for (std::uint64_t nth = 0; nth < 2; ++nth) {
      SCOPED_TRACE(model.name);
      const Expected expected = expected_of(fault, model, nth, other);
      const WireReply reply = get(server->port(), "/" + model.name + "?operation=4");
      server->drain();
      const LedgerEntry entry = server->ledger().back();
      expect_entry(entry, expected, fault, model);
      EXPECT_EQ(entry.ending, expected.resets ? Ending::reset : Ending::finished);
      if (fault.kind != FaultKind::content_encoding) expect_reply(reply, expected, entry);
    }
  }
  EXPECT_EQ(server->ledger().size(), 2 * models.size());
}

INSTANTIATE_TEST_SUITE_P(Server, EveryFault, ::testing::ValuesIn(kFaultsForTest),
                         [](const ::testing::TestParamInfo<const char*>& test) {
                           std::string name = test.param;
                           std::replace_if(name.begin(), name.end(), [](char c) { return c == ':' || c == '='; }, '_');
                           return name;
                         });

TEST(LyingServerWire, IsLookedAtForEveryKind) {
  for (const FaultKind kind : all_fault_kinds()) {
    const bool is_seen = std::any_of(std::begin(kFaultsForTest), std::end(kFaultsForTest),
                                     [&](const char* text) { return parse_fault(text).value().kind == kind; });
    EXPECT_TRUE(is_seen || kind == FaultKind::refused) << name_of(kind);
  }
}

// Sends a request, takes what comes until there is silence by design, and leaves.
TEST(LyingServerWire, StaysSilentForEverWhereNoTimeIsGiven) {
  const Model model = generated_model("m", 3000);
  const std::string bytes = text_of(model);
  const FaultSequence faults{
      .faults = {parse_turn("stall_before_headers").value(), parse_turn("stall_in_body:1000").value()}};
  const auto server = LyingServer::start({.models = {model}, .faults = faults}).value();
  WireClient unanswered(server->port());
  ASSERT_TRUE(unanswered.send_get("/m"));
  WireClient half(server->port());
  ASSERT_TRUE(half.send_get("/m"));
  std::string reply;
  while (reply.find("\r\n\r\n") == std::string::npos) reply += half.receive(1);
  EXPECT_TRUE(half.receive(1000) == bytes.substr(0, 1000));
  unanswered.close();
  half.close();
  server->drain();
  const Ledger ledger = server->ledger();
  ASSERT_EQ(ledger.size(), 2U);
  for (const LedgerEntry& entry : ledger) {
    EXPECT_EQ(entry.ending, Ending::peer_left);
    EXPECT_TRUE(entry.requested);
    EXPECT_FALSE(entry.full_body_sent);
  }
  EXPECT_EQ(ledger[0].head_bytes_sent, 0U);
  EXPECT_EQ(ledger[1].body_bytes_sent, 1000U);
}

// A socket that is closed with unread bytes, or that gets some afterwards, answers with a reset. Close means close.
TEST(LyingServer, ReadsOnAfterItsFinSoThatALateRequestMeetsNoReset) {
  const std::vector<Model> models = {generated_model("m", 1)};
  const FaultTurn close = NetworkFault{.kind = FaultKind::close_on_accept};
  auto server = LyingServer::start({.models = models, .faults = {.faults = {close}, .repeats = true}});
  ASSERT_TRUE(server) << server.error().message();
  for (int i = 0; i < 20; ++i) {
    WireClient client((*server)->port());
    const WireReply reply = client.receive_all();
    EXPECT_EQ(reply.bytes, "");
    EXPECT_FALSE(reply.is_reset);
    for (int line = 0; line < 20; ++line) ASSERT_TRUE(client.send("GET /m HTTP/1.1\r\n"));
  }
}

}  // namespace
}  // namespace stampede
