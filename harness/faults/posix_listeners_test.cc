// Addresses, ports that are refused or taken, and a machine that is out of descriptors.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "harness/faults/listeners.h"
#include "harness/faults/lying_server.h"
#include "harness/faults/wire_client.h"
#include "harness/plan/sanitized.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;

TEST(OtherAddress, IsTheSecondLoopbackAddressWhereThereIsOne) {
  const std::pair<const char*, const char*> rows[] = {{"127.0.0.1", "127.0.0.2"},
                                                      {"127.0.0.2", "127.0.0.3"},
                                                      {"127.0.0.3", "127.0.0.2"},
                                                      {"127.9.9.9", "127.0.0.2"},
                                                      {"10.0.0.1", "10.0.0.1"},
                                                      {"0.0.0.0", "0.0.0.0"},
                                                      {"::1", "::1"},
                                                      {"localhost", "localhost"}};
  for (const auto& [address, other] : rows) EXPECT_EQ(other_address_of(address), other) << address;
}

TEST(LyingServerUrls, AreOfTheSchemeAndTheAddress) {
  const Model model = generated_model("a b", 1);
  const auto plain = LyingServer::start({.models = {model}}).value();
  const std::string port = std::to_string(plain->port());
  EXPECT_EQ(plain->base_url(), "http://127.0.0.1:" + port + "/");
  EXPECT_EQ(plain->url(0, model), "http://127.0.0.1:" + port + "/a%20b");
  EXPECT_EQ(plain->other_origin(), "");
  EXPECT_EQ(plain->authority(), "");
  const auto secret =
      LyingServer::start(
          {.models = {model}, .faults = {.faults = {*parse_turn("redirect_other_host")}}, .is_https = true})
          .value();
  EXPECT_EQ(secret->base_url(), "https://127.0.0.1:" + std::to_string(secret->port()) + "/");
  EXPECT_EQ(secret->other_origin().rfind("https://127.0.0.2:", 0), 0U) << secret->other_origin();
  EXPECT_EQ(secret->refused_url(model).rfind("https://127.0.0.1:", 0), 0U);
  EXPECT_NE(secret->authority(), "");
  const auto of_model =
      LyingServer::start(
          {.models = {model}, .model_faults = {{"a b", {.faults = {*parse_turn("redirect_other_host")}}}}})
          .value();
  EXPECT_EQ(of_model->other_origin().rfind("http://127.0.0.2:", 0), 0U) << of_model->other_origin();
  const auto six = LyingServer::start({.address = "::1", .models = {model}});
  if (!six) GTEST_SKIP() << "not applicable: no IPv6 here: " << six.error().message();
  EXPECT_EQ((*six)->base_url(), "http://[::1]:" + std::to_string((*six)->port()) + "/");
  WireClient client("::1", (*six)->port());
  ASSERT_TRUE(client.send_get("/a%20b"));
  EXPECT_EQ(client.receive_all().bytes.rfind("HTTP/1.1 200 ", 0), 0U);
}

TEST(LyingServerStart, SaysWhatIsWrongWithFaults) {
  const Model model = generated_model("m", 1);
  FaultTurn twice = *parse_turn("bare_lf");
  twice.parts.push_back(twice.parts[0]);
  const auto refusal = [&](LyingServerOptions options) {
    options.models.push_back(model);
    const auto server = LyingServer::start(std::move(options));
    return server ? "" : std::string(name_of(server.error().code)) + " " + server.error().message();
  };
  EXPECT_EQ(refusal({.faults = {.faults = {*parse_turn("none"), *parse_turn("reset_on_accept")}}}), "");
  EXPECT_NE(refusal({.faults = {.faults = {{}, twice}}}).find("contradict each other"), std::string::npos);
  EXPECT_NE(refusal({.faults = {.faults = {{}, *parse_turn("refused")}}})
                .find("start server refused: not a turn of a port that listens"),
            std::string::npos);
  EXPECT_NE(refusal({.model_faults = {{"m", {.faults = {{}, *parse_turn("close_on_accept")}}}}})
                .find("start server close_on_accept: comes before the request, so it cannot be a model's"),
            std::string::npos);
  EXPECT_NE(refusal({.model_faults = {{"m", {.faults = {*parse_turn("refused")}}}}}).find("not a turn of a port"),
            std::string::npos);
  // What is wrong with the connections' turns is told before what is wrong with a model's.
  EXPECT_NE(refusal({.faults = {.faults = {*parse_turn("refused")}}, .model_faults = {{"m", {.faults = {twice}}}}})
                .find("start server refused"),
            std::string::npos);
}

