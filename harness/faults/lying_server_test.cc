// The server as a whole: many connections, bad requests, clients that leave, restart, stop, and errors at the start.
#include "harness/faults/lying_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "harness/faults/wire_client.h"

namespace stampede {
namespace {

using modelcache::ErrorCode;

constexpr std::uint64_t kBig = 32 * 1024 * 1024;  // more than the kernel's socket buffers take

std::unique_ptr<LyingServer> start(LyingServerOptions options) {
  auto server = LyingServer::start(std::move(options));
  if (!server) {
    ADD_FAILURE() << server.error().message();
    std::abort();
  }
  return std::move(*server);
}

// Returns once the server has accepted `count` connections.
void await_accepted(const LyingServer& server, std::size_t count) {
  while (server.ledger().size() < count) std::this_thread::yield();
}

FaultTurn fault(const char* text) { return parse_turn(text).value(); }

TEST(LyingServer, NumbersConnectionsInTheOrderOfAcceptanceOverAllListeners) {
  const Model model = generated_model("m", 100);
  const std::vector<FaultTurn> faults = {fault("none"), fault("status:500"), fault("close_in_body:1"),
                                         fault("flip_byte:3")};
  const auto server = start({.ports = {0, 0, 0}, .models = {model}, .faults = {.faults = faults}});
  const std::vector<std::size_t> listeners = {2, 0, 1, 2, 1};
  for (const std::size_t listener : listeners) get(server->port(listener), "/m");
  server->drain();
  const Ledger ledger = server->ledger();
  ASSERT_EQ(ledger.size(), listeners.size());
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    EXPECT_EQ(ledger[i].connection, i);
    EXPECT_EQ(ledger[i].listener, listeners[i]);
    EXPECT_TRUE(ledger[i].fault == (i < faults.size() ? faults[i] : FaultTurn{}));
    EXPECT_GE(ledger[i].accepted_at, ledger[i == 0 ? 0 : i - 1].accepted_at);
  }
}

TEST(LyingServer, AnswersThirtyTwoClientsAtOnceOnSeveralListeners) {
  constexpr std::size_t kClients = 32;
  const Model model = generated_model("m", 2'000'003);
  const std::vector<FaultTurn> faults = {fault("none"), fault("close_in_body:1000000"), fault("length_missing"),
                                         fault("status:503")};
  std::atomic<std::size_t> ended = 0;
  const auto server = start({.ports = {0, 0, 0, 0},
                             .models = {model},
                             .faults = {.faults = faults, .repeats = true},
                             .on_end = [&](const LedgerEntry&) { ++ended; }});
  std::vector<WireReply> replies(kClients);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] { replies[i] = get(server->port(i % 4), "/m"); });
  }
  for (std::thread& thread : threads) thread.join();
  server->drain();

  const Ledger ledger = server->ledger();
  ASSERT_EQ(ledger.size(), kClients);
  EXPECT_EQ(ended, kClients);
  std::vector<std::size_t> sent;
  std::vector<std::size_t> received;
  std::vector<int> of_listener(4);
  for (std::size_t i = 0; i < kClients; ++i) {
    const LedgerEntry& entry = ledger[i];
    EXPECT_EQ(entry.connection, i);
    EXPECT_TRUE(entry.fault == faults[i % faults.size()]);
    EXPECT_EQ(entry.ending, Ending::finished);
    EXPECT_EQ(entry.full_body_sent, is_harmless(entry.fault));
    sent.push_back(entry.head_bytes_sent + entry.body_bytes_sent);
    received.push_back(replies[i].bytes.size());
    ++of_listener.at(entry.listener);
  }
  std::sort(sent.begin(), sent.end());
  std::sort(received.begin(), received.end());
  EXPECT_EQ(sent, received);
  EXPECT_EQ(of_listener, (std::vector<int>{8, 8, 8, 8}));
}

