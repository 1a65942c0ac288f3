// The oracle of `http_response` aborts on each planted lie of a reader with the sentence that it breaks, and on no
// truth.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "cache/http_response.h"
#include "fuzz/sentences_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using modelcache::BodyFraming;
using modelcache::HttpHead;
using modelcache::HttpLimits;
using testing::ElementsAre;

using Pieces = std::vector<std::size_t>;

// What a planted reader makes of all that it was fed.
struct Answer {
  HttpHead head;
  std::string body, error;
  bool complete = false;
  bool feed_fails = false;
};

// Set by a test, asked by every reader, and what the readers were given.
struct {
  std::function<Answer(const std::string& fed, const Pieces& pieces)> answer;
  std::vector<HttpLimits> limits;
  std::vector<Pieces> pieces;
} planted;

}  // namespace

// Instead of the cache's: the linker takes what it finds first.
namespace modelcache {

class HttpResponseReader::Parser {
 public:
  explicit Parser(HttpResponseSink& to) : sink(to) {}
  [[nodiscard]] Answer answer() const { return planted.answer(fed, pieces); }
  HttpResponseSink& sink;
  std::string fed;
  Pieces pieces;
};

HttpResponseReader::HttpResponseReader(const HttpLimits& limits, HttpResponseSink& sink)
    : parser_(std::make_unique<Parser>(sink)) {
  planted.limits.push_back(limits);
}
HttpResponseReader::~HttpResponseReader() { planted.pieces.push_back(parser_->pieces); }

Result<void> HttpResponseReader::feed(std::span<const std::byte> bytes) {
  parser_->fed.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  parser_->pieces.push_back(bytes.size());
  if (parser_->answer().feed_fails) return fail(ErrorCode::bad_response, "read", "", "planted");
  return {};
}
Result<void> HttpResponseReader::finish() {
  const Answer answer = parser_->answer();
  (void)parser_->sink.on_head(answer.head);
  const auto body = std::as_bytes(std::span(answer.body));
  for (const auto part : {body.first(body.size() / 2), body.subspan(body.size() / 2)})
    (void)parser_->sink.on_body(part);
  if (!answer.error.empty()) return fail(ErrorCode::bad_response, "read", "", answer.error);
  return {};
}
bool HttpResponseReader::complete() const { return parser_->answer().complete; }
std::uint64_t HttpResponseReader::body_bytes() const { return parser_->answer().body.size(); }

}  // namespace modelcache

