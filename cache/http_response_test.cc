// The response reader: every response of a table is fed whole, byte by byte and at every single cut.
#include "cache/http_response.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace modelcache {
namespace {

struct Outcome : HttpResponseSink {
  std::optional<HttpHead> head;
  std::string body;
  std::optional<Error> error;
  bool complete_before_close = false;

  Result<void> on_head(const HttpHead& h) override {
    EXPECT_FALSE(head.has_value());
    head = h;
    return {};
  }
  Result<void> on_body(std::span<const std::byte> bytes) override {
    body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  [[nodiscard]] std::string text() const {
    std::string all = head ? std::to_string(head->status) + " " : "no head ";
    all += error ? error->message() : "accepted";
    return all + (complete_before_close ? " early [" : " [") + body + "]";
  }
};

Outcome read_in(const std::vector<std::string_view>& pieces, const HttpLimits& limits = {}) {
  Outcome outcome;
  HttpResponseReader reader(limits, outcome);
  Result<void> result;
  for (const auto piece : pieces) {
    const bool failed = !result;
    const auto again = reader.feed(std::as_bytes(std::span(piece.data(), piece.size())));
    if (failed) {
      EXPECT_EQ(again.error().message(), result.error().message());
    }
    result = again;
  }
  outcome.complete_before_close = reader.complete();
  const auto end = reader.finish();
  if (!result) {
    EXPECT_EQ(end.error().message(), result.error().message());
  }
  if (!end) outcome.error = end.error();
  EXPECT_EQ(reader.body_bytes(), outcome.body.size());
  EXPECT_EQ(reader.complete(), end.has_value());
  return outcome;
}

struct Case {
  std::string name;
  std::string bytes;
  std::string expected;  // "" accepts; else a part of the error message
  std::string body = {};
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

std::string ok(std::string_view headers) { return "HTTP/1.1 200 OK\r\n" + std::string(headers) + "\r\n"; }
const std::string kChunked = ok("Transfer-Encoding: chunked\r\n");

std::vector<Case> accepted() {
  return {
      {"ContentLength", ok("Content-Length: 5\r\n") + "hello", "", "hello"},
      {"ContentLengthZero", ok("Content-Length: 0\r\n"), "", ""},
      {"BytesAfterTheBody", ok("Content-Length: 5\r\n") + "helloHTTP/1.1 500 No\r\n\r\n", "", "hello"},
      {"CloseDelimited", ok("Server: x\r\n") + "hello", "", "hello"},
      {"CloseDelimitedEmpty", ok(""), "", ""},
      {"Http10", "HTTP/1.0 200 OK\r\n\r\nhello", "", "hello"},
      {"NoReasonPhrase", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", "", "x"},
      {"EmptyChunkedBody", kChunked + "0\r\n\r\n", "", ""},
      {"EmptyChunkedBodyWithTrailer", kChunked + "0\r\nExpires: 0\r\nX: y\r\n\r\n", "", ""},
      {"SeveralZerosAreTheLastChunk", kChunked + "3\r\nabc\r\n000;a=b\r\n\r\n", "", "abc"},
      {"ChunksWithExtensions", kChunked + "5;name=\"v;\\\"\"\r\nhello\r\nA ; x\r\n, world...\r\n0\r\n\r\n", "",
       "hello, world..."},
      {"ChunkThatLooksLikeAnEnd", kChunked + "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "", "\r\n0\r\n\r\n"},
      {"CodingNameInAnyCase", ok("TRANSFER-encoding:  Chunked \r\n") + "1\r\nx\r\n0\r\n\r\n", "", "x"},
      {"NoContent", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", "", ""},
      {"NotModified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", ""},
      {"Interim",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok("Content-Length: 2\r\n") + "ok",
       "", "ok"},
      {"Identity", ok("Content-Encoding: Identity\r\nContent-Length: 1\r\n") + "x", "", "x"},
      {"NulInTheBody", ok("Content-Length: 3\r\n") + std::string("a\0b", 3), "", std::string("a\0b", 3)},
  };
}

std::vector<Case> truncated() {
  return {
      {"Nothing", "", "closed before any response (truncated)"},
      {"InsideTheStatusLine", "HTTP/1.", "closed inside the header section (truncated)"},
      {"InsideTheHeaders", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "closed inside the header section (truncated)"},
      {"AfterAnInterimResponse", "HTTP/1.1 100 Continue\r\n\r\n", "closed before the final response (truncated)"},
      {"ShortBody", ok("Content-Length: 5\r\n") + "hell", "got 4 of 5 bytes (truncated)", "hell"},
      {"NoBody", ok("Content-Length: 5\r\n"), "got 0 of 5 bytes (truncated)"},
      {"NoChunk", kChunked, "ended before its last chunk was complete, got 0 bytes (truncated)"},
      {"InsideAChunk", kChunked + "5\r\nhel", "last chunk was complete, got 3 bytes (truncated)", "hel"},
      {"AtAChunkBoundary", kChunked + "5\r\nhello\r\n", "last chunk was complete, got 5 bytes (truncated)", "hello"},
      {"InsideTheLastChunk", kChunked + "1\r\nx\r\n0\r\n", "last chunk was complete, got 1 byte (truncated)", "x"},
      {"InsideTheTrailer", kChunked + "1\r\nx\r\n0\r\nExpires: 0\r\n", "last chunk was complete", "x"},
  };
}

std::vector<Case> refused() {
  const std::string begin = "does not begin with HTTP/1.0 or HTTP/1.1 (bad_response)";
  const std::string both = "both Content-Length and Transfer-Encoding (bad_response)";
  const std::string several = "several Content-Length headers (bad_response)";
  const std::string length = "Content-Length is not";
  const std::string coding = "Transfer-Encoding is not exactly chunked (bad_response)";
  return {
      {"GarbageFirst", "220 mail.example ESMTP\r\n", begin},
      {"EmptyLineFirst", "\r\n" + ok("Content-Length: 0\r\n"), begin},
      {"Http2", "HTTP/2 200\r\n\r\n", begin},
      {"Http12", "HTTP/1.2 200 OK\r\n\r\n", "bad version (bad_response)"},
      {"StatusOfTwoDigits", "HTTP/1.1 20 OK\r\n\r\n", "bad status (bad_response)"},
      {"StatusOfFourDigits", "HTTP/1.1 2000 OK\r\n\r\n", "bad status (bad_response)"},
      {"StatusTooLow", "HTTP/1.1 099 No\r\n\r\n", "status 99 does not exist (bad_response)"},
      {"StatusTooHigh", "HTTP/1.1 600 No\r\n\r\n", "status 600 does not exist (bad_response)"},
      {"BareLineFeed", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "line feed without carriage return (bad_response)"},
      {"BareCarriageReturn", ok("A: b\rc\r\n"), "carriage return without line feed (bad_response)"},
      {"Folded", ok("A: b\r\n c\r\nContent-Length: 0\r\n"), "folded header line (bad_response)"},
      {"FoldedWithTab", ok("A: b\r\n\tc\r\n"), "folded header line (bad_response)"},
      {"Nul", ok(std::string("A: b\0c\r\n", 8)), "NUL in a line (bad_response)"},
      {"SpaceBeforeColon", ok("Content-Length : 5\r\n") + "hello", "bad field (bad_response)"},
      {"NoColon", ok("nonsense\r\n"), "bad field (bad_response)"},
      {"EmptyName", ok(": x\r\n"), "bad field (bad_response)"},
      {"LengthAndChunked", ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", both},
      {"ChunkedAndLength", ok("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "0\r\n\r\n", both},
      {"GzipAndLength", ok("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n") + "hello", "Transfer-Encoding"},
      {"TwoLengths", ok("Content-Length: 5\r\nContent-Length: 6\r\n") + "hello", several},
      {"TwoEqualLengths", ok("Content-Length: 5\r\nContent-Length: 5\r\n") + "hello", several},
      {"ListOfEqualLengths", ok("Content-Length: 5, 5\r\n") + "hello", length},
      {"LengthInWords", ok("Content-Length: five\r\n") + "hello", length},
      {"LengthNegative", ok("Content-Length: -5\r\n") + "hello", length},
      {"LengthSigned", ok("Content-Length: +5\r\n") + "hello", length},
      {"LengthHex", ok("Content-Length: 0x5\r\n") + "hello", length},
      {"LengthEmpty", ok("Content-Length: \r\n") + "hello", length},
      {"LengthWithSpace", ok("Content-Length: 5 5\r\n") + "hello", length},
      {"LengthOf2To64", ok("Content-Length: 18446744073709551616\r\n") + "hello", length},
      {"CodingGzip", ok("Transfer-Encoding: gzip\r\n") + "hello", coding},
      {"CodingGzipChunked", ok("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", coding},
      {"CodingIdentity", ok("Transfer-Encoding: identity\r\n") + "hello", coding},
      {"CodingEmpty", ok("Transfer-Encoding: \r\n") + "hello", coding},
      {"CodingTwice", ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
       "several Transfer-Encoding headers (bad_response)"},
      {"CodingInHttp10", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "in an HTTP/1.0 response (bad_response)"},
      {"Gzip", ok("Content-Encoding: gzip\r\nContent-Length: 5\r\n") + "hello", "Content-Encoding"},
      {"SwitchingProtocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "101 Switching Protocols"},
      {"TwoLocations", "HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\n\r\n",
       "several Location headers (bad_response)"},
      {"ChunkSizeEmpty", kChunked + "\r\n", "chunk size is not a hexadecimal number (bad_response)"},
      {"ChunkSizeWithPrefix", kChunked + "0x5\r\nhello\r\n0\r\n\r\n",
       "chunk size is not a hexadecimal number (bad_response)"},
      {"ChunkSizeNegative", kChunked + "-5\r\nhello\r\n0\r\n\r\n",
       "chunk size is not a hexadecimal number (bad_response)"},
      {"ChunkSizeOf2To64", kChunked + "10000000000000000\r\nhello", "bad chunk (bad_response)"},
      {"ChunkTooLong", kChunked + "5\r\nhello!\r\n0\r\n\r\n", "does not end where its size says (bad_response)",
       "hello"},
      {"ChunkLineFeed", kChunked + "5\nhello\n0\n\n", "line feed without carriage return (bad_response)"},
      {"ChunkExtensionBroken", kChunked + "5;\r\nhello\r\n0\r\n\r\n", "bad chunk extension (bad_response)"},
      {"ChunkExtensionUnclosed", kChunked + "5;a=\"\r\nhello\r\n0\r\n\r\n", "not HTTP/1.1 (bad_response)"},
      {"LastChunkExtensionSwallowsTheTrailer", kChunked + "0;a=\"\r\nb: c\"\r\n\r\n",
       "bad chunk extension (bad_response)"},
      {"TrailerFolded", kChunked + "0\r\nA: b\r\n c\r\n\r\n", "folded header line (bad_response)"},
      {"TrailerBroken", kChunked + "0\r\nnonsense\r\n\r\n", "bad field (bad_response)"},
      {"TrailerLength", kChunked + "0\r\nContent-Length: 5\r\n\r\n",
       "both Content-Length and Transfer-Encoding (bad_response)"},
  };
}

class HttpResponse : public testing::TestWithParam<Case> {};

TEST_P(HttpResponse, IsTheSameHoweverItIsCut) {
  const std::string_view all = GetParam().bytes;
  const Outcome whole = read_in({all});
  if (GetParam().expected.empty()) {
    EXPECT_FALSE(whole.error.has_value()) << whole.text();
  } else {
    EXPECT_NE(whole.text().find(GetParam().expected), std::string::npos) << whole.text();
  }
  EXPECT_EQ(whole.body, GetParam().body);
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < all.size(); ++i) {
    bytes.push_back(all.substr(i, 1));
    EXPECT_EQ(read_in({all.substr(0, i), all.substr(i)}).text(), whole.text()) << "cut at " << i;
  }
  EXPECT_EQ(read_in(bytes).text(), whole.text()) << "byte by byte";
}

// RFC 9112, 8: a message with a length or with chunks that is cut anywhere is incomplete.
TEST_P(HttpResponse, IsNotAcceptedWhenItsEndIsMissing) {
  const std::string_view all = GetParam().bytes;
  const Outcome whole = read_in({all});
  std::size_t end = all.size();
  if (whole.complete_before_close) {
    while (end > 0 && read_in({all.substr(0, end - 1)}).complete_before_close) --end;
  } else if (whole.head && whole.head->framing == BodyFraming::close_delimited) {
    end = all.find("\r\n\r\n") + 4;
  }
  for (std::size_t size = 0; size < end; ++size) {
    EXPECT_TRUE(read_in({all.substr(0, size)}).error.has_value()) << "first " << size << " bytes";
  }
}

const auto kNameOf = [](const testing::TestParamInfo<Case>& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Accepted, HttpResponse, testing::ValuesIn(accepted()), kNameOf);
INSTANTIATE_TEST_SUITE_P(Truncated, HttpResponse, testing::ValuesIn(truncated()), kNameOf);
INSTANTIATE_TEST_SUITE_P(Refused, HttpResponse, testing::ValuesIn(refused()), kNameOf);

TEST(HttpResponseReader, IsCompleteAtTheLastByte) {
  for (const std::string& all : {ok("Content-Length: 5\r\n") + "hello", kChunked + "5\r\nhello\r\n0\r\nA: b\r\n\r\n"}) {
    EXPECT_TRUE(read_in({all}).complete_before_close);
    EXPECT_FALSE(read_in({std::string_view(all).substr(0, all.size() - 1)}).complete_before_close);
  }
  EXPECT_FALSE(read_in({ok("") + "hello"}).complete_before_close);
}

TEST(HttpResponseReader, GivesOutWhatTheHeadSays) {
  const HttpHead head =
      *read_in({"HTTP/1.1 503 Busy\r\nETag: \"a b\"\r\nRetry-After: 120\r\nLocation: /x\r\ncontent-length: 0\r\n\r\n"})
           .head;
  EXPECT_EQ(head, (HttpHead{.status = 503,
                            .framing = BodyFraming::content_length,
                            .content_length = 0,
                            .location = "/x",
                            .etag = "\"a b\"",
                            .retry_after = std::chrono::seconds(120)}));
  EXPECT_EQ(read_in({ok("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n")}).head->retry_after, std::nullopt);
  EXPECT_EQ(read_in({ok("Retry-After: -1\r\n")}).head->retry_after, std::nullopt);
  EXPECT_EQ(read_in({ok("Retry-After: 99999999999999999999999\r\n")}).head->retry_after,
            std::chrono::seconds(4294967295));
  EXPECT_EQ(read_in({ok("ETag: \"a\"\r\nETag: \"b\"\r\n")}).head->etag, "");
}

TEST(HttpResponseReader, HoldsItsLimitsExactly) {
  const HttpLimits limits{.header_bytes_max = 64,
                          .header_count_max = 2,
                          .chunk_header_bytes_max = 8,
                          .body_bytes_max = 5,
                          .interim_responses_max = 1};
  const auto error_of = [&](const std::string& bytes) {
    const Outcome whole = read_in({bytes}, limits);
    std::vector<std::string_view> each;
    for (std::size_t i = 0; i < bytes.size(); ++i) each.push_back(std::string_view(bytes).substr(i, 1));
    EXPECT_EQ(read_in(each, limits).text(), whole.text());
    EXPECT_LE(whole.body.size(), limits.body_bytes_max);
    return whole.error ? whole.error->message() : "";
  };
  const std::string chunked = ok("Transfer-Encoding: chunked\r\n");
  // 17 bytes of status line, 2 of the empty line.
  EXPECT_EQ(error_of(ok("A: " + std::string(40, 'x') + "\r\n")), "");
  EXPECT_NE(error_of(ok("A: " + std::string(41, 'x') + "\r\n")).find("limit of 64 bytes (bad_response)"),
            std::string::npos);
  EXPECT_EQ(error_of(ok("A: b\r\nC: d\r\n")), "");
  EXPECT_NE(error_of(ok("A: b\r\nC: d\r\nE: f\r\n")).find("limit of 2 header lines (bad_response)"), std::string::npos);
  EXPECT_EQ(error_of(chunked + "5;abcd\r\nhello\r\n0\r\n\r\n"), "");
  EXPECT_NE(error_of(chunked + "5;abcde\r\nhello\r\n0\r\n\r\n").find("chunk header is longer"), std::string::npos);
  EXPECT_NE(error_of(chunked + "0\r\nA: " + std::string(100, 'x') + "\r\n\r\n").find("trailer section is longer"),
            std::string::npos);
  EXPECT_NE(error_of(chunked + "0\r\nA: b\r\nC: d\r\nE: f\r\n\r\n").find("2 header lines"), std::string::npos);
  EXPECT_EQ(error_of(ok("Content-Length: 5\r\n") + "hello"), "");
  EXPECT_NE(error_of(ok("Content-Length: 6\r\n") + "hello!").find("limit is 5 bytes (too_large)"), std::string::npos);
  EXPECT_NE(error_of(chunked + "3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n").find("(too_large)"), std::string::npos);
  EXPECT_NE(error_of(chunked + "FFFFFF\r\nhel").find("(too_large)"), std::string::npos);
  EXPECT_EQ(error_of(ok("") + "hello"), "");
  EXPECT_NE(error_of(ok("") + "hello!").find("(too_large)"), std::string::npos);
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(error_of(interim + ok("")), "");
  EXPECT_NE(error_of(interim + interim + ok("")).find("limit of 1 interim responses"), std::string::npos);
}

TEST(HttpResponseReader, ShowsAStatusBeforeItJudgesTheErrorPage) {
  const HttpLimits limits{.body_bytes_max = 5};
  for (const char* header : {"Content-Encoding: gzip\r\n", "Content-Length: 6\r\n"}) {
    EXPECT_EQ(read_in({std::string("HTTP/1.1 404 Not Found\r\n") + header + "\r\n"}, limits).head->status, 404);
    EXPECT_FALSE(read_in({ok(header)}, limits).head.has_value());
  }
}

TEST(HttpResponseReader, ReturnsTheSinksErrorUnchangedAndStops) {
  struct Full : Outcome {
    Result<void> on_body(std::span<const std::byte>) override {
      ++calls;
      return fail(ErrorCode::no_space, "write", "tmp/x", "No space left on device");
    }
    int calls = 0;
  } sink;
  HttpResponseReader reader({}, sink);
  const std::string all = kChunked + "1\r\na\r\n1\r\nb\r\n0\r\n\r\n";
  for (int i = 0; i < 2; ++i) {
    const auto result = reader.feed(std::as_bytes(std::span(all.data(), all.size())));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message(), "write tmp/x: No space left on device (no_space)");
  }
  EXPECT_EQ(sink.calls, 1);
  EXPECT_EQ(reader.body_bytes(), 0U);
  EXPECT_FALSE(reader.finish().has_value());
}

}  // namespace
}  // namespace modelcache
