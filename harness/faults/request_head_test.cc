// Request heads: found the same however they are cut, read strictly, mapped to model names.
#include "harness/faults/request_head.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace stampede {
namespace {

constexpr std::size_t kMax = 1024;
constexpr std::string_view kGood = "GET /m1.onnx HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(RequestHead, EndsWithItsEmptyLineHoweverItIsCut) {
  for (std::size_t cut = 0; cut < kGood.size(); ++cut) {
    EXPECT_EQ(find_head_end(kGood.substr(0, cut), kMax).state, HeadState::incomplete) << cut;
  }
  const HeadEnd end = find_head_end(std::string(kGood) + "more\r\n\r\n", kMax);
  EXPECT_EQ(end.state, HeadState::complete);
  EXPECT_EQ(end.size, kGood.size());
}

TEST(RequestHead, MayBeAsLongAsTheLimitAndNoLonger) {
  EXPECT_EQ(find_head_end(kGood, kGood.size()).state, HeadState::complete);
  EXPECT_EQ(find_head_end(kGood, kGood.size() - 1).state, HeadState::too_long);
  EXPECT_EQ(find_head_end(std::string(kMax, 'a'), kMax).state, HeadState::incomplete);
  EXPECT_EQ(find_head_end(std::string(kMax + 1, 'a'), kMax).state, HeadState::too_long);
}

TEST(RequestHead, WithBareLineFeedOrNulIsMalformed) {
  EXPECT_EQ(find_head_end("GET / HTTP/1.1\n\n", kMax).state, HeadState::malformed);
  EXPECT_EQ(find_head_end("\n", kMax).state, HeadState::malformed);
  EXPECT_EQ(find_head_end(std::string_view("GET \0", 5), kMax).state, HeadState::malformed);
}

TEST(RequestHead, NamesAModelWithoutQuery) {
  const RequestHead request = parse_request_head("GET /a/b%20c.onnx?x=%zz HTTP/1.0\r\n\r\n");
  EXPECT_EQ(request.refusal, 0);
  EXPECT_EQ(request.target, "/a/b%20c.onnx?x=%zz");
  EXPECT_EQ(request.name, "a/b c.onnx");
  EXPECT_EQ(parse_request_head(kGood).name, "m1.onnx");
}