namespace {

// A response as it is sent, and what is true of it.
struct Message {
  std::string head_bytes, rest;
  BodyFraming framing = BodyFraming::none;
  std::string body;
  std::string after = "";  // bytes that do not belong to it
  [[nodiscard]] std::string text() const { return head_bytes + rest + after; }
};

Answer the_truth(const Message& message, const std::string& fed) {
  Answer answer;
  answer.error = "cut";
  if (fed.size() < message.head_bytes.size()) return answer;
  answer.head.status = 200;
  answer.head.framing = message.framing;
  if (message.framing == BodyFraming::content_length) answer.head.content_length = message.body.size();
  if (message.framing == BodyFraming::close_delimited) {
    answer.body = fed.substr(message.head_bytes.size());
    answer.error = "";
  } else if (fed.size() >= message.head_bytes.size() + message.rest.size()) {
    answer.body = message.body;
    answer.complete = true;
    answer.error = "";
  }
  return answer;
}

Answer planted_error(bool feed_fails = false) {
  Answer answer;
  answer.error = "planted";
  answer.feed_fails = feed_fails;
  return answer;
}

Message of_length(const std::string& body, const std::string& after = "") {
  return {"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n", body,
          BodyFraming::content_length, body, after};
}
Message in_chunks(const std::string& rest, const std::string& body) {
  return {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", rest, BodyFraming::chunked, body};
}
Message up_to_the_end(const std::string& body) {
  return {"HTTP/1.1 200 OK\r\n\r\n", body, BodyFraming::close_delimited, body};
}
Message without_body() { return {"HTTP/1.1 204 No Content\r\n\r\n", "", BodyFraming::none, ""}; }
Message after_an_interim_one() {
  Message message = of_length("abc");
  message.head_bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + message.head_bytes;
  return message;
}

constexpr char kSmallLimits = 1, kDefaultLimits = 2;

void give(const std::string& text, char limits = kDefaultLimits, char distance = 3) {
  const std::string input = std::string{limits, distance} + text;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// In a process of its own, since to hold is not to abort. It is read `readings_min` times at least.
void expect_holds(const std::string& text, std::size_t readings_min, char limits = kDefaultLimits) {
  EXPECT_EXIT(
      {
        planted.pieces.clear();
        give(text, limits);
        std::exit(planted.pieces.size() >= readings_min ? 0 : 1);
      },
      testing::ExitedWithCode(0), testing::IsEmpty())
      << text;
}

class HttpResponseOracle : public testing::Test {
 protected:
  HttpResponseOracle() { planted = {}; }
};

TEST_F(HttpResponseOracle, HoldsForWhatIsTrue) {
  const std::vector<Message> messages = {
      of_length("abc"),
      of_length(""),
      of_length("abc", "more than was declared"),
      of_length(std::string(65, 'x')),
      after_an_interim_one(),
      in_chunks("3\r\nabc\r\n0\r\n\r\n", "abc"),
      in_chunks("0\r\n\r\n", ""),
      in_chunks("A;x=1\r\n0123456789\r\n2\r\n\r\n\r\n0\r\nTrailer: x\r\n\r\n", "0123456789\r\n"),
      up_to_the_end(""),
      up_to_the_end("abc"),
      without_body(),
  };
  for (const Message& message : messages) {
    planted.answer = [&](const std::string& fed, const Pieces&) { return the_truth(message, fed); };
    expect_holds(message.text(), message.framing == BodyFraming::close_delimited ? 3 : 6);
  }
}

// What is rejected need not have a sound framing, and nobody looks at its prefixes.
TEST_F(HttpResponseOracle, HoldsForARejection) {
  planted.answer = [](const std::string&, const Pieces&) {
    Answer answer = planted_error();
    answer.head.framing = BodyFraming::chunked;
    answer.body = "not in chunks";
    return answer;
  };
  expect_holds("HTTP/1.1 200 OK\r\n\r\nabc", 3);
}

TEST_F(HttpResponseOracle, FeedsWholeThenInPiecesThenByteByByte) {
  planted.answer = [](const std::string&, const Pieces&) { return planted_error(); };
  give("abcdefgh", kDefaultLimits, 64 + 2);
  EXPECT_THAT(planted.pieces, ElementsAre(Pieces{8}, (Pieces{3, 3, 2}), Pieces(8, 1)));
  planted.pieces.clear();
  give("abcdefgh", kDefaultLimits, 63);
  EXPECT_THAT(planted.pieces, ElementsAre(Pieces{8}, Pieces{8}, Pieces(8, 1)));
}

TEST_F(HttpResponseOracle, FeedsNothingAfterAnError) {
  planted.answer = [](const std::string& fed, const Pieces&) { return planted_error(fed.size() >= 3); };
  give("abcdefgh", kDefaultLimits, 1);
  EXPECT_THAT(planted.pieces, ElementsAre(Pieces{8}, Pieces{2, 2}, Pieces{1, 1, 1}));
}

TEST_F(HttpResponseOracle, NeedsTwoBytesToBegin) {
  planted.answer = [](const std::string&, const Pieces&) { return planted_error(); };
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>("\1\1"), 0);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>("\1\1"), 1);
  EXPECT_TRUE(planted.pieces.empty());
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>("\1\1"), 2);
  EXPECT_THAT(planted.pieces, ElementsAre(Pieces{}, Pieces{}, Pieces{}));
}

TEST_F(HttpResponseOracle, TakesItsLimitsFromTheFirstByte) {
  planted.answer = [](const std::string&, const Pieces&) { return planted_error(); };
  give("abc", kSmallLimits);
  give("abc", kDefaultLimits);
  ASSERT_EQ(planted.limits.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    const HttpLimits expected = i < 3 ? HttpLimits{128, 4, 16, 64, 1} : HttpLimits{};
    const HttpLimits& got = planted.limits[i];
    EXPECT_EQ(got.header_bytes_max, expected.header_bytes_max);
    EXPECT_EQ(got.header_count_max, expected.header_count_max);
    EXPECT_EQ(got.chunk_header_bytes_max, expected.chunk_header_bytes_max);
    EXPECT_EQ(got.body_bytes_max, expected.body_bytes_max);
    EXPECT_EQ(got.interim_responses_max, expected.interim_responses_max);
  }
}

struct Lie {
  std::string sentence;  // that it breaks
  std::string what;
  Message message;
  std::function<void(Answer& truth, const std::string& fed, const Pieces& pieces)> lie;
  char limits = kDefaultLimits;
};

// One for each part of a result; `is_meant` says in which pieces it is told.
void add_lies_of_cuts(std::vector<Lie>& lies, const std::string& sentence, bool (*is_meant)(const Pieces&)) {
  const std::vector<std::pair<std::string, void (*)(Answer&)>> parts = {
      {"another head", [](Answer& answer) { answer.head.etag = "other"; }},
      {"another body", [](Answer& answer) { answer.body += "x"; }},
      {"an error", [](Answer& answer) { answer.error = "planted"; }},
      {"completeness", [](Answer& answer) { answer.complete = !answer.complete; }},
  };
  for (const auto& [what, tell] : parts) {
    lies.push_back({sentence, what, up_to_the_end("abcdefgh"),
                    [is_meant, told = tell](Answer& truth, const std::string&, const Pieces& pieces) {
                      if (is_meant(pieces)) told(truth);
                    }});
  }
}