TEST(LyingServer, IsNotHeldUpByAClientThatDoesNotRead) {
  const auto server = start({.models = {generated_model("big", kBig), generated_model("m", 1000)}});
  WireClient stalled(server->port());
  ASSERT_TRUE(stalled.send_get("/big"));
  ASSERT_EQ(stalled.receive(9), "HTTP/1.1 ");
  EXPECT_GT(get(server->port(), "/m").bytes.size(), 1000U);
  LedgerEntry entry = server->ledger().at(0);
  EXPECT_EQ(entry.ending, Ending::open);
  EXPECT_EQ(entry.status, 200);
  EXPECT_LT(entry.body_bytes_sent, kBig);
  stalled.close();
  server->drain();
  entry = server->ledger().at(0);
  EXPECT_EQ(entry.ending, Ending::peer_left);
  EXPECT_GT(entry.body_bytes_sent, 0U);
  EXPECT_LT(entry.body_bytes_sent, kBig);
  EXPECT_FALSE(entry.full_body_sent);
  EXPECT_TRUE(server->ledger().at(1).full_body_sent);
}

struct BadRequest {
  std::string bytes;
  int status;
  bool is_complete;
  std::string target;
};

TEST(LyingServer, AnswersBadRequestsAndSaysSoInTheLedger) {
  const std::vector<BadRequest> cases = {
      {"POST /m HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", 405, true, "/m"},
      {"GET /other HTTP/1.1\r\nHost: h\r\n\r\n", 404, true, "/other"},
      {"GET /../m HTTP/1.1\r\nHost: h\r\n\r\n", 404, true, "/../m"},
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", 404, true, "/"},
      {"garbage\r\n\r\n", 400, true, ""},
      {"GET /m HTTP/1.1\n\n", 400, false, ""},
      {"GET /m HTTP/1.1\r\nX: " + std::string(2000, 'x'), 400, false, ""},
      {"GET /m HTTP/1.1\r\nHost: h\r\nX: " + std::string(2000, 'x') + "\r\n\r\n", 400, false, ""},
  };
  const auto server = start({.models = {generated_model("m", 10)},
                             .faults = {.faults = {fault("flip_byte:0")}, .repeats = true},
                             .requests_header_bytes_max = 1024});
  for (const BadRequest& c : cases) {
    SCOPED_TRACE(c.bytes.substr(0, 40));
    WireClient client(server->port());
    ASSERT_TRUE(client.send(c.bytes));
    const WireReply reply = client.receive_all();
    client.close();
    EXPECT_EQ(reply.bytes.rfind("HTTP/1.1 " + std::to_string(c.status) + " ", 0), 0U) << reply.bytes;
    EXPECT_FALSE(reply.is_reset);
    server->drain();
    const LedgerEntry entry = server->ledger().back();
    EXPECT_EQ(entry.ending, Ending::bad_request);
    EXPECT_EQ(entry.status, c.status);
    EXPECT_EQ(entry.requested, c.is_complete);
    EXPECT_EQ(entry.target, c.target);
    EXPECT_EQ(entry.model, "");
    EXPECT_EQ(entry.head_bytes_sent + entry.body_bytes_sent, reply.bytes.size());
    EXPECT_FALSE(entry.full_body_sent);
  }
}

TEST(LyingServer, TakesARequestByteByByte) {
  const auto server = start({.models = {generated_model("a/b c", 10)}});
  WireClient client(server->port());
  for (const char c : std::string("GET /a/b%20c?x HTTP/1.1\r\nHost: h\r\n\r\n")) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.receive_all().bytes.rfind("HTTP/1.1 200 ", 0), 0U);
  client.close();
  server->drain();
  EXPECT_EQ(server->ledger().at(0).target, "/a/b%20c?x");
  EXPECT_EQ(server->ledger().at(0).model, "a/b c");
}

TEST(LyingServer, AnswersAClientThatClosedItsSendingSide) {
  const auto server = start({.models = {generated_model("m", 1'000'000)}});
  WireClient client(server->port());
  ASSERT_TRUE(client.send_get("/m"));
  client.shutdown_send();
  EXPECT_GT(client.receive_all().bytes.size(), 1'000'000U);
  server->drain();
  EXPECT_EQ(server->ledger().at(0).ending, Ending::finished);
  EXPECT_TRUE(server->ledger().at(0).full_body_sent);
}