TEST(RequestHead, RefusesWhatIsNoGet) {
  for (const char* method : {"POST", "HEAD", "get", "PUT"}) {
    const RequestHead request = parse_request_head(std::string(method) + " /m HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(request.refusal, 405) << method;
    EXPECT_EQ(request.target, "/m");
    EXPECT_EQ(request.name, "");
  }
}

TEST(RequestHead, RefusesWhatIsNotWellFormed) {
  for (const char* head : {
           "\r\n\r\n",
           "hello\r\n\r\n",
           "GET /m\r\n\r\n",
           "GET  HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET m HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET /m /n HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET /m HTTP/2.0\r\nHost: h\r\n\r\n",
           "GET /m HTTP/1.1 \r\nHost: h\r\n\r\n",
           "GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET /%4 HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET /%4g HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET ?m HTTP/1.1\r\nHost: h\r\n\r\n",
           "G(T /m HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET /m HTTP/1.1\r\n\r\n",
           "GET /m HTTP/1.1\r\nHost: h\r\nhOST: h\r\n\r\n",
           "GET /m HTTP/1.1\r\nHost : h\r\n\r\n",
           "GET /m HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
           "GET /m HTTP/1.1\r\nHost: h\r\nnonsense\r\n\r\n",
           "GET /m HTTP/1.1\r\nHost: \x7f\r\n\r\n",
           "GET /m HTTP/1.1\r\nHost: a\rb\r\n\r\n",
       }) {
    EXPECT_EQ(parse_request_head(head).refusal, 400) << head;
  }
}

TEST(RequestHead, IsReadToTheEdgesOfItsCharacters) {
  const auto refusal_of = [](const std::string& head) { return parse_request_head(head).refusal; };
  const auto with_name = [](const std::string& name) {
    return "GET /m HTTP/1.1\r\nHost: h\r\n" + name + ": x\r\n\r\n";
  };
  const std::string symbols = "!#$%&'*+-.^_`|~", others = "\"(),/:;<=>?@[\\]{}\x7f ";
  for (const char c : symbols + "09azAZ") EXPECT_EQ(refusal_of(with_name(std::string(1, c))), 0) << c;
  for (const char c : others) EXPECT_EQ(refusal_of(with_name("a" + std::string(1, c) + "b")), c == ':' ? 0 : 400) << c;
  EXPECT_EQ(refusal_of(with_name("")), 400);
  const auto with_value = [](char c) { return "GET /m HTTP/1.1\r\nHost: h\r\nX: a" + std::string(1, c) + "b\r\n\r\n"; };
  for (const char c : {'\t', ' ', '!', '~', '\x80', '\xff'}) EXPECT_EQ(refusal_of(with_value(c)), 0) << int{c};
  for (const char c : {'\x01', '\x08', '\x0b', '\x1f', '\x7f'}) EXPECT_EQ(refusal_of(with_value(c)), 400) << int{c};
  const auto with_target = [](const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"; };
  for (const char* target : {"/!", "/~", "/"}) EXPECT_EQ(refusal_of(with_target(target)), 0) << target;
  for (const char* target : {"/\x1f", "/\x7f", "/\x80", "/%", "/%1", "/%g1", "/%1G", "/%/0", "/%:0", "/%@0", "/%`0"}) {
    EXPECT_EQ(refusal_of(with_target(target)), 400) << target;
  }
  const std::pair<const char*, const char*> decoded[] = {{"/%41%5a", "AZ"}, {"/%4A%4f", "JO"}, {"/%61", "a"},
                                                         {"/%09x", "\tx"},  {"/a%2fb", "a/b"}, {"/%25", "%"},
                                                         {"/x%7e", "x~"}};
  for (const auto& [target, name] : decoded) EXPECT_EQ(parse_request_head(with_target(target)).name, name) << target;
}

TEST(RequestHead, HasOneHostAndAtMostOneRangeOfEachKind) {
  struct Row {
    const char *version, *fields;
    int refusal;
    std::optional<std::string> range = {}, if_range = {};
  };
  const std::vector<Row> rows = {
      {"1.1", "Host: h\r\n", 0},
      {"1.0", "Host: h\r\n", 0},
      {"1.0", "", 0},
      {"1.1", "X: h\r\n", 400},
      {"1.0", "Host: h\r\nHost: h\r\n", 400},
      {"1.1", "HOST: h\r\nrAnGe:\t bytes=0-1 \t\r\n", 0, "bytes=0-1"},
      {"1.1", "Host: h\r\nRange:\r\n", 0, ""},
      {"1.1", "Host: h\r\nRanges: a\r\nRang: b\r\n", 0},
      {"1.1", "Host: h\r\nRange: a\r\nIf-Range: e f\r\n", 0, "a", "e f"},
      {"1.1", "Host: h\r\nRange: a\r\nRange: a\r\n", 0},
      {"1.1", "Host: h\r\nRange: a\r\nRange: a\r\nRange: a\r\n", 0},
      {"1.1", "Host: h\r\nRange: a\r\nIf-Range: e\r\nIf-Range: e\r\n", 0},
      {"1.1", "Host: h\r\nIf-Range: e\r\n", 0, {}, "e"},
  };
  for (const Row& row : rows) {
    const RequestHead request =
        parse_request_head("GET /m HTTP/" + std::string(row.version) + "\r\n" + row.fields + "\r\n");
    EXPECT_EQ(request.refusal, row.refusal) << row.fields;
    if (row.refusal != 0) continue;
    EXPECT_EQ(request.range, row.range) << row.fields;
    EXPECT_EQ(request.if_range, row.if_range) << row.fields;
    EXPECT_EQ(request.name, "m");
  }
}

TEST(RequestHead, TakesBackTheNameThatATargetWasMadeOf) {
  for (const char* name : {"m1.onnx", "a/b/c", "with space", "100%", "q?x", "h#x", "\xc3\xa9"}) {
    const std::string target = target_of(name);
    EXPECT_EQ(parse_request_head("GET " + target + " HTTP/1.0\r\n\r\n").name, name) << target;
  }
  EXPECT_EQ(target_of("a/my model.onnx"), "/a/my%20model.onnx");
  EXPECT_EQ(target_of("-._~/09azAZ"), "/-._~/09azAZ");
  EXPECT_EQ(target_of("\xff\x01%+"), "/%FF%01%25%2B");
}

TEST(ModelName, HasNoEmptyOrDottedParts) {
  for (const char* name : {"m", "m1.onnx", "a/b", "..a", ".hidden"}) EXPECT_TRUE(is_model_name(name)) << name;
  for (const char* name : {"", ".", "..", "/m", "m/", "a//b", "a/../b", "a/."})
    EXPECT_FALSE(is_model_name(name)) << name;
  EXPECT_FALSE(is_model_name(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace stampede