std::vector<Lie> all_lies() {
  std::vector<Lie> lies;
  add_lies_of_cuts(lies, "cutting changes nothing",
                   [](const Pieces& pieces) { return !pieces.empty() && pieces[0] == 4; });
  add_lies_of_cuts(lies, "feeding byte by byte changes nothing",
                   [](const Pieces& pieces) { return !pieces.empty() && pieces[0] == 1; });
  const auto nothing = [](Answer&, const std::string&, const Pieces&) {};
  const auto body = [](const std::string& other) {
    return [other](Answer& truth, const std::string&, const Pieces&) {
      if (truth.complete || truth.head.framing == BodyFraming::close_delimited) truth.body = other;
    };
  };
  lies.push_back(
      {"the body's limit holds", "a byte too long", up_to_the_end(std::string(65, 'x')), nothing, kSmallLimits});
  lies.push_back({"a complete response is accepted", "complete, and an error", of_length("abc"),
                  [](Answer& truth, const std::string&, const Pieces&) { truth.error = "planted"; }});
  lies.push_back({"204 and 304 have no body", "a body", without_body(), body("x")});
  for (const char* const other : {"ab", "abcd", "abx", ""}) {
    lies.push_back({"the body is all that came", other, up_to_the_end("abc"), body(other)});
  }
  const std::string chunks = "a chunked body has its last chunk";
  for (const auto& [rest, other] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},                      // no chunk
           {"3\r\nabc\r\n", "abc"},       // no last one
           {"3\r\nabc\r\n0\r\n", "abc"},  // no empty line behind it
           {"3\r\nabc\r\n0\r\nX: y\r\n", "abc"},
           {"3\r\nabc\r\n0\r\n\r\n", "abcd"},  // more than is sent
           {"3\r\nabc\r\n0\r\n\r\n", "ab"},    // less
           {"3\r\nabc\r\n0\r\n\r\n", ""},
           {"3\r\nabc\r\n0\r\n\r\n", "abx"},  // something else
           {"3\r\nabc\r", "abc"},             // cut behind the data
           {"3\r\nab", "abc"},                // and in it
       }) {
    lies.push_back({chunks, rest + " as " + other, in_chunks(rest, other), nothing});
  }
  for (const char* const other : {"ab", "abcd", ""}) {
    lies.push_back({"a body is as long as declared", other, of_length("abc"), body(other)});
  }
  lies.push_back({"a body is the bytes after the head", "others", of_length("abc"), body("abx")});
  lies.push_back(
      {"a body is the bytes after the head", "those of the interim head", after_an_interim_one(), body("HTT")});
  lies.push_back({"its last byte is needed", "accepted without it", of_length("abc"),
                  [](Answer& truth, const std::string& fed, const Pieces&) {
                    if (fed.ends_with("\r\n\r\nab")) truth.error = "";
                  }});
  lies.push_back({"its last byte is needed", "complete before it begins", of_length("abc"),
                  [](Answer& truth, const std::string&, const Pieces&) { truth.complete = true; }});
  return lies;
}

TEST_F(HttpResponseOracle, HearsEachLie) {
  std::set<std::string> sentences;
  for (const Lie& lie : all_lies()) {
    SCOPED_TRACE(lie.sentence + ": " + lie.what);
    planted.answer = [&](const std::string& fed, const Pieces& pieces) {
      Answer answer = the_truth(lie.message, fed);
      lie.lie(answer, fed, pieces);
      return answer;
    };
    EXPECT_EXIT(give(lie.message.text(), lie.limits), stampede::kAborted,
                testing::Eq("VIOLATED: " + lie.sentence + "\n"));
    sentences.insert(lie.sentence);
  }
  EXPECT_EQ(sentences, stampede::sentences_of("http_response")) << "each sentence of the oracle needs a lie";
}

// At its limit a body is no lie; and a limit that was not set does not hold.
TEST_F(HttpResponseOracle, KnowsWhereTheLimitIs) {
  for (const auto& [size, limits] : {std::pair{64, kSmallLimits}, std::pair{65, kDefaultLimits}}) {
    const Message message = up_to_the_end(std::string(static_cast<std::size_t>(size), 'x'));
    planted.answer = [&](const std::string& fed, const Pieces&) { return the_truth(message, fed); };
    expect_holds(message.text(), 3, limits);
  }
}

}  // namespace
