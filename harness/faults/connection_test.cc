// A connection on a wire made by hand: each call that it makes, in order, and the entry that it leaves.
#include "harness/faults/connection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stampede {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using Lines = std::vector<std::string>;

// Notes what it is asked for; what comes back is said by the test.
class NotedWire final : public Wire {
 public:
  void read(std::span<char> into, Moved moved) override {
    calls_.emplace_back("read");
    into_ = into;
    on_read_ = std::move(moved);
  }
  void write(std::string_view bytes, Moved moved) override {
    calls_.push_back("write " + std::to_string(bytes.size()));
    offered_ = bytes;
    on_written_ = std::move(moved);
  }
  void wait(milliseconds time, std::function<void()> passed) override {
    calls_.push_back("wait " + std::to_string(time.count()));
    on_passed_ = std::move(passed);
  }
  void finish(bool is_cut) override { calls_.emplace_back(is_cut ? "finish cut" : "finish"); }
  void reset() override { calls_.emplace_back("reset"); }
  void close() override { calls_.emplace_back("close"); }

  // The peer sent, or left; the kernel took bytes, or refused them; a pause has passed.
  void receive(std::string_view bytes) {
    ASSERT_TRUE(on_read_);
    std::copy(bytes.begin(), bytes.end(), into_.begin());
    std::exchange(on_read_, nullptr)(false, bytes.size());
  }
  void receive(std::size_t count) { receive(std::string(count, 'x')); }
  void leave() {
    ASSERT_TRUE(on_read_);
    std::exchange(on_read_, nullptr)(true, 0);
  }
  void take(std::size_t count) {
    ASSERT_TRUE(on_written_);
    ASSERT_LE(count, offered_.size());
    taken_ += offered_.substr(0, count);
    std::exchange(on_written_, nullptr)(false, count);
  }
  void refuse() {
    ASSERT_TRUE(on_written_);
    std::exchange(on_written_, nullptr)(true, 0);
  }
  void pass() {
    ASSERT_TRUE(on_passed_);
    std::exchange(on_passed_, nullptr)();
  }
  // Since the last time.
  Lines calls() { return std::exchange(calls_, {}); }
  [[nodiscard]] const std::string& taken() const { return taken_; }
  // Who waits for it is kept by it, and keeps it.
  void forget() { on_read_ = on_written_ = nullptr, on_passed_ = nullptr; }

 private:
  Lines calls_;
  std::span<char> into_;
  std::string_view offered_;
  std::string taken_;
  Moved on_read_, on_written_;
  std::function<void()> on_passed_;
};

constexpr std::string_view kRequest = "GET /m HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";

class ConnectionTest : public ::testing::Test {
 protected:
  ~ConnectionTest() override { wire_->forget(); }
  // A connection whose request is answered by these steps; the server has run for an hour.
  void begin(std::vector<ScriptStep> steps, std::uint64_t size = 10, const char* turn = "none") {
    repertoire_.models.emplace("m", generated_model("m", size));
    repertoire_.request_header_bytes_max = 100;
    repertoire_.on_end = [this](const LedgerEntry&) { ++ends_; };
    repertoire_.script_of = [steps](const FaultTurn& played, const Model&, const RequestFacts&) {
      return ResponseScript{.reads_request = !is_before_request(played), .status = 200, .steps = steps};
    };
    entry_->fault = parse_turn(turn).value();
    connection_ = std::make_shared<Connection>(repertoire_, std::chrono::steady_clock::now() - hours(1), wire_, entry_,
                                               [this](const std::shared_ptr<Connection>& closed) {
                                                 EXPECT_EQ(closed, connection_);
                                                 ++closes_;
                                               });
    connection_->start();
  }
  // As `begin`, and the request has come.
  void begin_answer(std::vector<ScriptStep> steps, std::uint64_t size = 10) {
    begin(std::move(steps), size);
    EXPECT_EQ(wire_->calls(), Lines{"read"});
    wire_->receive(kRequest);
  }
  void expect_end(Ending ending, bool is_full) const {
    EXPECT_EQ(name_of(entry_->ending), name_of(ending));
    EXPECT_EQ(entry_->full_body_sent, is_full);
    EXPECT_GE(entry_->ended_at, hours(1));
    EXPECT_LT(entry_->ended_at, hours(2));
    EXPECT_EQ(ends_, 1);
  }

  Repertoire repertoire_;
  std::shared_ptr<NotedWire> wire_ = std::make_shared<NotedWire>();
  std::shared_ptr<LedgerEntry> entry_ = std::make_shared<LedgerEntry>();
  std::shared_ptr<Connection> connection_;
  int ends_ = 0, closes_ = 0;
};

