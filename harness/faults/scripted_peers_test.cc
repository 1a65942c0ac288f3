// The scripted peers give what the lying server gives, move by move, and their ledger says what was taken.
#include "harness/faults/scripted_peers.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "harness/faults/faults_for_test.h"
#include "harness/faults/lying_server.h"
#include "harness/faults/peers_talk_for_test.h"
#include "harness/faults/wire_client.h"

namespace stampede {
namespace {

using Kind = PeerMove::Kind;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = from.empty() ? std::string::npos : text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

void expect_same(const LedgerEntry& ours, const LedgerEntry& real) {
  EXPECT_TRUE(ours.fault == real.fault);
  EXPECT_EQ(ours.requested, real.requested);
  EXPECT_EQ(ours.target, real.target);
  EXPECT_EQ(ours.model, real.model);
  EXPECT_EQ(ours.range_asked, real.range_asked);
  EXPECT_EQ(ours.status, real.status);
  EXPECT_EQ(ours.body_bytes_sent, real.body_bytes_sent);
  EXPECT_EQ(ours.full_body_sent, real.full_body_sent);
  EXPECT_EQ(name_of(ours.ending), name_of(real.ending));
}

class EveryFaultInVirtualTime : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryFaultInVirtualTime, LooksAsItDoesOnTheWire) {
  const FaultTurn turn = parse_turn(GetParam()).value();
  const std::vector<Model> models = {generated_model("m0", 0), generated_model("m1", 1), generated_model("m2", 1000)};
  const FaultSequence faults{.faults = {turn}, .repeats = true};
  const auto server = LyingServer::start({.models = models, .faults = faults}).value();
  ScriptedPeers peers;
  peers.offer(models);
  peers.restart(faults);
  ConnectionNumber connection = 0;
  for (const Model& model : models) {
    for (int nth = 0; nth < 2; ++nth) {
      SCOPED_TRACE(model.name);
      const std::string target = "/" + model.name + "?operation=4";
      const WireReply reply = get(server->port(), target);
      server->drain();
      Talk talk(peers, ++connection);
      ASSERT_EQ(talk.connect(), 0);
      const bool reads_request = !is_before_request(turn);
      if (reads_request) {
        EXPECT_EQ(talk.take().kind, Kind::wait_for_request);
      }
      talk.send(request_for(target));
      const Kind end = talk.take_all();
      EXPECT_EQ(end, reply.is_reset ? Kind::reset : Kind::finish);
      EXPECT_EQ(talk.take().kind, end);
      const std::string real = replaced(reply.bytes, server->other_origin(), "http://127.0.0.2:8080");
      // What the kernel had not delivered before a reset is lost there.
      EXPECT_TRUE(reply.is_reset ? talk.received().starts_with(real) : talk.received() == real)
          << talk.received().substr(0, 300) << "\n"
          << real.substr(0, 300);
      const LedgerEntry& entry = peers.ledger().back();
      expect_same(entry, server->ledger().back());
      EXPECT_EQ(entry.head_bytes_sent + entry.body_bytes_sent, talk.received().size());
      EXPECT_EQ(entry.ended_at - entry.accepted_at, talk.paused());
    }
  }
  EXPECT_EQ(peers.ledger().size(), 2 * models.size());
}

INSTANTIATE_TEST_SUITE_P(Peers, EveryFaultInVirtualTime, ::testing::ValuesIn(kFaultsForTest),
                         [](const ::testing::TestParamInfo<const char*>& test) {
                           std::string name = test.param;
                           for (char& c : name) {
                             if (c == ':' || c == '=') c = '_';
                           }
                           return name;
                         });

class ScriptedPeersTest : public ::testing::Test {
 protected:
  ScriptedPeersTest() {
    peers_.offer({model_, other_});
    peers_.restart({});
  }

