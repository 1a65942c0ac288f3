// Answers to the letter: ranges, versions, encodings, heads with all of their lines.
#include <gtest/gtest.h>

#include "harness/faults/response_head.h"
#include "harness/faults/script_text_for_test.h"

namespace stampede {
namespace {

// What the model's answer depends on besides its turn: the range that is asked for.
TEST(ResponseAnswer, CutsTheAnswerToTheRange) {
  const Model model = generated_model("m", 10);
  const std::string etag = "\"" + model.sha256.hex() + "\"";
  const char* const same = etag.c_str();
  const struct {
    const char *turn, *range, *if_range, *steps, *content_range;
    int status;
  } rows[] = {
      {"none", "bytes=2-4", nullptr, "head, body 2-5, close", "bytes 2-4/10", 206},
      {"none", "bytes=2-4", same, "head, body 2-5, close", "bytes 2-4/10", 206},
      {"none", "bytes=2-4", "\"x\"", "head, body 0-10, close", "", 200},
      {"none", "bytes=10-", nullptr, "head, text 26, close", "bytes */10", 416},
      {"range_ignored", "bytes=2-4", nullptr, "head, body 0-10, close", "", 200},
      {"range_ignored", "bytes=10-", nullptr, "head, body 0-10, close", "", 200},
      {"range_wrong_start", "bytes=2-4", nullptr, "head, body 1-4, close", "bytes 1-3/10", 206},
      {"range_wrong_start", "bytes=1-1", nullptr, "head, body 0-1, close", "bytes 0-0/10", 206},
      {"range_wrong_start", "bytes=0-4", nullptr, "head, body 1-5, close", "bytes 1-4/10", 206},
      {"range_wrong_start", "bytes=0-1", nullptr, "head, body 1-2, close", "bytes 1-1/10", 206},
      {"range_wrong_start", "bytes=0-0", nullptr, "head, body 0-1, close", "bytes 0-0/10", 206},
      {"range_wrong_start", nullptr, nullptr, "head, body 0-10, close", "", 200},
      {"range_wrong_total", "bytes=2-4", nullptr, "head, body 2-5, close", "bytes 2-4/11", 206},
      {"range_multipart", "bytes=2-4", nullptr, "head, text 88, body 2-5, text 21, close", "", 206},
      {"flip_byte:3", "bytes=2-4", nullptr, "head, body 2-3, text 1, body 4-5, close", "bytes 2-4/10", 206},
      {"zero_bytes:3", "bytes=5-6", nullptr, "head, text 2, close", "bytes 5-6/10", 206},
      {"swap_halves", "bytes=4-5", nullptr, "head, body 9-10, body 0-1, close", "bytes 4-5/10", 206},
      {"other_version_new_etag:2", "bytes=2-4", same, "head, text 1, body 1-10, close", "", 200},
      {"other_version_same_etag:2", "bytes=0-1", same, "head, text 1, body 1-2, close", "bytes 0-1/10", 206},
      {"status:503", "bytes=2-4", nullptr, "head, text 24, close", "", 503},
  };
  for (const auto& row : rows) {
    RequestFacts facts;
    if (row.range != nullptr) facts.range = row.range;
    if (row.if_range != nullptr) facts.if_range = row.if_range;
    const ResponseScript script = compile(parse_turn(row.turn).value(), model, facts);
    SCOPED_TRACE(std::string(row.turn) + " " + (row.range != nullptr ? row.range : "-"));
    EXPECT_EQ(describe(script), row.steps);
    EXPECT_EQ(script.status, row.status);
    const std::string head = head_of(script), field = "\r\nContent-Range: ";
    EXPECT_TRUE(head.starts_with("HTTP/1.1 " + std::to_string(row.status) + " "));
    const std::size_t at = head.find(field);
    const std::string value =
        at == std::string::npos ? "" : head.substr(at + field.size(), head.find("\r\n", at + 2) - at - field.size());
    EXPECT_EQ(value, row.content_range);
  }
}

TEST(ResponseAnswer, HasTheTypeOfItsAnswerFirst) {
  const Model model = model_of("abc");
  const std::string server = "\r\nServer: stampede\r\n", close = "Connection: close\r\n\r\n";
  const std::string etag = "Accept-Ranges: bytes\r\nETag: \"" + model.sha256.hex() + "\"\r\n";
  const std::string bytes = server + "Content-Type: application/octet-stream\r\n" + etag;
  const std::string parts = server + "Content-Type: multipart/byteranges; boundary=stampede-part\r\n" + etag;
  const struct {
    const char* turn;
    std::optional<std::string> range;
    std::string head;
  } rows[] = {
      {"none", "bytes=0-0",
       "HTTP/1.1 206 Partial Content" + bytes + "Content-Range: bytes 0-0/3\r\nContent-Length: 1\r\n" + close},
      {"range_multipart", "bytes=0-0", "HTTP/1.1 206 Partial Content" + parts + "Content-Length: 109\r\n" + close},
      {"content_encoding", {}, "HTTP/1.1 200 OK" + bytes + "Content-Encoding: gzip\r\nContent-Length: 26\r\n" + close},
      {"chunked_trailers",
       {},
       "HTTP/1.1 200 OK" + bytes + "Transfer-Encoding: chunked\r\nTrailer: X-Served-By\r\n" + close},
      {"status:304", {}, "HTTP/1.1 304 Redirection" + server + close},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(head_of(compile(parse_turn(row.turn).value(), model, {.range = row.range})), row.head) << row.turn;
  }
  EXPECT_EQ(head_of(compile_refusal(405)), "HTTP/1.1 405 Method Not Allowed" + server +
                                               "Allow: GET\r\nContent-Type: text/plain\r\nContent-Length: 23\r\n" +
                                               close);
  EXPECT_EQ(text_of(compile_refusal(405)), "405 Method Not Allowed\n");
}

TEST(ResponseAnswer, IsOfTheVersionThatIsAskedForOrOfHowOftenItWas) {
  const Model model = model_of("abc");
  const auto first_byte = [&](const char* turn, std::uint64_t requests_before) {
    const ResponseScript script = compile(parse_turn(turn).value(), model, {.requests_before = requests_before});
    const std::string text = text_of(script);
    return text.empty() ? -1 : ('a' ^ text[0]) & 0xff;
  };
  for (const std::string turn : {"other_version_same_etag", "other_version_new_etag"}) {
    EXPECT_EQ(first_byte(turn.c_str(), 0), -1);
    EXPECT_EQ(first_byte(turn.c_str(), 1), 1);
    EXPECT_EQ(first_byte(turn.c_str(), 255), 255);
    EXPECT_EQ(first_byte(turn.c_str(), 256), 1);
    EXPECT_EQ(first_byte((turn + ":7").c_str(), 0), 7);
    EXPECT_EQ(first_byte((turn + ":7").c_str(), 3), 7);
  }
  const auto etag = [&](const char* turn, std::uint64_t requests_before) {
    const std::string head = head_of(compile(parse_turn(turn).value(), model, {.requests_before = requests_before}));
    const std::size_t at = head.find("ETag: ") + 6;
    return head.substr(at, head.find("\r\n", at) - at);
  };
  const std::string own = "\"" + model.sha256.hex() + "\"";
  EXPECT_EQ(etag("other_version_same_etag:2", 3), own);
  EXPECT_EQ(etag("other_version_new_etag", 0), own);
  EXPECT_EQ(etag("other_version_new_etag", 3), "\"" + model.sha256.hex() + "-3\"");
  EXPECT_EQ(etag("other_version_new_etag:2", 3), "\"" + model.sha256.hex() + "-2\"");
}

TEST(ResponseAnswer, EncodesAsGzipDoes) {
  std::string bytes;
  for (const ScriptStep& step : compile(parse_turn("content_encoding").value(), model_of("abc")).steps) {
    if (const auto* text = std::get_if<SendText>(&step)) bytes += text->bytes;
    if (std::holds_alternative<SendBody>(step)) bytes += "abc";
  }
  // CRC-32 of "abc" is 0x352441c2.
  EXPECT_EQ(bytes, std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x03\0\xfc\xff"
                               "abc\xc2\x41\x24\x35\x03\0\0\0",
                               26));
  const ResponseScript two = compile(parse_turn("content_encoding").value(), generated_model("m", 65'536));
  ASSERT_EQ(two.steps.size(), 8U);
  EXPECT_EQ(std::get<SendText>(two.steps[2]).bytes, std::string("\0\xff\xff\0\0", 5)) << "not the last block";
  EXPECT_EQ(std::get<SendText>(two.steps[4]).bytes, std::string("\x01\x01\0\xfe\xff", 5));
  EXPECT_EQ(std::get<SendText>(two.steps[6]).bytes.size(), 8U);
}

TEST(ResponseAnswer, NamesEveryStatus) {
  const std::pair<int, const char*> names[] = {{200, "OK"},
                                               {206, "Partial Content"},
                                               {300, "Redirection"},
                                               {302, "Found"},
                                               {399, "Redirection"},
                                               {400, "Bad Request"},
                                               {401, "Client Error"},
                                               {403, "Forbidden"},
                                               {404, "Not Found"},
                                               {405, "Method Not Allowed"},
                                               {408, "Request Timeout"},
                                               {410, "Gone"},
                                               {416, "Range Not Satisfiable"},
                                               {429, "Too Many Requests"},
                                               {499, "Client Error"},
                                               {500, "Internal Server Error"},
                                               {501, "Server Error"},
                                               {502, "Bad Gateway"},
                                               {503, "Service Unavailable"},
                                               {504, "Gateway Timeout"},
                                               {599, "Server Error"}};
  for (const auto& [status, name] : names) EXPECT_EQ(reason_of(status), name) << status;
}

TEST(ResponseAnswer, HasOddLinesOfTheirCount) {
  const auto lines_of = [](const char* turn) {
    const std::string head = head_of(compile(parse_turn(turn).value(), model_of("abc")));
    const std::size_t begin = head.find("Content-Length: 3") + 17, end = head.find("Connection: close");
    return head.substr(begin, end - begin);
  };
  EXPECT_EQ(lines_of("none"), "\r\n");
  EXPECT_EQ(lines_of("header_too_long:1"), "\r\nX-Long: \r\n");
  EXPECT_EQ(lines_of("header_too_long:10"), "\r\nX-Long: \r\n");
  EXPECT_EQ(lines_of("header_too_long:11"), "\r\nX-Long: x\r\n");
  EXPECT_EQ(lines_of("header_too_long").size(), 2U + 128 * 1024);
  EXPECT_EQ(lines_of("headers_too_many:2"), "\r\nX-Many-0: x\r\nX-Many-1: x\r\n");
  EXPECT_EQ(lines_of("folded_header"), "\r\nX-Folded: first\r\n second\r\n");
  const std::string bare = head_of(compile(parse_turn("bare_lf").value(), model_of("abc")));
  EXPECT_EQ(bare.find('\r'), std::string::npos);
  EXPECT_TRUE(bare.ends_with("Content-Length: 3\nConnection: close\n\n")) << bare;
}

}  // namespace
}  // namespace stampede
