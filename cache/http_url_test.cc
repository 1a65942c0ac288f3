// URLs: normal forms, refusals, and RFC 3986's examples of resolving.
#include "cache/http_url.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace modelcache {
namespace {

std::string normal(std::string_view text) {
  const auto url = HttpUrl::parse(text);
  return url ? url->text : url.error().message();
}

TEST(HttpUrl, TakesAnAddressApart) {
  const auto url = HttpUrl::parse("HTTP://Models.Example.ORG:8080/a/b.onnx?v=1&w=%2f#part");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->text, "http://models.example.org:8080/a/b.onnx?v=1&w=%2F");
  EXPECT_EQ(url->host, "models.example.org");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->target, "/a/b.onnx?v=1&w=%2F");
  EXPECT_EQ(url->authority, "models.example.org:8080");
}

TEST(HttpUrl, HasOneNormalFormForEquivalentUrls) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"http://h", "http://h/"},
      {"http://h:80/x", "http://h/x"},
      {"http://h:/x", "http://h/x"},
      {"http://h:0080/x", "http://h/x"},
      {"http://H/%7euser", "http://h/~user"},
      {"http://h/%C3%a9", "http://h/%C3%A9"},
      {"http://h/a/./b/../c", "http://h/a/c"},
      {"http://h/../../etc/passwd", "http://h/etc/passwd"},
      {"http://h/%2e%2e/%2E%2e/etc", "http://h/etc"},
      {"http://h/a%2Fb", "http://h/a%2Fb"},
      {"http://h?q", "http://h/?q"},
      {"http://h/?", "http://h/?"},
      {"http://h/#", "http://h/"},
      {"http://ex%61mple.org/", "http://example.org/"},
      {"http://[0:0:0:0:0:0:0:1]:81/", "http://[::1]:81/"},
      {"http://[::FFFF:1.2.3.4]/", "http://[::ffff:1.2.3.4]/"},
      {"http://127.0.0.1/x", "http://127.0.0.1/x"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(normal(text), expected) << text;
    EXPECT_EQ(normal(normal(text)), normal(text)) << text;
  }
  EXPECT_EQ(HttpUrl::parse("http://[::1]/")->host, "::1");
  EXPECT_EQ(HttpUrl::parse("http://[::1]:81/")->authority, "[::1]:81");
}

TEST(HttpUrl, NormalFormOfAPathIsStable) {
  const std::vector<std::string> parts = {"", ".", "..", "a", "%2e", "%2F", "a:b", "%41", ";"};
  for (const auto& a : parts) {
    for (const auto& b : parts) {
      for (const auto& c : parts) {
        const std::string text = "http://h/" + a + "/" + b + "/" + c;
        const auto url = HttpUrl::parse(text);
        ASSERT_TRUE(url.has_value()) << text << ": " << url.error().message();
        EXPECT_EQ(url->target.front(), '/') << text;
        EXPECT_EQ(url->target.find("/../"), std::string::npos) << text;
        EXPECT_EQ(normal(url->text), url->text) << text;
      }
    }
  }
}

TEST(HttpUrl, RefusesWhatItCannotFetchAndSaysWhy) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "is empty"},
      {"models/x.onnx", "no absolute URL"},
      {"//h/x", "no absolute URL"},
      {"http:/x", "no host"},
      {"http:///x", "no host"},
      {"http://:80/x", "no host"},
      {"https://h/x", "https is not supported yet"},
      {"HTTPS://h/x", "https is not supported yet"},
      {"file:///etc/passwd", "scheme file, expected http"},
      {"ftp://h/x", "scheme ftp, expected http"},
      {"http://user:secret@h/x", "user info"},
      {"http://@h/x", "user info"},
      {"http://h:0/x", "port 0, expected 1 to 65535"},
      {"http://h:65536/x", "port 65536, expected 1 to 65535"},
      {"http://h:99999999999999/x", "expected 1 to 65535"},
      {"http://h:x/", "no number after its host's colon"},
      {"http://h/a b", "byte 32 at 10"},
      {"http://h/a\r\nHost: evil", "byte 13 at 10"},
      {std::string("http://h/a\0b", 12), "byte 0 at 10"},
      {"http://h/\xc3\xa9", "byte 195 at 9"},
      {"http://h/%zz", "no absolute URL"},
      {"http://h%00/", "neither a name nor an address"},
      {"http://h%0d%0a/", "neither a name nor an address"},
      {"http://a%2Fb/", "neither a name nor an address"},
      {"http://[::1/", "no absolute URL"},
      {"http://[v1.x]/", "unknown address family"},
      {"http://h/" + std::string(kUrlBytesMax, 'x'), "expected at most 8192"},
  };
  for (const auto& [text, expected] : cases) {
    const auto url = HttpUrl::parse(text);
    ASSERT_FALSE(url.has_value()) << text << " became " << url->text;
    EXPECT_EQ(url.error().code, ErrorCode::invalid_argument) << text;
    EXPECT_NE(url.error().detail.find(expected), std::string::npos) << url.error().message();
    EXPECT_EQ(url.error().message().find("secret"), std::string::npos);
    EXPECT_EQ(url.error().message().find('\n'), std::string::npos);
  }
  EXPECT_TRUE(HttpUrl::parse("http://h/" + std::string(kUrlBytesMax - 9, 'x')).has_value());
}

// RFC 3986, 5.4, with http in place of the example's scheme. Fragments are dropped.
TEST(HttpUrl, ResolvesReferences) {
  const auto base = HttpUrl::parse("http://a/b/c/d;p?q");
  ASSERT_TRUE(base.has_value());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g/"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q"},
      {"g#s", "http://a/b/c/g"},
      {";x", "http://a/b/c/;x"},
      {".", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g..", "http://a/b/c/g.."},
      {"./../g", "http://a/b/g"},
      {"g/../h", "http://a/b/c/h"},
      {"http://X:81/y", "http://x:81/y"},
      {"//[::1]:8/y", "http://[::1]:8/y"},
  };
  for (const auto& [reference, expected] : cases) {
    const auto url = base->resolve(reference);
    EXPECT_EQ(url ? url->text : url.error().message(), expected) << reference;
  }
}

TEST(HttpUrl, RefusesToBeLedElsewhere) {
  const auto base = HttpUrl::parse("http://a/b");
  ASSERT_TRUE(base.has_value());
  for (const char* reference :
       {"", "file:///etc/passwd", "ftp://h/x", "https://h/x", "http://u:secret@h/x", "//:1/x", "http:///x",
        "http://h:x", "http://h:0/", "a b", "\r\nX: y", "javascript:1", "http:g", "%"}) {
    const auto url = base->resolve(reference);
    ASSERT_FALSE(url.has_value()) << reference << " became " << url->text;
    EXPECT_EQ(url.error().code, ErrorCode::bad_response) << reference;
    EXPECT_EQ(url.error().place, "http://a/b");
    EXPECT_EQ(url.error().message().find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace modelcache
