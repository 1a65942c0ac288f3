// The account of a sent body: full only when the head, the bytes, their order and the framing are right.
#include "harness/faults/sent_body.h"

#include <gtest/gtest.h>

#include <vector>

namespace stampede {
namespace {

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 10\r\n\r\n";
constexpr std::string_view kContent = "0123456789";

std::shared_ptr<const Bytes> bytes_of(std::string_view text) {
  Bytes bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  return std::make_shared<const Bytes>(std::move(bytes));
}

// Whether the response is full, in one piece and byte by byte.
bool full(std::string_view response, bool is_closed = false, std::string_view model = kContent) {
  SentBody whole(bytes_of(model));
  whole.sent(response);
  SentBody dripped(bytes_of(model));
  for (const char c : response) dripped.sent({&c, 1});
  if (is_closed) whole.sent_fin(), dripped.sent_fin();
  EXPECT_EQ(whole.is_full(), dripped.is_full()) << response;
  return whole.is_full();
}

std::string with_content(std::string_view head, std::string_view content = kContent) {
  return std::string(head) + std::string(content);
}

TEST(SentBody, IsFullAfterTheLastByteInOrder) {
  SentBody body(bytes_of(kContent));
  body.sent(kHead);
  body.sent("01234");
  body.sent("5678");
  EXPECT_FALSE(body.is_full());
  body.sent("9");
  EXPECT_TRUE(body.is_full());
}

TEST(SentBody, ComparesEveryByte) {
  EXPECT_TRUE(full(with_content(kHead)));
  EXPECT_FALSE(full(with_content(kHead, "5678901234")));
  EXPECT_FALSE(full(with_content(kHead, "012345678x")));
  EXPECT_FALSE(full(with_content(kHead, "x123456789")));
  EXPECT_FALSE(full(kHead));
  EXPECT_FALSE(full("", true, ""));
  EXPECT_TRUE(full("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, ""));
}

TEST(SentBody, EndsWithItsDeclaredLength) {
  EXPECT_TRUE(full(with_content(kHead) + "more"));
  EXPECT_TRUE(full(with_content("HTTP/1.1 200 OK\r\ncontent-length:10 \r\n\r\n")));
  EXPECT_TRUE(full(with_content("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 10\r\n\r\n")));
  for (const char* head :
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 11\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 206 OK\r\nContent-Length: 10\r\n\r\n", "HTTP/1.1 503 OK\r\nContent-Length: 10\r\n\r\n",
        "garbage\r\nHTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"}) {
    EXPECT_FALSE(full(with_content(head), true)) << head;
  }
}

TEST(SentBody, WithoutALengthIsFullOnlyOnceItsConnectionIsClosed) {
  constexpr std::string_view kNoLength = "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_FALSE(full(with_content(kNoLength)));
  EXPECT_TRUE(full(with_content(kNoLength), true));
  EXPECT_FALSE(full(with_content(kNoLength) + "x", true));
  EXPECT_FALSE(full(with_content(kNoLength, "012345678"), true));
}

TEST(SentBody, IsReadInChunks) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(full(head + "3\r\n012\r\n7\r\n3456789\r\n0\r\n\r\n"));
  EXPECT_TRUE(full(head + "A\r\n0123456789\r\n0\r\nX: y\r\n\r\nmore"));
  EXPECT_TRUE(full(head + "0\r\n\r\n", false, ""));
  for (const char* body :
       {"a\r\n0123456789\r\n", "a\r\n0123456789\r\n0\r\n", "a\r\n0123456789\r\n0\r\nX: y\r\n", "3\r\n012\r\n",
        "some\r\n0123456789\r\n0\r\n\r\n", "9\r\n0123456789\r\n0\r\n\r\n", "b\r\n0123456789x\r\n0\r\n\r\n",
        "a\r\n0123456789XX0\r\n\r\n", "\r\n0123456789\r\n0\r\n\r\n"}) {
    EXPECT_FALSE(full(head + body, true)) << body;
  }
}

TEST(SentBody, IsReadAsALenientClientWould) {
  EXPECT_TRUE(full(with_content("HTTP/1.1 103 Hint\r\nLink: x\r\n\r\n" + std::string(kHead))));
  EXPECT_TRUE(full(with_content("HTTP/1.1 200 OK\nContent-Length: 10\n\n")));
  EXPECT_TRUE(full(with_content("HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 3\r\nContent-Length: 10\r\n\r\n")));
  EXPECT_FALSE(full("HTTP/1.1 103 Hint\r\nLink: x\r\n\r\n", true));
}

}  // namespace
}  // namespace stampede