TEST_F(ConnectionTest, SendsInPiecesThenFinishesAndWaitsForItsClient) {
  begin_answer({SendHead{kHead}, SendBody{0, 600'001}, CloseConnection{}}, 600'001);
  EXPECT_EQ(wire_->calls(), Lines{"write 39"});
  wire_->take(38);
  EXPECT_EQ(entry_->status, 0);
  EXPECT_EQ(wire_->calls(), Lines{"write 1"});
  wire_->take(1);
  EXPECT_EQ(entry_->status, 200);
  EXPECT_EQ(entry_->head_bytes_sent, 39U);
  EXPECT_EQ(entry_->body_bytes_sent, 0U);
  EXPECT_EQ(wire_->calls(), Lines{"write 262144"});
  wire_->take(262'144);
  EXPECT_EQ(wire_->calls(), Lines{"write 262144"});
  wire_->take(262'000);
  EXPECT_EQ(wire_->calls(), Lines{"write 75857"});
  EXPECT_EQ(entry_->body_bytes_sent, 524'144U);
  EXPECT_EQ(entry_->ending, Ending::open);
  wire_->take(75'857);
  EXPECT_EQ(wire_->calls(), (Lines{"finish", "read"}));
  EXPECT_EQ(entry_->head_bytes_sent, 39U);
  EXPECT_EQ(entry_->body_bytes_sent, 600'001U);
  const Model& model = repertoire_.models.at("m");
  EXPECT_TRUE(wire_->taken() == kHead + std::string(reinterpret_cast<const char*>(model.bytes->data()), 600'001));
  EXPECT_EQ(closes_, 0);
  expect_end(Ending::finished, false);  // the head said 10
  wire_->leave();
  EXPECT_EQ(wire_->calls(), Lines{"close"});
  EXPECT_EQ(closes_, 1);
  expect_end(Ending::finished, false);
}

TEST_F(ConnectionTest, FinishesAsItsScriptSays) {
  begin_answer({SendHead{kHead}, SendBody{0, 10}, CloseConnection{.is_cut = true}});
  wire_->take(39);
  wire_->take(10);
  EXPECT_EQ(wire_->calls(), (Lines{"write 39", "write 10", "finish cut", "read"}));
  expect_end(Ending::finished, true);
}

TEST_F(ConnectionTest, ResetsAndCloses) {
  begin_answer({SendText{"abc"}, ResetConnection{}});
  wire_->take(3);
  EXPECT_EQ(wire_->calls(), (Lines{"write 3", "reset", "close"}));
  EXPECT_EQ(entry_->body_bytes_sent, 3U);
  EXPECT_EQ(entry_->head_bytes_sent, 0U);
  EXPECT_EQ(closes_, 1);
  expect_end(Ending::reset, false);
}

TEST_F(ConnectionTest, ReadsNoRequestWhereItsTurnComesBefore) {
  begin({CloseConnection{.is_cut = true}}, 10, "close_on_accept");
  EXPECT_EQ(wire_->calls(), (Lines{"finish cut", "read"}));
  EXPECT_FALSE(entry_->requested);
  expect_end(Ending::finished, false);
  wire_->receive(kRequest);
  EXPECT_EQ(wire_->calls(), Lines{"read"});
  wire_->leave();
  EXPECT_EQ(wire_->calls(), Lines{"close"});
}

TEST_F(ConnectionTest, ReadsUntilTheRequestIsThereOrItsClientIsNot) {
  begin({NeverAnswer{}});
  wire_->receive("GET /m HT");
  EXPECT_EQ(wire_->calls(), (Lines{"read", "read"}));
  wire_->leave();
  EXPECT_EQ(wire_->calls(), Lines{"close"});
  EXPECT_EQ(closes_, 1);
  EXPECT_FALSE(entry_->requested);
  expect_end(Ending::no_request, false);
}

TEST_F(ConnectionTest, WaitsOutItsPausesAndListensMeanwhile) {
  begin_answer({Pause{milliseconds(7)}, SendText{"ab"}, Pause{milliseconds(9)}, CloseConnection{}});
  EXPECT_EQ(wire_->calls(), (Lines{"wait 7", "read"}));
  wire_->receive(5);
  EXPECT_EQ(wire_->calls(), Lines{"read"});
  wire_->pass();
  EXPECT_EQ(wire_->calls(), Lines{"write 2"});
  wire_->take(2);
  EXPECT_EQ(wire_->calls(), Lines{"wait 9"}) << "one read is under way";
  wire_->pass();
  EXPECT_EQ(wire_->calls(), Lines{"finish"});
  expect_end(Ending::finished, false);
}

TEST_F(ConnectionTest, EndsWhenItsClientLeavesInAPause) {
  begin_answer({Pause{milliseconds(7)}, SendText{"ab"}, CloseConnection{}});
  (void)wire_->calls();
  wire_->leave();
  EXPECT_EQ(wire_->calls(), Lines{"close"});
  expect_end(Ending::peer_left, false);
  wire_->pass();
  EXPECT_EQ(wire_->calls(), Lines{});
  EXPECT_EQ(closes_, 1);
}

// Who has closed its sending side may still read: that it has left is known at the next pause.
TEST_F(ConnectionTest, SendsOnToAClientThatClosedItsSendingSide) {
  begin_answer({Pause{milliseconds(7)}, SendText{"ab"}, SendText{"cd"}, Pause{milliseconds(9)}, CloseConnection{}});
  wire_->pass();
  EXPECT_EQ(wire_->calls(), (Lines{"wait 7", "read", "write 2"}));
  wire_->leave();
  EXPECT_EQ(wire_->calls(), Lines{});
  wire_->take(2);
  wire_->take(2);
  EXPECT_EQ(wire_->calls(), (Lines{"write 2", "wait 9", "close"}));
  EXPECT_EQ(entry_->body_bytes_sent, 4U);
  expect_end(Ending::peer_left, false);
}

TEST_F(ConnectionTest, FinishesForAClientThatClosedItsSendingSide) {
  begin_answer({Pause{milliseconds(7)}, SendHead{kHead}, SendBody{0, 10}, CloseConnection{}});
  wire_->pass();
  wire_->leave();
  wire_->take(39);
  (void)wire_->calls();
  wire_->take(10);
  EXPECT_EQ(wire_->calls(), (Lines{"finish", "close"}));
  expect_end(Ending::finished, true);
}

TEST_F(ConnectionTest, EndsWhenAWriteFails) {
  begin_answer({SendText{"ab"}, CloseConnection{}});
  wire_->refuse();
  EXPECT_EQ(wire_->calls(), (Lines{"write 2", "close"}));
  EXPECT_EQ(entry_->body_bytes_sent, 0U);
  expect_end(Ending::peer_left, false);
}

TEST_F(ConnectionTest, NeverAnswersUntilItsClientLeaves) {
  begin_answer({SendText{"ab"}, NeverAnswer{}});
  wire_->take(2);
  EXPECT_EQ(wire_->calls(), (Lines{"write 2", "read"}));
  for (int i = 0; i < 300; ++i) wire_->receive(4096);  // more than who closes would listen to
  EXPECT_EQ(wire_->calls().size(), 300U);
  EXPECT_EQ(entry_->ending, Ending::open);
  wire_->leave();
  EXPECT_EQ(wire_->calls(), Lines{"close"});
  expect_end(Ending::peer_left, false);
}

TEST_F(ConnectionTest, ListensToAMebibyteAfterItsFinAndNoMore) {
  begin_answer({CloseConnection{}});
  EXPECT_EQ(wire_->calls(), (Lines{"finish", "read"}));
  for (int i = 0; i < 256; ++i) wire_->receive(4096);
  EXPECT_EQ(wire_->calls(), Lines(256, "read"));
  EXPECT_EQ(closes_, 0);
  wire_->receive(1);
  EXPECT_EQ(wire_->calls(), Lines{"close"});
  EXPECT_EQ(closes_, 1);
  expect_end(Ending::finished, false);
}

TEST_F(ConnectionTest, StopsOnceAndForgetsWhatIsUnderWay) {
  begin_answer({SendText{"ab"}, CloseConnection{}});
  connection_->stop();
  connection_->stop();
  EXPECT_EQ(wire_->calls(), (Lines{"write 2", "close"}));
  expect_end(Ending::server_stopped, false);
  wire_->take(2);
  EXPECT_EQ(wire_->calls(), Lines{});
  EXPECT_EQ(entry_->body_bytes_sent, 0U);
  EXPECT_EQ(closes_, 1);
}

TEST_F(ConnectionTest, StopsWhileItReads) {
  begin({NeverAnswer{}});
  connection_->stop();
  EXPECT_EQ(wire_->calls(), (Lines{"read", "close"}));
  wire_->receive(kRequest);
  EXPECT_EQ(wire_->calls(), Lines{});
  EXPECT_FALSE(entry_->requested);
  expect_end(Ending::server_stopped, false);
}

TEST_F(ConnectionTest, StopsWhileItListens) {
  begin_answer({CloseConnection{}});
  connection_->stop();
  (void)wire_->calls();
  wire_->receive(1);
  EXPECT_EQ(wire_->calls(), Lines{});
  expect_end(Ending::finished, false);
}

}  // namespace
}  // namespace stampede
