// Which script a request is answered by, what that is told of it, and what the entry says, field by field.
#include "harness/faults/exchange.h"

#include <gtest/gtest.h>

#include <string>

namespace stampede {
namespace {

using std::chrono::nanoseconds;

FaultTurn turn(const char* text) { return parse_turn(text).value(); }

std::string request_for(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

class ExchangeTest : public ::testing::Test {
 protected:
  ExchangeTest() {
    for (const char* name : {"m", "n"}) repertoire_.models.emplace(name, generated_model(name, 10));
    repertoire_.request_header_bytes_max = 100;
    repertoire_.script_of = [this](const FaultTurn& played, const Model& model, const RequestFacts& facts) {
      played_ = print(played) + " of '" + model.name + "'";
      facts_ = facts;
      return compile(played, model, facts);
    };
  }
  // A connection of that listener and turn, and its request.
  LedgerEntry ask(const std::string& request, const char* of_connection = "none", std::uint32_t listener = 0) {
    LedgerEntry entry;
    entry.listener = listener;
    entry.fault = turn(of_connection);
    Exchange exchange(repertoire_, entry);
    if (!exchange.is_answering()) exchange.take(request);
    is_answering_ = exchange.is_answering();
    return entry;
  }

  Repertoire repertoire_;
  std::string played_;
  RequestFacts facts_;
  bool is_answering_ = false;
};

TEST_F(ExchangeTest, TellsItsScriptWhatWasAsked) {
  repertoire_.other_origins = {"http://o0", "http://o1"};
  const LedgerEntry plain = ask(request_for("/m?x=1"), "flip_byte:1");
  EXPECT_EQ(played_, "flip_byte:1 of 'm'");
  EXPECT_EQ(facts_.target, "/m?x=1");
  EXPECT_FALSE(facts_.range);
  EXPECT_FALSE(facts_.if_range);
  EXPECT_EQ(facts_.requests_before, 0U);
  EXPECT_EQ(facts_.other_origin, "http://o0");
  EXPECT_TRUE(plain.requested);
  EXPECT_EQ(plain.target, "/m?x=1");
  EXPECT_EQ(plain.model, "m");
  EXPECT_FALSE(plain.range_asked);
  EXPECT_EQ(plain.status, 0);
  const LedgerEntry range = ask(request_for("/m", "Range: bytes=1-2\r\nIf-Range: \"e\"\r\n"), "none", 1);
  EXPECT_EQ(facts_.range, "bytes=1-2");
  EXPECT_EQ(facts_.if_range, "\"e\"");
  EXPECT_EQ(facts_.requests_before, 1U);
  EXPECT_EQ(facts_.other_origin, "http://o1");
  EXPECT_TRUE(range.range_asked);
  (void)ask(request_for("/n"), "none", 2);
  EXPECT_EQ(facts_.requests_before, 0U) << "counted by model";
  EXPECT_EQ(facts_.other_origin, "") << "of no listener that is known";
  EXPECT_EQ(repertoire_.requests, (std::map<std::string, std::uint64_t, std::less<>>{{"m", 2}, {"n", 1}}));
}

TEST_F(ExchangeTest, PlaysTheTurnOfModelConnectionOrRedirect) {
  repertoire_.model_faults = {{"m", {.faults = {turn("status:404"), {}, turn("status:500")}}}};
  struct Row {
    const char *target, *of_connection, *played;
  };
  for (const Row& row :
       {Row{"/m", "flip_byte:1", "status:404 of 'm'"}, Row{"/m", "flip_byte:1", "none of 'm'"},
        Row{"/m?redirected=well", "flip_byte:1", "none of 'm'"},
        Row{"/m?redirected=loop", "flip_byte:1", "redirect_loop of 'm'"}, Row{"/m", "flip_byte:1", "status:500 of 'm'"},
        Row{"/m", "flip_byte:1", "none of 'm'"}, Row{"/n", "flip_byte:1", "flip_byte:1 of 'n'"}}) {
    const LedgerEntry entry = ask(request_for(row.target), row.of_connection);
    EXPECT_EQ(played_, row.played) << row.target;
    EXPECT_EQ(print(entry.fault) + " of '" + entry.model + "'", row.played) << row.target;
  }
  EXPECT_EQ(repertoire_.requests.at("m"), 4U) << "those that followed a redirect are not counted";
}

TEST_F(ExchangeTest, PlaysBeforeTheRequestWithoutAModel) {
  for (const char* fault : {"close_on_accept", "reset_on_accept"}) {
    const LedgerEntry entry = ask("", fault);
    EXPECT_TRUE(is_answering_);
    EXPECT_EQ(played_, std::string(fault) + " of ''");
    EXPECT_FALSE(entry.requested);
    EXPECT_EQ(facts_.target, "/");
  }
  EXPECT_TRUE(repertoire_.requests.empty());
}

TEST_F(ExchangeTest, RefusesWhatItCannotServe) {
  struct Row {
    std::string request;
    int status;  // 0: more is needed
    bool requested;
    const char* target;
  };
  const std::string fits(100 - request_for("/m", "X: \r\n").size(), 'x');
  for (const Row& row :
       {Row{request_for("/none"), 404, true, "/none"}, Row{"PUT /m HTTP/1.1\r\nHost: h\r\n\r\n", 405, true, "/m"},
        Row{"garbage\r\n\r\n", 400, true, ""}, Row{"GET\n", 400, false, ""}, Row{"GET /m HTTP/1.1\r\n", 0, false, ""},
        Row{request_for("/m", "X: " + fits + "\r\n"), 200, true, "/m"},
        Row{request_for("/m", "X: " + fits + "x\r\n"), 400, false, ""}}) {
    LedgerEntry entry;
    Exchange exchange(repertoire_, entry);
    exchange.take(row.request);
    EXPECT_EQ(exchange.is_answering(), row.status != 0) << row.request;
    EXPECT_EQ(entry.requested, row.requested) << row.request;
    EXPECT_EQ(entry.target, row.target);
    EXPECT_EQ(entry.model, row.status == 200 ? "m" : "");
    if (row.status == 0) continue;
    while (!exchange.bytes().empty()) exchange.sent(exchange.bytes().size());
    exchange.end_by_script(nanoseconds(7));
    EXPECT_EQ(entry.status, row.status) << row.request;
    EXPECT_EQ(entry.ending, row.status == 200 ? Ending::finished : Ending::bad_request);
    EXPECT_EQ(entry.full_body_sent, row.status == 200);
    EXPECT_EQ(entry.ended_at, nanoseconds(7));
  }
}

TEST_F(ExchangeTest, CountsEachByteOnceAsHeadOrBody) {
  LedgerEntry entry;
  entry.fault = turn("interim+flip_byte:3");
  int ends = 0;
  repertoire_.on_end = [&](const LedgerEntry& ended) {
    EXPECT_EQ(&ended, &entry);
    EXPECT_EQ(ended.ended_at, nanoseconds(9));
    ++ends;
  };
  Exchange exchange(repertoire_, entry);
  exchange.take("GET /m HTTP/1.1\r\n");
  EXPECT_FALSE(exchange.is_answering());
  exchange.take("Host: h\r\n\r\n");
  ASSERT_TRUE(exchange.is_answering());
  const std::string interim(exchange.bytes());
  EXPECT_TRUE(interim.starts_with("HTTP/1.1 103 "));
  EXPECT_FALSE(exchange.sent(5));
  EXPECT_EQ(exchange.bytes(), interim.substr(5));
  EXPECT_TRUE(exchange.sent(interim.size() - 5));
  EXPECT_EQ(entry.status, 0) << "the final head is still to come";
  EXPECT_EQ(entry.head_bytes_sent, interim.size());
  const std::string head(exchange.bytes());
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 "));
  EXPECT_FALSE(exchange.sent(head.size() - 1));
  EXPECT_EQ(entry.status, 0);
  EXPECT_TRUE(exchange.sent(1));
  EXPECT_EQ(entry.status, 200);
  EXPECT_EQ(entry.head_bytes_sent, interim.size() + head.size());
  const Bytes& bytes = *repertoire_.models.at("m").bytes;
  const std::string whole(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  EXPECT_EQ(exchange.bytes(), whole.substr(0, 3));
  EXPECT_FALSE(exchange.sent(1));
  EXPECT_EQ(exchange.bytes(), whole.substr(1, 2));
  EXPECT_TRUE(exchange.sent(2));
  EXPECT_EQ(exchange.bytes(), std::string(1, static_cast<char>(~whole[3]))) << "text of the script";
  EXPECT_TRUE(exchange.sent(1));
  EXPECT_EQ(exchange.bytes(), whole.substr(4));
  EXPECT_TRUE(exchange.sent(6));
  EXPECT_EQ(entry.body_bytes_sent, 10U);
  EXPECT_EQ(entry.head_bytes_sent, interim.size() + head.size());
  EXPECT_EQ(exchange.bytes(), "");
  EXPECT_TRUE(std::holds_alternative<CloseConnection>(exchange.step()));
  exchange.pass();
  EXPECT_TRUE(std::holds_alternative<CloseConnection>(exchange.step())) << "the last step stays the last";
  EXPECT_EQ(ends, 0);
  exchange.end_by_script(nanoseconds(9));
  exchange.end(Ending::peer_left, nanoseconds(11));
  EXPECT_EQ(entry.ending, Ending::finished);
  EXPECT_FALSE(entry.full_body_sent);
  EXPECT_EQ(ends, 1);
}

// A FIN ends a body without a length; a reset does not.
TEST_F(ExchangeTest, TakesAFinForTheEndOfABodyWithoutLength) {
  struct Row {
    const char* turn;
    Ending ending;
    bool is_full;
  };
  for (const Row& row :
       {Row{"length_missing", Ending::finished, true}, Row{"length_missing+reset_in_body:10", Ending::reset, false},
        Row{"length_missing+close_in_body:9", Ending::finished, false}}) {
    LedgerEntry entry;
    entry.fault = turn(row.turn);
    Exchange exchange(repertoire_, entry);
    exchange.take(request_for("/m"));
    while (!exchange.bytes().empty()) exchange.sent(exchange.bytes().size());
    exchange.end_by_script({});
    EXPECT_EQ(entry.ending, row.ending) << row.turn;
    EXPECT_EQ(entry.full_body_sent, row.is_full) << row.turn;
  }
}

}  // namespace
}  // namespace stampede
