// The server on the wire: for each kind of fault and several sizes, the bytes a client sees and the ledger's entry.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "harness/faults/lying_server.h"
#include "harness/faults/wire_client.h"

namespace stampede {
namespace {

std::string text_of(const Model& model) {
  std::string text;
  for (const std::byte byte : *model.bytes) text += static_cast<char>(byte);
  return text;
}

// What a client should see, said in other words than the compiler of scripts uses.
struct Expected {
  int status = 200;                     // 0: nothing comes at all
  std::optional<std::uint64_t> length;  // declared
  std::string body;
  bool resets = false;
  bool is_full = false;
};

Expected expected_of(const NetworkFault& fault, const Model& model) {
  const std::string bytes = text_of(model);
  const std::size_t at = std::min<std::size_t>(fault.at_bytes, bytes.size());
  Expected good{.status = 200, .length = bytes.size(), .body = bytes, .resets = false, .is_full = true};
  Expected bad = good;
  switch (fault.kind) {
    case FaultKind::none:
    case FaultKind::refused:
      return good;
    case FaultKind::reset_on_accept:
      return {.status = 0, .length = {}, .body = "", .resets = true};
    case FaultKind::close_on_accept:
      return {.status = 0, .length = {}, .body = ""};
    case FaultKind::headers_then_close:
    case FaultKind::headers_then_reset:
      bad.body = "";
      bad.resets = fault.kind == FaultKind::headers_then_reset;
      break;
    case FaultKind::close_in_body:
    case FaultKind::reset_in_body:
      bad.body = bytes.substr(0, at);
      bad.resets = fault.kind == FaultKind::reset_in_body;
      break;
    case FaultKind::status:
      return {.status = fault.status, .length = 24, .body = "503 Service Unavailable\n"};
    case FaultKind::flip_byte:
      if (!bytes.empty()) bad.body[std::min(at, bytes.size() - 1)] ^= '\xff';
      break;
    case FaultKind::zero_bytes:
      for (std::size_t i = at; i < std::min(at + 4096, bytes.size()); ++i) bad.body[i] = '\0';
      break;
    case FaultKind::swap_halves:
      bad.body = bytes.substr(bytes.size() / 2) + bytes.substr(0, bytes.size() / 2);
      break;
    case FaultKind::length_too_short:
      if (!bytes.empty()) bad.length = bytes.size() - 1;
      break;
    case FaultKind::length_too_long:
      bad.length = bytes.size() + 1;
      break;
    case FaultKind::length_missing:
      bad.length = {};
      return bad;
  }
  bad.is_full = bad.body == bytes && bad.length == bytes.size();
  return bad;
}

void expect_head(const std::string& head, const Expected& expected, const Model& model) {
  EXPECT_EQ(head.rfind("HTTP/1.1 " + std::to_string(expected.status) + " ", 0), 0U) << head;
  EXPECT_NE(head.find("\r\nConnection: close\r\n"), std::string::npos) << head;
  if (expected.length) {
    EXPECT_NE(head.find("\r\nContent-Length: " + std::to_string(*expected.length) + "\r\n"), std::string::npos) << head;
  } else {
    EXPECT_EQ(head.find("Content-Length"), std::string::npos) << head;
  }
  if (expected.status == 200) {
    EXPECT_NE(head.find("\r\nETag: \"" + model.sha256.hex() + "\"\r\n"), std::string::npos) << head;
  }
}

void expect_entry(const LedgerEntry& entry, const Expected& expected, const NetworkFault& fault, const Model& model) {
  const bool is_asked = expected.status != 0;
  EXPECT_TRUE(entry.fault == fault);
  EXPECT_EQ(entry.requested, is_asked);
  EXPECT_EQ(entry.target, is_asked ? "/" + model.name : "");
  EXPECT_EQ(entry.model, is_asked ? model.name : "");
  EXPECT_EQ(entry.status, expected.status);
  EXPECT_EQ(entry.body_bytes_sent, expected.body.size());
  EXPECT_EQ(entry.full_body_sent, expected.is_full);
  EXPECT_EQ(entry.full_body_sent, compile(fault, model).is_full_body);
  EXPECT_EQ(entry.ending, expected.resets ? Ending::reset : Ending::finished);
  EXPECT_GE(entry.ended_at, entry.accepted_at);
  EXPECT_GT(entry.accepted_at.count(), 0);
}

class EveryFault : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryFault, ShowsTheBytesAndTheEntryThatItsNameSays) {
  const NetworkFault fault = parse_fault(GetParam()).value();
  std::vector<Model> models;
  for (const std::uint64_t size : {0, 1, 2, 1000, 3'000'001}) {
    models.push_back(generated_model("m" + std::to_string(size), size));
  }
  auto server = LyingServer::start({.models = models, .faults = {.faults = {fault}, .repeats = true}});
  ASSERT_TRUE(server) << server.error().message();
  for (const Model& model : models) {
    SCOPED_TRACE(model.name);
    const Expected expected = expected_of(fault, model);
    const WireReply reply = get((*server)->port(), "/" + model.name);
    (*server)->drain();
    const LedgerEntry entry = (*server)->ledger().back();
    expect_entry(entry, expected, fault, model);
    EXPECT_EQ(reply.is_reset, expected.resets);

    const std::size_t head_size = reply.bytes.find("\r\n\r\n");
    const bool has_head = head_size != std::string::npos;
    // What was sent before a reset may be lost on its way.
    EXPECT_TRUE(expected.resets || has_head == (expected.status != 0));
    if (!has_head) {
      EXPECT_EQ(reply.bytes, "");
      continue;
    }
    const std::string body = reply.bytes.substr(head_size + 4);
    EXPECT_EQ(entry.head_bytes_sent, head_size + 4);
    expect_head(reply.bytes.substr(0, head_size + 2), expected, model);
    if (expected.resets) {
      EXPECT_EQ(body, expected.body.substr(0, body.size()));
    } else {
      // No EXPECT_EQ: megabytes of difference help nobody.
      EXPECT_TRUE(body == expected.body) << body.size() << " bytes";
    }
  }
  EXPECT_EQ((*server)->ledger().size(), models.size());
}

INSTANTIATE_TEST_SUITE_P(Server, EveryFault,
                         ::testing::Values("none", "reset_on_accept", "close_on_accept", "headers_then_close",
                                           "headers_then_reset", "close_in_body:0", "close_in_body:1",
                                           "close_in_body:1000000", "close_in_body:99999999", "reset_in_body:0",
                                           "reset_in_body:1", "reset_in_body:1000000", "reset_in_body:99999999",
                                           "status:503", "flip_byte:0", "flip_byte:777", "flip_byte:99999999",
                                           "zero_bytes:0", "zero_bytes:999", "zero_bytes:99999999", "swap_halves",
                                           "length_too_short", "length_too_long", "length_missing"),
                         [](const ::testing::TestParamInfo<const char*>& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), ':', '_');
                           return name;
                         });

// A socket that is closed with unread bytes, or that gets some afterwards, answers with a reset. Close means close.
TEST(LyingServer, ReadsOnAfterItsFinSoThatALateRequestMeetsNoReset) {
  const std::vector<Model> models = {generated_model("m", 1)};
  auto server = LyingServer::start(
      {.models = models, .faults = {.faults = {{.kind = FaultKind::close_on_accept}}, .repeats = true}});
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