TEST(LyingServer, CountsClientsThatLeftBeforeTheyWereAccepted) {
  constexpr std::size_t kClients = 200;
  // The first client's end holds the server's thread, so that the others wait in the kernel's queue, and leave there.
  std::promise<void> is_held;
  std::promise<void> may_go_on;
  const auto server = start({.models = {generated_model("m", 10)}, .on_end = [&](const LedgerEntry& entry) {
                               if (entry.connection > 0) return;
                               is_held.set_value();
                               may_go_on.get_future().wait();
                             }});
  WireClient(server->port()).close();
  is_held.get_future().wait();
  for (std::size_t i = 1; i < kClients; ++i) WireClient(server->port()).close();
  std::promise<void> is_draining;
  std::thread drainer([&] {
    is_draining.set_value();
    server->drain();
  });
  is_draining.get_future().wait();
  may_go_on.set_value();
  drainer.join();
  const Ledger ledger = server->ledger();
  ASSERT_EQ(ledger.size(), kClients);
  for (const LedgerEntry& entry : ledger) {
    EXPECT_EQ(entry.ending, Ending::no_request);
    EXPECT_FALSE(entry.requested);
    EXPECT_EQ(entry.status, 0);
  }
}

TEST(LyingServer, BeginsItsSequenceAnewOnRestart) {
  const auto server = start({.models = {generated_model("m", 10)}, .faults = {.faults = {fault("none")}}});
  get(server->port(), "/m");
  get(server->port(), "/m");
  server->drain();
  ASSERT_EQ(server->ledger().size(), 2U);
  server->restart({.faults = {fault("status:404")}});
  EXPECT_TRUE(server->ledger().empty());
  get(server->port(), "/m");
  server->drain();
  const Ledger ledger = server->ledger();
  ASSERT_EQ(ledger.size(), 1U);
  EXPECT_EQ(ledger[0].connection, 0U);
  EXPECT_EQ(ledger[0].status, 404);
}

TEST(LyingServer, RefusesOnItsReservedPort) {
  const Model model = generated_model("m", 10);
  const auto server = start({.models = {model}});
  const std::string url = server->refused_url(model);
  const std::string before = "http://127.0.0.1:";
  ASSERT_EQ(url.rfind(before, 0), 0U) << url;
  ASSERT_EQ(url.substr(url.size() - 2), "/m");
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(before.size())));
  EXPECT_NE(port, server->port());
  EXPECT_TRUE(WireClient(port).is_refused());
  EXPECT_TRUE(is_port_taken(port));
  server->drain();
  EXPECT_TRUE(server->ledger().empty());
}

TEST(LyingServer, GivesUrlsThatItsModelsAnswerAt) {
  const Model model = generated_model("a/b c", 10);
  const auto server = start({.ports = {0, 0}, .models = {model}});
  EXPECT_EQ(server->url(1, model), "http://127.0.0.1:" + std::to_string(server->port(1)) + "/a/b%20c");
  EXPECT_EQ(server->base_url(1) + "a/b%20c", server->url(1, model));
  EXPECT_NE(server->port(0), server->port(1));
}

TEST(LyingServer, StopsWithOpenConnections) {
  const auto server = start({.models = {generated_model("big", kBig)}});
  WireClient silent(server->port());
  await_accepted(*server, 1);
  WireClient stalled(server->port());
  ASSERT_TRUE(stalled.send_get("/big"));
  ASSERT_EQ(stalled.receive(9), "HTTP/1.1 ");
  server->stop();
  server->stop();
  EXPECT_EQ(silent.receive_all().bytes, "");
  EXPECT_LT(stalled.receive_all().bytes.size(), kBig);
  EXPECT_TRUE(WireClient(server->port()).is_refused());
  server->drain();
  const Ledger ledger = server->ledger();
  ASSERT_EQ(ledger.size(), 2U);
  for (const LedgerEntry& entry : ledger) EXPECT_EQ(entry.ending, Ending::server_stopped);
  EXPECT_FALSE(ledger[0].requested);
  EXPECT_TRUE(ledger[1].requested);
  EXPECT_FALSE(ledger[1].full_body_sent);
}