TEST(LyingServerStart, TakesAPortThatItHadBefore) {
  const Model model = generated_model("m", 10);
  const std::uint16_t port = LyingServer::start({.models = {model}}).value()->port();
  for (int i = 0; i < 2; ++i) {  // the second time the kernel still remembers a connection of the first
    const auto server = LyingServer::start({.ports = {port}, .models = {model}});
    ASSERT_TRUE(server) << server.error().message();
    EXPECT_EQ((*server)->port(), port);
    EXPECT_FALSE(get(port, "/m").bytes.empty());
  }
}

TEST(LyingServerRestart, CountsRequestsAnew) {
  const FaultSequence versions{.faults = {*parse_turn("other_version_same_etag")}, .repeats = true};
  const auto server = LyingServer::start({.models = {generated_model("m", 10)}, .faults = versions}).value();
  const std::string first = get(server->port(), "/m").bytes, second = get(server->port(), "/m").bytes;
  EXPECT_NE(first, second);
  server->drain();
  server->restart(versions);
  EXPECT_EQ(get(server->port(), "/m").bytes, first);
  EXPECT_EQ(get(server->port(), "/m").bytes, second);
}

// So many more descriptors may be opened, as long as it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t count) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(next) + count;
    setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST(LyingServerStart, SaysThatTheMachineIsExhausted) {
  if (kIsSanitized) GTEST_SKIP() << "not applicable: a sanitizer needs descriptors for its own checks";
  const Model model = generated_model("m", 1);
  // With none, two, ... until it starts: whatever it cannot open is said, and nothing of it stays open.
  int refusals = 0;
  bool has_started = false;
  for (rlim_t count = 0; count < 30 && !has_started; ++count) {
    const FewDescriptors few(count);
    const auto server = LyingServer::start({.models = {model}});
    has_started = server.has_value();
    if (has_started) continue;
    EXPECT_EQ(server.error().code, ErrorCode::exhausted) << count << ": " << server.error().message();
    ++refusals;
  }
  EXPECT_TRUE(has_started);
  EXPECT_GE(refusals, 4) << "of the reactor, two sockets and more";
}

// A client that takes the last descriptors there are.
std::optional<WireClient> last_client(std::uint16_t port, std::optional<FewDescriptors>& few) {
  for (rlim_t count = 1; count < 20; ++count) {
    few.reset();
    few.emplace(count);
    try {
      std::optional<WireClient> client(std::in_place, port);
      if (client->is_connected()) return client;
    } catch (const std::exception&) {  // too few for it: one more
    }
  }
  return std::nullopt;
}

// The client waits in the kernel's queue until there is a descriptor for it again.
TEST(LyingServerAccept, GoesOnAfterTheMachineWasExhausted) {
  if (kIsSanitized) GTEST_SKIP() << "not applicable: a sanitizer needs descriptors for its own checks";
  const auto server = LyingServer::start({.models = {generated_model("m", 10)}}).value();
  std::optional<FewDescriptors> few;
  std::optional<WireClient> client = last_client(server->port(), few);
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->send_get("/m"));
  // Each question goes through the server's thread, which looks for clients in between.
  for (int i = 0; i < 10; ++i) EXPECT_EQ(server->ledger().size(), 0U);
  few.reset();
  EXPECT_EQ(client->receive_all().bytes.rfind("HTTP/1.1 200 ", 0), 0U);
  client.reset();
  server->drain();
  const Ledger ledger = server->ledger();
  ASSERT_EQ(ledger.size(), 1U);
  EXPECT_TRUE(ledger[0].full_body_sent);
}

}  // namespace
}  // namespace stampede
