// The GET over a scripted network: statuses, redirects, deadlines, and every door call failing once.
#include "cache/http_client.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "cache/scripted_os.h"

namespace modelcache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Body : BodySink {
  std::optional<std::uint64_t> declared;
  int begun = 0;
  std::string bytes;
  std::optional<Error> refusal;
  Result<void> begin(const HttpHead& head) override {
    ++begun;
    declared = head.content_length;
    return {};
  }
  Result<void> write(std::span<const std::byte> more) override {
    EXPECT_EQ(begun, 1);
    if (refusal) return fail(*refusal);
    bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
    return {};
  }
};

std::string ok(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
std::string redirect(std::string_view location, int status = 302) {
  return "HTTP/1.1 " + std::to_string(status) + " Found\r\nLocation: " + std::string(location) + "\r\n\r\n";
}

struct Get : testing::Test {
  ScriptedOs os;
  Body body;
  HttpOptions options;
  HttpUrl url = *HttpUrl::parse("http://127.0.0.1:8080/m.onnx?v=1");

  Result<HttpReply> get() { return http_get(os, url, options, body); }
  // "code|detail"
  std::string failure() {
    const auto reply = get();
    EXPECT_EQ(os.open_connections(), 0U);
    if (reply) return "accepted " + body.bytes;
    EXPECT_EQ(reply.error().place.substr(0, 7), "http://");
    EXPECT_FALSE(reply.error().step.empty());
    return std::string(name_of(reply.error().code)) + "|" + reply.error().detail;
  }
};

TEST_F(Get, FetchesABodyWithOneRequest) {
  os.conversations = {answers(ok("hello"))};
  const auto reply = get();
  ASSERT_TRUE(reply.has_value()) << reply.error().message();
  EXPECT_EQ(reply->url.text, url.text);
  EXPECT_EQ(reply->head.status, 200);
  EXPECT_EQ(reply->body_bytes, 5U);
  EXPECT_EQ(body.bytes, "hello");
  EXPECT_EQ(body.declared, 5U);
  EXPECT_EQ(os.requests,
            std::vector<std::string>{"GET /m.onnx?v=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: modelcache\r\n"
                                     "Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"});
  EXPECT_EQ(os.connected_to, (std::vector<Address>{{"127.0.0.1", 8080}}));
  EXPECT_EQ(os.steps, (std::vector<std::string>{"resolve", "connect", "send", "receive", "close"}));
}

TEST_F(Get, SendsAndReceivesInAnyPieces) {
  os.conversations = {answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")};
  os.send_bytes_max = os.receive_bytes_max = 1;
  EXPECT_EQ(failure(), "accepted hello");
  EXPECT_EQ(body.declared, std::nullopt);
  EXPECT_EQ(os.requests.at(0).substr(os.requests.at(0).size() - 4), "\r\n\r\n");
}

TEST_F(Get, NamesEveryEndingOfTheConnection) {
  using C = Conversation;
  const std::string half = ok("hello").substr(0, ok("hello").size() - 2);
  const auto play = [&](std::vector<C::Event> events) {
    os.conversations = {C{.events = std::move(events)}};
    body = {};
    return failure();
  };
  const C::Fail reset{Errno{ECONNRESET}};
  EXPECT_EQ(failure(), "refused|Connection refused");
  EXPECT_EQ(play({C::Close{}}), "truncated|closed before any response");
  EXPECT_EQ(play({C::Bytes{half}, C::Close{}}), "truncated|got 3 of 5 bytes");
  EXPECT_EQ(play({reset}), "reset|Connection reset by peer, after 0 bytes of the body");
  EXPECT_EQ(play({C::Bytes{half}, reset}), "reset|Connection reset by peer, after 3 bytes of the body");
  EXPECT_EQ(play({C::Bytes{ok("hello")}, reset}), "accepted hello");
  EXPECT_EQ(play({C::Bytes{ok("hello")}}), "accepted hello");  // and the connection stays open
  EXPECT_EQ(play({C::Bytes{"HTTP/1.1 200 OK\r\n\r\nhello"}, reset}),
            "reset|Connection reset by peer, after 5 bytes of the body");
  EXPECT_EQ(play({C::Bytes{half}}), "timed_out|nothing for 30000 ms, after 3 bytes of the body");
  EXPECT_EQ(play({C::Bytes{"220 smtp\r\n"}, C::Close{}}),
            "bad_response|the response does not begin with HTTP/1.0 or HTTP/1.1");
  os.conversations = {C{.connect_error = Errno{EHOSTUNREACH}}};
  EXPECT_EQ(failure(), "unreachable|No route to host");
  os.conversations = {C{.connect_error = Errno{ETIMEDOUT}}};
  EXPECT_EQ(failure(), "timed_out|nothing for 10000 ms");
}

TEST_F(Get, ReadsTheAnswerOfAServerThatDidNotReadTheRequest) {
  for (const int error : {EPIPE, ECONNRESET}) {
    os.conversations = {answers("HTTP/1.1 503 Busy\r\n\r\n")};
    os.conversations[0].send_error = Errno{error};
    EXPECT_EQ(failure(), "http_status|503 Service Unavailable");
    os.conversations = {Conversation{.send_error = Errno{error}, .events = {Conversation::Fail{Errno{ECONNRESET}}}}};
    EXPECT_EQ(failure().substr(0, 6), "reset|");
  }
}

TEST_F(Get, GivesEachStatusItsOwnError) {
  const std::vector<std::pair<int, std::string>> cases = {
      {201, "bad_response|201 was not asked for"},
      {204, "bad_response|204 No Content was not asked for"},
      {206, "bad_response|206 Partial Content was not asked for"},
      {304, "bad_response|304 Not Modified was not asked for"},
      {301, "bad_response|301 redirect without a Location"},
      {400, "http_status|400 Bad Request"},
      {404, "not_found|404 Not Found"},
      {410, "not_found|410 Gone"},
      {429, "http_status|429 Too Many Requests"},
      {599, "http_status|599"},
  };
  for (const auto& [status, expected] : cases) {
    // The coding of an error page does not hide the status.
    const std::string coding = status / 100 == 2 ? "" : "Content-Encoding: gzip\r\n";
    os.conversations = {answers("HTTP/1.1 " + std::to_string(status) + " Whatever\r\nRetry-After: 7\r\n" + coding +
                                "\r\nan error page")};
    const auto reply = get();
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(std::string(name_of(reply.error().code)) + "|" + reply.error().detail, expected);
    EXPECT_EQ(reply.error().http_status, status);
    EXPECT_EQ(reply.error().retry_after, seconds(7));
    EXPECT_EQ(reply.error().place, url.text);
  }
  EXPECT_EQ(body.begun, 0);
}

TEST_F(Get, FollowsRedirectsUpToTheLimit) {
  for (const int status : {301, 302, 303, 307, 308}) {
    os.conversations = {answers(redirect("../n?q#f", status)), answers(redirect("//[::1]:81/x")), answers(ok("hello"))};
    os.requests.clear();
    os.connected_to.clear();
    body = {};
    const auto reply = get();
    ASSERT_TRUE(reply.has_value()) << reply.error().message();
    EXPECT_EQ(reply->url.text, "http://[::1]:81/x");
    EXPECT_EQ(os.requests.at(1).substr(0, 19), "GET /n?q HTTP/1.1\r\n");
    EXPECT_EQ(os.connected_to.at(2), (Address{"::1", 81}));
    EXPECT_NE(os.requests.at(2).find("Host: [::1]:81\r\n"), std::string::npos);
    EXPECT_EQ(body.bytes, "hello");
  }
  options.redirects_max = 2;
  os.conversations = {answers(redirect("a")), answers(redirect("b")), answers(redirect("c")), answers(ok("hello"))};
  EXPECT_EQ(failure(), "too_many_redirects|more than 2");
  EXPECT_EQ(os.conversations.size(), 1U);
  os.conversations = {answers(redirect("a")), answers(redirect("b")), answers(ok("hello"))};
  body = {};
  EXPECT_EQ(failure(), "accepted hello");
}

TEST_F(Get, IsNotLedToFilesOrIntoHeaders) {
  for (const char* location : {"file:///etc/passwd", "https://h/", "http://h/\tx", "http://u:p@h/"}) {
    os.conversations = {answers(redirect(location)), answers(ok("hello"))};
    EXPECT_EQ(failure().substr(0, 22), "bad_response|Location ") << location;
    EXPECT_EQ(os.conversations.size(), 1U);
  }
  options.user_agent = "x\r\nHost: evil";
  EXPECT_EQ(failure().substr(0, 17), "invalid_argument|");
}

TEST_F(Get, TriesEveryAddress) {
  url = *HttpUrl::parse("http://models.test/m");
  EXPECT_EQ(failure(), "unknown_host|no address for models.test");
  os.hosts["models.test"] = {{"::1", 80}, {"127.0.0.1", 80}, {"127.0.0.2", 80}};
  const Conversation refused{.connect_error = Errno{ECONNREFUSED}};
  const Conversation unreachable{.connect_error = Errno{ENETUNREACH}};
  os.conversations = {refused, unreachable, answers(ok("hello"))};
  EXPECT_EQ(failure(), "accepted hello");
  os.conversations = {refused, refused, unreachable};
  EXPECT_EQ(failure(), "unreachable|Network is unreachable (127.0.0.2)");
}

TEST_F(Get, GivesUpAtTheIdleTimeoutAndAtTheWholeDeadline) {
  using C = Conversation;
  // A byte every 20 s is never idle for 30 s.
  std::vector<C::Event> drip;
  for (const char byte : ok("hello")) drip.insert(drip.end(), {C::Pause{seconds(20)}, C::Bytes{std::string(1, byte)}});
  os.conversations = {C{.events = drip}};
  EXPECT_EQ(failure(), "accepted hello");

  body = {};
  options.deadline = os.time() + seconds(100);
  os.conversations = {C{.events = drip}};
  EXPECT_EQ(failure(), "timed_out|the whole deadline passed, after 0 bytes of the body");
  EXPECT_GE(os.time(), options.deadline);
  EXPECT_LT(os.time(), options.deadline + milliseconds(1));

  os.steps.clear();
  os.conversations = {answers(ok("hello"))};
  EXPECT_EQ(failure(), "timed_out|the whole deadline passed");  // before anything is done
  EXPECT_EQ(os.steps, std::vector<std::string>{"now"});

  options.deadline = os.time() + seconds(5);
  os.conversations = {C{.connect_error = Errno{ETIMEDOUT}}};
  EXPECT_EQ(failure(), "timed_out|the whole deadline passed");
}

TEST_F(Get, DoesNotWaitLongerForSignalsWithoutEnd) {
  os.conversations = {
      Conversation{.events = std::vector<Conversation::Event>(100'000, Conversation::Fail{Errno{EINTR}})}};
  const Instant begin = os.time();
  // The script repeats its first failure for ever; only the clock of 1 us a step moves on.
  options.idle_timeout = milliseconds(10);
  EXPECT_EQ(failure().substr(0, 10), "timed_out|");
  EXPECT_LT(os.time() - begin, milliseconds(21));
}

TEST_F(Get, StopsBeforeAnyStepWhenCancelled) {
  os.conversations = {answers(ok("hello"))};
  ASSERT_EQ(failure(), "accepted hello");
  const std::size_t steps = os.steps.size() - 1;  // closing is not stopped
  for (std::size_t n = 0; n < steps; ++n) {
    ScriptedOs fresh;
    fresh.conversations = {answers(ok("hello"))};
    body = {};
    options.cancelled = [&] { return fresh.steps.size() >= n; };
    const auto reply = http_get(fresh, url, options, body);
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().code, ErrorCode::interrupted);
    EXPECT_EQ(fresh.steps.size() - fresh.count("close"), n);
    EXPECT_EQ(fresh.open_connections(), 0U);
  }
}

TEST_F(Get, ReturnsTheSinksErrorUnchanged) {
  body.refusal = Error{ErrorCode::no_space, "write", "tmp/x", "No space left on device"};
  os.conversations = {answers(ok("hello"))};
  const auto reply = get();
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().message(), "write tmp/x: No space left on device (no_space)");
  EXPECT_EQ(os.open_connections(), 0U);
}

// Fails the n-th call for n = 0, 1, 2, ... until a run makes no n-th call.
TEST_F(Get, SurvivesAFailureOfAnyCall) {
  const std::vector<std::pair<int, ErrorCode>> errors = {{EINTR, ErrorCode::interrupted},
                                                         {ECONNRESET, ErrorCode::reset},
                                                         {ETIMEDOUT, ErrorCode::timed_out},
                                                         {EMFILE, ErrorCode::exhausted}};
  for (const auto& [error, code] : errors) {
    std::size_t n = 0;
    std::size_t failures = 0;
    for (bool reached = true; reached; ++n) {
      ASSERT_LT(n, 1000U);
      ScriptedOs fresh;
      fresh.hosts["h.test"] = {{"127.0.0.1", 80}};
      fresh.conversations = {answers(redirect("http://h.test/x")), answers(ok("hello")), answers(ok("hello")),
                             answers(ok("hello"))};
      fresh.receive_bytes_max = 20;
      fresh.fail_step = n;
      fresh.fail_with = Errno{error};
      body = {};
      options.deadline = fresh.time() + seconds(60);
      const auto reply = http_get(fresh, url, options, body);
      reached = fresh.failed_a_step;
      EXPECT_EQ(fresh.open_connections(), 0U) << n;
      const std::string step = n < fresh.steps.size() ? fresh.steps[n] : "none";
      if (reply) {
        EXPECT_EQ(body.bytes, "hello") << n;
      }
      if (error == EINTR || step == "none" || step == "close" || step == "now") {
        EXPECT_TRUE(reply.has_value()) << step << " " << n << ": " << reply.error().message();
      } else if (step != "send") {
        ASSERT_FALSE(reply.has_value()) << step << " " << n;
        EXPECT_EQ(reply.error().code, code) << reply.error().message();
        ++failures;
      }
    }
    EXPECT_GT(n, 20U);
    if (error != EINTR) {
      EXPECT_GT(failures, 8U);
    }
  }
}

}  // namespace
}  // namespace modelcache
