// Connections: pieces, pauses, ends, resets, timeouts, and who is told what.
#include "harness/sim/sim_for_test.h"

namespace stampede {
namespace {

using modelcache::Address;
using modelcache::Instant;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Kind = PeerMove::Kind;

const Address kServer{"127.0.0.1", 8080};

class SimNetworkTest : public SimTest {
 protected:
  void script(std::vector<PeerMove> moves) { peers_.scripts.push_back(std::move(moves)); }
  static PeerMove bytes(std::string_view text) { return ListedPeers::bytes(text); }
  static PeerMove pause(nanoseconds time) { return ListedPeers::pause(time); }
  static PeerMove move(Kind kind) { return ListedPeers::move(kind); }
  static Fd connect(Os& os) { return os.connect(kServer, seconds(1)).value(); }
  static int send(Os& os, Fd connection, std::string_view text, nanoseconds timeout = seconds(1)) {
    const auto sent = os.send(connection, std::as_bytes(std::span(text.data(), text.size())), timeout);
    return sent ? 0 : sent.error().value;
  }
  static std::string errno_text(int error) { return "errno " + std::to_string(error); }
};

TEST_F(SimNetworkTest, ReceivesOnePieceAtMostAndThenTheEnd) {
  script({bytes("hello"), bytes(" world"), move(Kind::finish)});
  run({[](Os& os) {
    const Fd connection = connect(os);
    EXPECT_EQ(receive(os, connection, 3), "hel");
    EXPECT_EQ(receive(os, connection), "lo");
    EXPECT_EQ(receive(os, connection), " world");
    EXPECT_EQ(receive(os, connection), "");
    EXPECT_EQ(receive(os, connection), "");
    EXPECT_EQ(send(os, connection, "more"), 0);  // the server has only closed its own direction
    EXPECT_EQ(error_of(os.close(connection)), 0);
  }});
  EXPECT_EQ(peers_.received[1], "more");
  EXPECT_EQ(peers_.log, (std::vector<std::string>{"connect 1 of 0 at 1000", "left 1 at 8000"}));
  EXPECT_EQ(recorder_.steps[1].connection, 1U);
  EXPECT_EQ(recorder_.steps[1].size, 3U);
  EXPECT_EQ(recorder_.steps[1].result, 3U);
  EXPECT_EQ(world_.disk().open_descriptors(), 0U);
}

TEST_F(SimNetworkTest, ReceivesNoMoreThanSixteenKibibytes) {
  const std::string much(40'000, 'x');
  script({bytes(much), move(Kind::finish)});
  run({[](Os& os) {
    const Fd connection = connect(os);
    for (const std::size_t expected : {16384U, 16384U, 7232U, 0U}) {
      EXPECT_EQ(receive(os, connection, 50'000).size(), expected);
    }
  }});
}

TEST_F(SimNetworkTest, AnswersOnlyWhatItWasAsked) {
  script({move(Kind::wait_for_request), bytes("answer"), move(Kind::wait_for_request), bytes("again")});
  run({[](Os& os) {
    const Fd connection = connect(os);
    EXPECT_EQ(receive(os, connection, 10, milliseconds(5)), errno_text(ETIMEDOUT));
    EXPECT_EQ(send(os, connection, "request"), 0);
    EXPECT_EQ(receive(os, connection), "answer");
    EXPECT_EQ(receive(os, connection, 10, milliseconds(5)), errno_text(ETIMEDOUT));
    EXPECT_EQ(send(os, connection, "request"), 0);
    EXPECT_EQ(receive(os, connection), "again");
  }});
}

TEST_F(SimNetworkTest, DeliversBytesBeforeAResetAndTheResetOnce) {
  script({bytes("half"), move(Kind::reset)});
  script({bytes("half"), move(Kind::reset)});
  run({[](Os& os) {
    const Fd first = connect(os);
    EXPECT_EQ(receive(os, first), "half");
    EXPECT_EQ(receive(os, first), errno_text(ECONNRESET));
    EXPECT_EQ(receive(os, first), "");
    EXPECT_EQ(send(os, first, "x"), EPIPE);
    const Fd second = connect(os);
    EXPECT_EQ(send(os, second, "x"), ECONNRESET);
    EXPECT_EQ(send(os, second, "x"), EPIPE);
    EXPECT_EQ(receive(os, second), "half");
    EXPECT_EQ(receive(os, second), "");
  }});
  EXPECT_EQ(peers_.received.count(2), 0U);
}

TEST_F(SimNetworkTest, WaitsForAPauseToEndWhileOthersMove) {
  script({pause(milliseconds(3)), pause(milliseconds(4)), bytes("late"), move(Kind::finish)});
  Instant begin, end;
  ListedStrategy strategy({0, 0, 0, 1});
  run({[&](Os& os) {
         const Fd connection = connect(os);
         begin = os.now();
         EXPECT_EQ(receive(os, connection), "late");
         end = os.now();
       },
       [](Os& os) {
         (void)os.wall_time();
         (void)os.wall_time();
       }},
      strategy);
  EXPECT_EQ(strategy.could_move[2], std::vector<std::uint32_t>{1});
  EXPECT_EQ(strategy.could_move[3], std::vector<std::uint32_t>{1});
  EXPECT_EQ(strategy.could_move[4], std::vector<std::uint32_t>{0});
  // From the connect step, a step before `begin`, seven milliseconds; then the receive and the look at the clock.
  EXPECT_EQ(end - begin, milliseconds(7) - kStepTime + 2 * kStepTime);
}

TEST_F(SimNetworkTest, TimesOutBeforeThePauseEndsAndGetsTheBytesLater) {
  script({pause(milliseconds(10)), bytes("late")});
  run({[](Os& os) {
    const Fd connection = connect(os);
    const Instant begin = os.now();
    EXPECT_EQ(receive(os, connection, 10, milliseconds(4)), errno_text(ETIMEDOUT));
    EXPECT_EQ(os.now() - begin, milliseconds(4) + 2 * kStepTime);
    EXPECT_EQ(receive(os, connection, 10, milliseconds(7)), "late");
    EXPECT_EQ(receive(os, connection, 10, nanoseconds(0)), errno_text(ETIMEDOUT));
    EXPECT_EQ(send(os, connection, "x", nanoseconds(-1)), ETIMEDOUT);
    EXPECT_EQ(error_of(os.connect(kServer, nanoseconds(0))), ETIMEDOUT);
  }});
  EXPECT_EQ(peers_.log.size(), 2U);  // one connect, and the process's end
}

TEST_F(SimNetworkTest, ChoosesAWaitingReceiveWhereTimeRunsFirst) {
  script({pause(milliseconds(3)), pause(milliseconds(4)), bytes("late")});
  stage_.time_runs_first = true;
  ListedStrategy strategy({0, 0, 1});
  run({[&](Os& os) { EXPECT_EQ(receive(os, connect(os)), "late"); }, [](Os& os) { (void)os.wall_time(); }}, strategy);
  EXPECT_EQ(recorder_.kinds(), "0.connect 0.receive 1.wall_time");
  EXPECT_EQ(recorder_.steps[1].at, milliseconds(7) + 2 * kStepTime);
}

TEST_F(SimNetworkTest, MovesServersInTheOrderInWhichTheirPausesEnd) {
  script({pause(milliseconds(5)), bytes("slow")});
  script({pause(milliseconds(1)), bytes("fast")});
  std::string order;
  const auto body = [&](Os& os) { order += receive(os, connect(os)) + ";"; };
  ListedStrategy strategy({0, 1});
  run({body, body}, strategy);
  EXPECT_EQ(order, "fast;slow;");
  EXPECT_EQ(recorder_.steps[2].at, milliseconds(1) + 3 * kStepTime);  // of process 1, which was the second to connect
  EXPECT_EQ(recorder_.steps[3].at, milliseconds(5) + 2 * kStepTime);
}

TEST_F(SimNetworkTest, LetsPausesEndInTheirOrderWhereTimeJumpsOverThem) {
  for (const int length : {3, 1, 2}) {
    script({pause(milliseconds(length)), bytes("x"), pause(milliseconds(10)), move(Kind::finish)});
  }
  run({[](Os& os) {
    for (int i = 0; i < 3; ++i) connect(os);
    const Instant now = os.now();
    EXPECT_EQ(error_of(os.sleep_until(now + milliseconds(5))), 0);
  }});
  EXPECT_EQ(peers_.taken_at,
            (std::vector<std::string>{"1 at 1000", "2 at 2000", "3 at 3000", "2 at 1002000", "2 at 1002000",
                                      "3 at 2003000", "3 at 2003000", "1 at 3001000", "1 at 3001000"}));
}

TEST_F(SimNetworkTest, RefusesWhereNobodyListensAndCountsEveryTry) {
  run({[&](Os& os) {
    EXPECT_EQ(error_of(os.connect(kServer, seconds(1))), ECONNREFUSED);
    script({bytes("hello")});
    EXPECT_EQ(receive(os, connect(os)), "hello");
    EXPECT_EQ(error_of(os.connect({"localhost", 1}, seconds(1))), EINVAL);
  }});
  EXPECT_EQ(recorder_.steps[0].connection, 1U);
  EXPECT_EQ(recorder_.steps[1].connection, 2U);
  EXPECT_EQ(peers_.log,
            (std::vector<std::string>{"connect 1 of 0 at 1000", "connect 2 of 0 at 2000", "left 2 at 4000"}));
}

TEST_F(SimNetworkTest, KnowsFilesFromConnections) {
  script({bytes("hello")});
  run({[&](Os& os) {
    const Fd directory = cache(os);
    const Fd connection = connect(os);
    EXPECT_EQ(receive(os, directory), errno_text(ENOTSOCK));
    EXPECT_EQ(receive(os, Fd{99}), errno_text(EBADF));
    EXPECT_EQ(send(os, directory, "x"), ENOTSOCK);
    std::array<std::byte, 4> into{};
    EXPECT_EQ(error_of(os.read(connection, into, 0)), ESPIPE);
    EXPECT_EQ(write(os, connection, "x"), ESPIPE);
    EXPECT_EQ(error_of(os.truncate(connection, 0)), EINVAL);
    EXPECT_EQ(error_of(os.sync_file(connection)), EINVAL);
    EXPECT_EQ(error_of(os.open(connection, "x", modelcache::OpenMode::read)), ENOTDIR);
    EXPECT_EQ(error_of(os.list(connection)), ENOTDIR);
    EXPECT_EQ(os.stat(connection)->type, modelcache::FileType::other);
  }});
}

TEST_F(SimNetworkTest, ResolvesNumbersAlone) {
  run({[](Os& os) {
    EXPECT_EQ(*os.resolve("127.0.0.1", 81), (std::vector<Address>{{"127.0.0.1", 81}}));
    EXPECT_EQ(*os.resolve("::1", 81), (std::vector<Address>{{"::1", 81}}));
    EXPECT_EQ(error_of(os.resolve("localhost", 81)), ENOENT);
    EXPECT_EQ(error_of(os.resolve(std::string_view("a\0b", 3), 81)), EINVAL);
  }});
}

}  // namespace
}  // namespace stampede
