// Turns of several parts, ranges, redirects, versions and sequences of models, as a plain socket sees them.
#include <gtest/gtest.h>

#include "harness/faults/lying_server.h"
#include "harness/faults/model_text_for_test.h"
#include "harness/faults/wire_client.h"

namespace stampede {
namespace {

FaultSequence always(const std::string& turn) { return {.faults = {parse_turn(turn).value()}, .repeats = true}; }

std::unique_ptr<LyingServer> serve(const Model& model, FaultSequence faults) {
  return LyingServer::start({.models = {model}, .faults = std::move(faults)}).value();
}

struct Parts {
  std::string head, body;
};

Parts parts_of(const WireReply& reply) {
  const std::size_t end = reply.bytes.find("\r\n\r\n");
  if (end == std::string::npos) return {};
  return {reply.bytes.substr(0, end + 2), reply.bytes.substr(end + 4)};
}

Parts ask(const LyingServer& server, const std::string& fields, const std::string& target = "/m") {
  WireClient client(server.port());
  client.send("GET " + target + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n");
  return parts_of(client.receive_all());
}

TEST(Turns, CombineTheirParts) {
  const Model model = generated_model("m", 10'000);
  std::string flipped = text_of(model);
  flipped[7] = static_cast<char>(~flipped[7]);
  const auto server = serve(model, always("interim:2+drip:1000:pause=0ms+flip_byte:7+length_missing"));
  const WireReply reply = get(server->port(), "/m");
  EXPECT_EQ(reply.bytes.rfind("HTTP/1.1 103 ", 0), 0U);
  const std::size_t final_head = reply.bytes.find("HTTP/1.1 200 OK\r\n");
  ASSERT_NE(final_head, std::string::npos);
  const Parts parts = parts_of({.bytes = reply.bytes.substr(final_head)});
  EXPECT_EQ(parts.head.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(parts.body == flipped);
  server->drain();
  const LedgerEntry entry = server->ledger().at(0);
  EXPECT_EQ(print(entry.fault), "interim:2+drip:1000:pause=0ms+flip_byte:7+length_missing");
  EXPECT_FALSE(entry.full_body_sent);
  EXPECT_EQ(entry.status, 200);
  EXPECT_EQ(entry.head_bytes_sent + entry.body_bytes_sent, reply.bytes.size());
}

TEST(Turns, OfAnErrorAreCutAndStalledAsWell) {
  const auto server = serve(generated_model("m", 10), always("status:503+close_in_body:5+stall_in_body:2:for=1ms"));
  const Parts parts = ask(*server, "");
  EXPECT_EQ(parts.head.rfind("HTTP/1.1 503 ", 0), 0U);
  EXPECT_NE(parts.head.find("Content-Length: 24\r\n"), std::string::npos);
  EXPECT_EQ(parts.body, "503 S");
}

TEST(Ranges, AreServedAsTheyWereAskedFor) {
  const Model model = generated_model("m", 1000);
  const std::string etag = "\"" + model.sha256.hex() + "\"";
  const auto server = serve(model, {});
  const Parts middle = ask(*server, "Range: bytes=10-19\r\nIf-Range: " + etag + "\r\n");
  EXPECT_EQ(middle.head.rfind("HTTP/1.1 206 Partial Content\r\n", 0), 0U);
  EXPECT_NE(middle.head.find("\r\nContent-Range: bytes 10-19/1000\r\n"), std::string::npos);
  EXPECT_NE(middle.head.find("\r\nContent-Length: 10\r\n"), std::string::npos);
  EXPECT_NE(middle.head.find("\r\nETag: " + etag + "\r\n"), std::string::npos);
  EXPECT_TRUE(middle.body == text_of(model).substr(10, 10));
  const Parts behind = ask(*server, "range:  bytes=1000-\r\n");
  EXPECT_EQ(behind.head.rfind("HTTP/1.1 416 ", 0), 0U);
  EXPECT_NE(behind.head.find("\r\nContent-Range: bytes */1000\r\n"), std::string::npos);
  const Parts other = ask(*server, "Range: bytes=10-19\r\nIf-Range: \"other\"\r\n");
  EXPECT_EQ(other.head.rfind("HTTP/1.1 200 ", 0), 0U);
  EXPECT_TRUE(other.body == text_of(model));
  EXPECT_EQ(ask(*server, "Range: bytes=1-2\r\nRange: bytes=3-4\r\n").body.size(), 1000U);
  server->drain();
  const Ledger ledger = server->ledger();
  ASSERT_EQ(ledger.size(), 4U);
  EXPECT_EQ(ledger[0].status, 206);
  EXPECT_FALSE(ledger[0].full_body_sent);
  EXPECT_TRUE(ledger[0].range_asked);
  EXPECT_EQ(ledger[1].status, 416);
  EXPECT_TRUE(ledger[2].full_body_sent);
  EXPECT_FALSE(ledger[3].range_asked);
}

TEST(Ranges, OfEverythingAreNoFullBody) {
  const auto server = serve(generated_model("m", 10), {});
  EXPECT_EQ(ask(*server, "Range: bytes=0-\r\n").body.size(), 10U);
  server->drain();
  EXPECT_FALSE(server->ledger().at(0).full_body_sent);
}

TEST(Ranges, AreAnsweredWronglyByTheirFaults) {
  const Model model = generated_model("m", 1000);
  const std::string bytes = text_of(model);
  const std::string range = "Range: bytes=10-19\r\n";
  const Parts ignored = ask(*serve(model, always("range_ignored")), range);
  EXPECT_EQ(ignored.head.rfind("HTTP/1.1 200 ", 0), 0U);
  EXPECT_TRUE(ignored.body == bytes);
  const Parts moved = ask(*serve(model, always("range_wrong_start")), range);
  EXPECT_EQ(moved.head.rfind("HTTP/1.1 206 ", 0), 0U);
  EXPECT_NE(moved.head.find("\r\nContent-Range: bytes 9-18/1000\r\n"), std::string::npos);
  EXPECT_TRUE(moved.body == bytes.substr(9, 10));
  const Parts from_start = ask(*serve(model, always("range_wrong_start")), "Range: bytes=0-9\r\n");
  EXPECT_NE(from_start.head.find("\r\nContent-Range: bytes 1-9/1000\r\n"), std::string::npos);
  const Parts larger = ask(*serve(model, always("range_wrong_total")), range);
  EXPECT_NE(larger.head.find("\r\nContent-Range: bytes 10-19/1001\r\n"), std::string::npos);
  EXPECT_TRUE(larger.body == bytes.substr(10, 10));
  const Parts multipart = ask(*serve(model, always("range_multipart")), range);
  EXPECT_NE(multipart.head.find("\r\nContent-Type: multipart/byteranges; boundary=stampede-part\r\n"),
            std::string::npos);
  EXPECT_EQ(multipart.head.find("Content-Range"), std::string::npos);
  EXPECT_TRUE(multipart.body ==
              "--stampede-part\r\nContent-Type: application/octet-stream\r\n"
              "Content-Range: bytes 10-19/1000\r\n\r\n" +
                  bytes.substr(10, 10) + "\r\n--stampede-part--\r\n");
}

TEST(Redirects, LeadToTheModelServedWell) {
  const Model model = generated_model("a/b c", 1000);
  const auto server = serve(model, always("redirect_relative"));
  const Parts first = ask(*server, "", "/a/b%20c?operation=3");
  EXPECT_NE(first.head.find("\r\nLocation: ./b%20c?operation=3&redirected=well\r\n"), std::string::npos) << first.head;
  const Parts second = ask(*server, "", "/a/b%20c?operation=3&redirected=well");
  EXPECT_TRUE(second.body == text_of(model));
  server->drain();
  const Ledger ledger = server->ledger();
  EXPECT_EQ(print(ledger.at(0).fault), "redirect_relative");
  EXPECT_EQ(print(ledger.at(1).fault), "none");
  EXPECT_TRUE(ledger.at(1).full_body_sent);
}

TEST(Redirects, LeadToAnotherAddressThatBelongsToTheSameListener) {
  const Model model = generated_model("m", 1000);
  const auto server =
      LyingServer::start({.ports = {0, 0}, .models = {model}, .faults = always("redirect_other_host")}).value();
  const std::string origin = server->other_origin(1);
  EXPECT_EQ(origin.rfind("http://127.0.0.2:", 0), 0U) << origin;
  const auto port = static_cast<std::uint16_t>(std::stoi(origin.substr(origin.rfind(':') + 1)));
  WireClient client("127.0.0.2", port);
  ASSERT_TRUE(client.send_get("/m?redirected=well"));
  EXPECT_TRUE(parts_of(client.receive_all()).body == text_of(model));
  client.close();
  server->drain();
  EXPECT_EQ(server->ledger().at(0).listener, 1U);
}

TEST(Redirects, InALoopNeverEnd) {
  const auto server = serve(generated_model("m", 10), {.faults = {parse_turn("redirect_loop").value()}});
  std::string target = "/m?operation=1";
  for (int i = 0; i < 20; ++i) {
    const Parts parts = ask(*server, "", target);
    ASSERT_EQ(parts.head.rfind("HTTP/1.1 302 ", 0), 0U) << i;
    const std::size_t begin = parts.head.find("Location: ") + 10;
    target = parts.head.substr(begin, parts.head.find("\r\n", begin) - begin);
    EXPECT_EQ(target, "/m?operation=1&redirected=loop");
  }
  server->drain();
  for (const LedgerEntry& entry : server->ledger()) EXPECT_EQ(print(entry.fault), "redirect_loop");
}

TEST(Versions, DifferInEveryBlockFromEachOtherAndTheModel) {
  const Model model = generated_model("m", 10'000);
  const auto server = serve(model, always("other_version_same_etag"));
  std::vector<std::string> bodies;
  for (int i = 0; i < 4; ++i) bodies.push_back(ask(*server, "").body);
  EXPECT_TRUE(bodies[0] == text_of(model));
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      for (const std::size_t half : {0U, 5000U}) {
        EXPECT_FALSE(bodies[i].substr(half, 5000) == bodies[k].substr(half, 5000)) << i << " and " << k;
      }
    }
  }
  // A range of a version whose ETag is kept is what a client that resumes must not believe.
  const Parts range = ask(*server, "Range: bytes=4096-4097\r\nIf-Range: \"" + model.sha256.hex() + "\"\r\n");
  EXPECT_NE(range.head.find("206"), std::string::npos);
  EXPECT_NE(range.body, text_of(model).substr(4096, 2));
}

TEST(Versions, WithANewEtagAreNotContinued) {
  const Model model = generated_model("m", 10'000);
  const auto server = serve(model, always("other_version_new_etag:5"));
  const Parts whole = ask(*server, "Range: bytes=5-\r\nIf-Range: \"" + model.sha256.hex() + "\"\r\n");
  EXPECT_NE(whole.head.find("\r\nETag: \"" + model.sha256.hex() + "-5\"\r\n"), std::string::npos);
  EXPECT_EQ(whole.body.size(), 10'000U);
}

TEST(ModelFaults, MeetTheRequestsForTheirModelInOrder) {
  const FaultTurn not_found = parse_turn("status:404").value();
  const FaultTurn broken = parse_turn("status:500").value();
  const auto server = LyingServer::start({.models = {generated_model("a", 10), generated_model("b", 10)},
                                          .faults = {.faults = {parse_turn("status:403").value()}, .repeats = true},
                                          .model_faults = {{"a", {.faults = {not_found, {}, broken}}}}})
                          .value();
  const auto status = [&](const std::string& target) { return ask(*server, "", target).head.substr(9, 3); };
  EXPECT_EQ(status("/a"), "404");
  EXPECT_EQ(status("/b"), "403");
  EXPECT_EQ(status("/a"), "200");
  EXPECT_EQ(status("/a?redirected=well"), "200");  // is not counted
  EXPECT_EQ(status("/a"), "500");
  EXPECT_EQ(status("/a"), "200");
  server->drain();
  const Ledger ledger = server->ledger();
  EXPECT_TRUE(ledger.at(0).fault == not_found);
  EXPECT_EQ(print(ledger.at(1).fault), "status:403");
  EXPECT_EQ(print(ledger.at(2).fault), "none");
  server->restart({});
  EXPECT_EQ(status("/a"), "200");
}

TEST(ModelFaults, AreRefusedWhereTheyCannotBe) {
  const auto error_of = [](const char* model, const FaultTurn& turn) {
    const auto server = LyingServer::start(
        {.models = {generated_model("a", 1)}, .model_faults = {{model, FaultSequence{.faults = {turn}}}}});
    return server ? std::string() : server.error().message();
  };
  EXPECT_NE(error_of("b", {}).find("b: has faults and is no model"), std::string::npos);
  EXPECT_NE(error_of("a", parse_turn("reset_on_accept").value()).find("comes before the request"), std::string::npos);
  FaultTurn twice = NetworkFault{.kind = FaultKind::bare_lf};
  twice.parts.push_back({.kind = FaultKind::bare_lf});
  EXPECT_NE(error_of("a", twice).find("bare_lf and bare_lf contradict each other"), std::string::npos);
  EXPECT_EQ(error_of("a", {}), "");
}

}  // namespace
}  // namespace stampede
