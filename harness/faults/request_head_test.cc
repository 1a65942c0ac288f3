// Request heads: found the same however they are cut, read strictly, mapped to model names.
#include "harness/faults/request_head.h"

#include <gtest/gtest.h>

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

TEST(RequestHead, TakesBackTheNameThatATargetWasMadeOf) {
  for (const char* name : {"m1.onnx", "a/b/c", "with space", "100%", "q?x", "h#x", "\xc3\xa9"}) {
    const std::string target = target_of(name);
    EXPECT_EQ(parse_request_head("GET " + target + " HTTP/1.0\r\n\r\n").name, name) << target;
  }
  EXPECT_EQ(target_of("a/my model.onnx"), "/a/my%20model.onnx");
}

TEST(ModelName, HasNoEmptyOrDottedParts) {
  for (const char* name : {"m", "m1.onnx", "a/b", "..a", ".hidden"}) EXPECT_TRUE(is_model_name(name)) << name;
  for (const char* name : {"", ".", "..", "/m", "m/", "a//b", "a/../b", "a/."})
    EXPECT_FALSE(is_model_name(name)) << name;
  EXPECT_FALSE(is_model_name(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace stampede