TEST(LyingServer, ReleasesWhoeverDrainsWhenItStops) {
  const auto server = start({.models = {generated_model("m", 10)}});
  WireClient silent(server->port());
  await_accepted(*server, 1);
  std::atomic<bool> is_drained = false;
  std::thread drainer([&] {
    server->drain();
    is_drained = true;
  });
  server->stop();
  drainer.join();
  EXPECT_TRUE(is_drained);
}

// One of the scripts ends before the body that its head declares.
TEST(LyingServer, PlaysAnyScriptAndBelievesOnlyWhatItSent) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  const ResponseScript paused{.status = 200,
                              .steps = {SendHead{head}, Pause{std::chrono::milliseconds(1)}, SendBody{0, 5},
                                        Pause{std::chrono::milliseconds(1)}, SendBody{5, 10}, CloseConnection{}}};
  const ResponseScript boastful{.status = 200, .steps = {SendHead{head}, SendBody{0, 9}, CloseConnection{}}};
  const ResponseScript silent{.status = 0, .steps = {NeverAnswer{}}};
  const ResponseScript slow{.status = 0, .steps = {Pause{std::chrono::hours(1)}, NeverAnswer{}}};
  const auto server = start(
      {.models = {generated_model("m", 10)},
       .faults = {.faults = {fault("flip_byte:0"), fault("flip_byte:1"), fault("flip_byte:2"), fault("flip_byte:3")}},
       .script_of = [&](const FaultTurn& turn, const Model&, const RequestFacts&) {
         return std::vector{paused, boastful, silent, slow}.at(turn.parts.at(0).at_bytes);
       }});
  EXPECT_EQ(get(server->port(), "/m").bytes.size(), head.size() + 10);
  EXPECT_EQ(get(server->port(), "/m").bytes.size(), head.size() + 9);
  for (int i = 0; i < 2; ++i) {
    WireClient client(server->port());
    ASSERT_TRUE(client.send_get("/m"));
    client.close();
    server->drain();
  }
  const Ledger ledger = server->ledger();
  ASSERT_EQ(ledger.size(), 4U);
  EXPECT_TRUE(ledger[0].full_body_sent);
  EXPECT_EQ(ledger[0].ending, Ending::finished);
  EXPECT_FALSE(ledger[1].full_body_sent);
  EXPECT_EQ(ledger[1].ending, Ending::finished);
  for (std::size_t i = 2; i < 4; ++i) {
    EXPECT_EQ(ledger[i].ending, Ending::peer_left) << i;
    EXPECT_TRUE(ledger[i].requested) << i;
    EXPECT_EQ(ledger[i].head_bytes_sent, 0U) << i;
  }
}

TEST(LyingServer, SaysWhyItCannotStart) {
  const Model model = generated_model("m", 1);
  const auto running = start({.models = {model}});
  struct Case {
    LyingServerOptions options;
    ErrorCode code;
    std::string part;
  };
  const std::vector<Case> cases = {
      {{.address = "localhost"}, ErrorCode::invalid_argument, "localhost: expected a numeric address"},
      {{.address = "192.0.2.1"}, ErrorCode::invalid_argument, "192.0.2.1:0: "},
      {{.models = {model, model}}, ErrorCode::invalid_argument, "m: two models have this name"},
      {{.models = {generated_model("../m", 1)}}, ErrorCode::invalid_argument, "../m: expected a relative path"},
      {{.faults = {.faults = {fault("refused")}}}, ErrorCode::invalid_argument, "refused: not a turn"},
      {{.ports = {running->port()}}, ErrorCode::io, std::to_string(running->port()) + ": Address already in use"},
  };
  for (const Case& c : cases) {
    const auto server = LyingServer::start(c.options);
    ASSERT_FALSE(server) << c.part;
    EXPECT_EQ(server.error().code, c.code) << c.part;
    EXPECT_NE(server.error().message().find(c.part), std::string::npos) << server.error().message();
  }
}

}  // namespace
}  // namespace stampede