  const Model model_ = generated_model("m", 1000);
  const Model other_ = generated_model("n", 10);
  ScriptedPeers peers_;
};

TEST_F(ScriptedPeersTest, RefuseWhatTheTurnOrTheAddressSays) {
  peers_.restart(sequence({"refused", "none", "refused", "flip_byte:1"}));
  EXPECT_EQ(Talk(peers_, 1).connect(), ECONNREFUSED);
  EXPECT_EQ(Talk(peers_, 2).connect({"127.0.0.1", 81}), ECONNREFUSED);
  EXPECT_EQ(Talk(peers_, 3).connect(), ECONNREFUSED);
  EXPECT_TRUE(peers_.ledger().empty());
  EXPECT_EQ(Talk(peers_, 4).connect(kServer, 7), 0);
  ASSERT_EQ(peers_.ledger().size(), 1U);
  EXPECT_EQ(print(peers_.ledger().at(0).fault), "flip_byte:1");
  EXPECT_EQ(peers_.ledger().at(0).listener, 7U);
  EXPECT_EQ(peers_.ledger().at(0).connection, 0U);
  EXPECT_EQ(Talk(peers_, 5).connect({"127.0.0.3", ScriptedPeers::kPort}), ECONNREFUSED);
  EXPECT_EQ(Talk(peers_, 6).connect({"::1", ScriptedPeers::kPort}), ECONNREFUSED);
  EXPECT_EQ(Talk(peers_, 7).connect({"127.0.0.2", ScriptedPeers::kPort}), 0);
}

TEST_F(ScriptedPeersTest, ServeWellWhereRedirectsLead) {
  peers_.restart(sequence({"redirect_other_host", "status:503", "redirect_loop", "none", "none"}));
  Talk first(peers_, 1);
  ASSERT_EQ(first.connect(), 0);
  first.send(request_for("/m"));
  first.take_all();
  EXPECT_NE(first.received().find("Location: http://127.0.0.2:8080/m?redirected=well\r\n"), std::string::npos);
  Talk second(peers_, 2);
  ASSERT_EQ(second.connect({"127.0.0.2", ScriptedPeers::kPort}), 0);
  second.send(request_for("/m?redirected=well"));
  second.take_all();
  EXPECT_TRUE(peers_.ledger().at(1).full_body_sent);
  EXPECT_TRUE(peers_.ledger().at(1).fault.parts.empty());
  Talk third(peers_, 3);
  ASSERT_EQ(third.connect(), 0);
  third.send(request_for("/m"));
  third.take_all();
  Talk fourth(peers_, 4);
  ASSERT_EQ(fourth.connect(), 0);
  fourth.send(request_for("/m?redirected=loop"));
  fourth.take_all();
  EXPECT_EQ(peers_.ledger().at(3).status, 302);
  EXPECT_EQ(print(peers_.ledger().at(3).fault), "redirect_loop");
}

TEST_F(ScriptedPeersTest, CountWhatWasTakenAndNoMore) {
  Talk talk(peers_, 1);
  ASSERT_EQ(talk.connect(), 0);
  talk.send(request_for("/m"));
  const PeerMove head = talk.take();
  ASSERT_EQ(head.kind, Kind::bytes);
  EXPECT_EQ(peers_.ledger().at(0).head_bytes_sent, head.bytes.size());
  EXPECT_EQ(peers_.ledger().at(0).body_bytes_sent, 0U);
  EXPECT_EQ(peers_.ledger().at(0).ending, Ending::open);
  talk.pass(nanoseconds(5));
  talk.leave();
  const LedgerEntry& entry = peers_.ledger().at(0);
  EXPECT_EQ(entry.ending, Ending::peer_left);
  EXPECT_EQ(entry.status, 200);
  EXPECT_FALSE(entry.full_body_sent);
  EXPECT_EQ(entry.ended_at - entry.accepted_at, nanoseconds(5));
}

TEST_F(ScriptedPeersTest, HaveSentAStatusOnceTheWholeHeadWasTaken) {
  peers_.restart(sequence({"drip:20"}));
  Talk talk(peers_, 1);
  ASSERT_EQ(talk.connect(), 0);
  talk.send(request_for("/m"));
  EXPECT_EQ(talk.take().kind, Kind::bytes);
  EXPECT_EQ(talk.take().kind, Kind::pause);
  talk.leave();
  EXPECT_EQ(peers_.ledger().at(0).head_bytes_sent, 20U);
  EXPECT_EQ(peers_.ledger().at(0).status, 0);
}

TEST_F(ScriptedPeersTest, KeepTheFirstEnding) {
  Talk talk(peers_, 1);
  ASSERT_EQ(talk.connect(), 0);
  talk.send(request_for("/m"));
  EXPECT_EQ(talk.take_all(), Kind::finish);
  talk.pass(nanoseconds(5));
  talk.leave();
  const LedgerEntry& entry = peers_.ledger().at(0);
  EXPECT_EQ(entry.ending, Ending::finished);
  EXPECT_TRUE(entry.full_body_sent);
  EXPECT_EQ(entry.ended_at, entry.accepted_at);
}

TEST_F(ScriptedPeersTest, TellWhoLeftBeforeItsRequestAndDuringAPause) {
  peers_.restart(sequence({"none", "stall_in_body:10:for=20ms", "stall_before_headers"}));
  Talk early(peers_, 1);
  ASSERT_EQ(early.connect(), 0);
  early.send("GET /m HT");
  EXPECT_EQ(early.take().kind, Kind::wait_for_request);
  early.leave();
  EXPECT_EQ(peers_.ledger().at(0).ending, Ending::no_request);
  EXPECT_FALSE(peers_.ledger().at(0).requested);
  Talk paused(peers_, 2);
  ASSERT_EQ(paused.connect(), 0);
  paused.send(request_for("/m"));
  while (paused.take().kind == Kind::bytes) {
  }
  EXPECT_EQ(paused.paused(), milliseconds(20));
  paused.leave();
  EXPECT_EQ(peers_.ledger().at(1).ending, Ending::peer_left);
  EXPECT_EQ(peers_.ledger().at(1).body_bytes_sent, 10U);
  Talk silent(peers_, 3);
  ASSERT_EQ(silent.connect(), 0);
  silent.send(request_for("/m"));
  EXPECT_EQ(silent.take_all(), Kind::silence);
  EXPECT_EQ(silent.take_all(), Kind::silence);
  EXPECT_EQ(peers_.ledger().at(2).ending, Ending::open);
  silent.leave();
  EXPECT_EQ(peers_.ledger().at(2).ending, Ending::peer_left);
}

TEST_F(ScriptedPeersTest, ReadARequestInPiecesAndWhatIsNoneOfTheirs) {
  Talk talk(peers_, 1);
  ASSERT_EQ(talk.connect(), 0);
  for (const char c : request_for("/n")) {
    EXPECT_EQ(talk.take().kind, Kind::wait_for_request);
    talk.send(std::string_view(&c, 1));
  }
  EXPECT_EQ(talk.take_all(), Kind::finish);
  EXPECT_TRUE(peers_.ledger().at(0).full_body_sent);
  EXPECT_EQ(peers_.ledger().at(0).model, "n");
  const std::pair<std::string, int> refusals[] = {
      {request_for("/none"), 404}, {"GET\n", 400}, {"PUT /m HTTP/1.1\r\nHost: h\r\n\r\n", 405}};
  ConnectionNumber connection = 1;
  for (const auto& [request, status] : refusals) {
    Talk refused(peers_, ++connection);
    ASSERT_EQ(refused.connect(), 0);
    refused.send(request);
    EXPECT_EQ(refused.take_all(), Kind::finish);
    EXPECT_EQ(peers_.ledger().back().status, status);
    EXPECT_EQ(peers_.ledger().back().ending, Ending::bad_request);
  }
}

TEST_F(ScriptedPeersTest, AnswerARangeWithThatRange) {
  Talk whole(peers_, 1);
  ASSERT_EQ(whole.connect(), 0);
  whole.send(request_for("/m"));
  whole.take_all();
  Talk part(peers_, 2);
  ASSERT_EQ(part.connect(), 0);
  part.send("GET /m HTTP/1.1\r\nHost: h\r\nRange: bytes=10-19\r\n\r\n");
  part.take_all();
  const LedgerEntry& entry = peers_.ledger().at(1);
  EXPECT_EQ(entry.status, 206);
  EXPECT_EQ(entry.body_bytes_sent, 10U);
  EXPECT_TRUE(entry.range_asked);
  EXPECT_FALSE(entry.full_body_sent);
}

TEST_F(ScriptedPeersTest, PlayASequenceAnewAndKeepTheLedger) {
  const FaultSequence faults = sequence({"none", "other_version_same_etag"});
  const auto bodies = [&](ConnectionNumber first) {
    std::string text;
    for (ConnectionNumber i = first; i < first + 2; ++i) {
      Talk talk(peers_, i);
      EXPECT_EQ(talk.connect(), 0);
      talk.send(request_for("/m"));
      talk.take_all();
      text += talk.received();
    }
    return text;
  };
  peers_.restart(faults);
  const std::string first = bodies(1);
  peers_.play(faults);
  EXPECT_TRUE(bodies(3) == first);
  ASSERT_EQ(peers_.ledger().size(), 4U);
  EXPECT_FALSE(peers_.ledger().at(1).full_body_sent);
  EXPECT_EQ(peers_.ledger().at(3).connection, 3U);
  peers_.offer({model_, other_});
  peers_.restart(faults);
  EXPECT_TRUE(peers_.ledger().empty());
  EXPECT_TRUE(bodies(1) == first);
  EXPECT_EQ(peers_.ledger().size(), 2U);
}

TEST_F(ScriptedPeersTest, OfferOtherModelsOnceTheyAreTold) {
  const Model same_name = generated_model("m", 1001);
  peers_.offer({same_name});
  peers_.restart({});
  Talk talk(peers_, 1);
  ASSERT_EQ(talk.connect(), 0);
  talk.send(request_for("/m"));
  talk.take_all();
  EXPECT_EQ(peers_.ledger().at(0).body_bytes_sent, 1001U);
  EXPECT_TRUE(peers_.ledger().at(0).full_body_sent);
  Talk gone(peers_, 2);
  ASSERT_EQ(gone.connect(), 0);
  gone.send(request_for("/n"));
  gone.take_all();
  EXPECT_EQ(peers_.ledger().at(1).status, 404);
}

TEST_F(ScriptedPeersTest, SayWhereAModelIs) {
  EXPECT_EQ(ScriptedPeers::url(generated_model("a/b c", 1)), "http://127.0.0.1:8080/a/b%20c");
}

}  // namespace
}  // namespace stampede
