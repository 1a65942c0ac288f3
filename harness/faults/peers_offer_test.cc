// What scripted peers offer, to whom, and the numbers and times of their ledger.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "harness/faults/lying_server.h"
#include "harness/faults/peers_talk_for_test.h"
#include "harness/faults/scripted_peers.h"

namespace stampede {
namespace {

using Kind = PeerMove::Kind;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

class PeersOfferTest : public ::testing::Test {
 protected:
  PeersOfferTest() {
    peers_.offer({model_, other_});
    peers_.restart({});
  }

  const Model model_ = generated_model("m", 1000);
  const Model other_ = generated_model("n", 10);
  ScriptedPeers peers_;
};

// Names, bytes and digests: where one of them is another, the offer is.
TEST_F(PeersOfferTest, KnowAnOfferByAllOfItsModels) {
  const auto status_and_bytes = [&](const char* target) {
    peers_.restart({});
    Talk talk(peers_, 1);
    EXPECT_EQ(talk.connect(), 0);
    talk.send(request_for(target));
    talk.take_all();
    const LedgerEntry& entry = peers_.ledger().at(0);
    return std::to_string(entry.status) + " " + std::to_string(entry.body_bytes_sent) + " " + talk.received();
  };
  const std::string before = status_and_bytes("/m");
  Model renamed = model_;
  renamed.name = "k";
  peers_.offer({renamed, other_});
  EXPECT_TRUE(status_and_bytes("/m").starts_with("404 "));
  EXPECT_TRUE(status_and_bytes("/k") == before);
  Model other_digest = model_;
  other_digest.sha256 = other_.sha256;
  peers_.offer({other_digest, other_});
  EXPECT_NE(status_and_bytes("/m").find("ETag: \"" + other_.sha256.hex() + "\""), std::string::npos);
  Model other_bytes = model_;
  other_bytes.bytes = other_.bytes;
  peers_.offer({other_bytes, other_});
  EXPECT_TRUE(status_and_bytes("/m").starts_with("200 10 "));
  peers_.offer({model_});
  EXPECT_TRUE(status_and_bytes("/n").starts_with("404 "));
  peers_.offer({});
  EXPECT_TRUE(status_and_bytes("/m").starts_with("404 "));
}

// As the real server's options have it.
TEST_F(PeersOfferTest, TakeARequestOfSixteenKibibytesAndNoLonger) {
  const std::size_t limit = LyingServerOptions{}.requests_header_bytes_max;
  EXPECT_EQ(limit, 16U * 1024);
  for (const std::size_t size : {limit, limit + 1}) {
    peers_.restart({});
    Talk talk(peers_, 1);
    ASSERT_EQ(talk.connect(), 0);
    const std::string frame = "GET /m HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n";
    talk.send("GET /m HTTP/1.1\r\nHost: h\r\nX: " + std::string(size - frame.size(), 'x') + "\r\n\r\n");
    talk.take_all();
    EXPECT_EQ(peers_.ledger().at(0).status, size == limit ? 200 : 400);
  }
}

TEST_F(PeersOfferTest, KeepTheTimesAndNumbersOfEachConnection) {
  peers_.restart(sequence({"none", "refused", "stall_in_body:1:for=3ms"}));
  Talk first(peers_, 5), refused(peers_, 6), second(peers_, 2);
  first.pass(nanoseconds(100));
  ASSERT_EQ(first.connect(kServer, 3), 0);
  EXPECT_EQ(refused.connect(kServer, 1), ECONNREFUSED);
  ASSERT_EQ(second.connect(kServer, 1), 0);
  second.pass(nanoseconds(50));
  second.send(request_for("/m"));
  EXPECT_EQ(second.take_all(), Kind::finish);
  first.send(request_for("/n"));
  first.pass(nanoseconds(7));
  EXPECT_EQ(first.take_all(), Kind::finish);
  const Ledger& ledger = peers_.ledger();
  ASSERT_EQ(ledger.size(), 2U);
  EXPECT_EQ(ledger[0].connection, 0U);
  EXPECT_EQ(ledger[0].listener, 3U);
  EXPECT_EQ(ledger[0].model, "n");
  EXPECT_EQ(ledger[0].accepted_at, nanoseconds(1100));
  EXPECT_EQ(ledger[0].ended_at, nanoseconds(1107));
  EXPECT_EQ(ledger[1].connection, 1U);
  EXPECT_EQ(ledger[1].listener, 1U);
  EXPECT_EQ(ledger[1].model, "m");
  EXPECT_EQ(ledger[1].accepted_at, nanoseconds(1000));
  EXPECT_EQ(ledger[1].ended_at, nanoseconds(1050) + milliseconds(3));
  EXPECT_EQ(print(ledger[1].fault), "stall_in_body:1:for=3ms");
}

// Each process has its own redirect to the other host.
TEST_F(PeersOfferTest, LeadEveryProcessToTheOtherHost) {
  peers_.restart(sequence({"redirect_other_host", "redirect_other_host"}));
  for (const std::uint32_t process : {2U, 0U}) {
    Talk talk(peers_, 1 + process);
    ASSERT_EQ(talk.connect(kServer, process), 0);
    talk.send(request_for("/m"));
    talk.take_all();
    EXPECT_NE(talk.received().find("Location: http://127.0.0.2:8080/m?redirected=well\r\n"), std::string::npos);
  }
}

TEST(PeersOfferDeathTest, HaveNoConnectionThatTheyDidNotAccept) {
  ScriptedPeers peers;
  EXPECT_DEATH(peers.left(1, {}), "no connection 1 was accepted");
  peers.offer({generated_model("m", 1)});
  ASSERT_EQ(Talk(peers, 2).connect(), 0);
  EXPECT_DEATH(peers.left(1, {}), "no connection 1 was accepted");
  EXPECT_DEATH(peers.left(3, {}), "no connection 3 was accepted");
  peers.restart({});
  EXPECT_DEATH(peers.left(2, {}), "no connection 2 was accepted");
}

TEST(PeersOfferDeathTest, OfferNoModelTwiceAndNoneWithoutAName) {
  ScriptedPeers peers;
  EXPECT_DEATH(peers.offer({generated_model("m", 1), generated_model("m", 2)}), "bad or second model name 'm'");
  EXPECT_DEATH(peers.offer({generated_model("../m", 1)}), "bad or second model name '../m'");
}

}  // namespace
}  // namespace stampede
