// The account of a sent body: full only when the head, the bytes, their order and the framing are right.
#include "harness/faults/sent_body.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 10\r\n\r\n";

TEST(SentBody, IsFullAfterTheLastByteInOrder) {
  SentBody body(10);
  body.sent_head(kHead);
  body.sent_model(0, 4);
  body.sent_model(4, 5);
  EXPECT_FALSE(body.is_full());
  body.sent_model(9, 1);
  EXPECT_TRUE(body.is_full());
}

TEST(SentBody, IsNotFullOutOfOrder) {
  SentBody body(10);
  body.sent_head(kHead);
  body.sent_model(5, 5);
  body.sent_model(0, 5);
  body.sent_fin();
  EXPECT_FALSE(body.is_full());
}

TEST(SentBody, IsNotFullWithForeignBytes) {
  SentBody body(10);
  body.sent_head(kHead);
  body.sent_model(0, 5);
  body.sent_other(1);
  body.sent_model(5, 5);
  EXPECT_FALSE(body.is_full());
}

TEST(SentBody, IsNotFullWithoutAHead) {
  SentBody body(0);
  body.sent_fin();
  EXPECT_FALSE(body.is_full());
}

TEST(SentBody, NeedsTheLengthThatItsHeadDeclares) {
  const auto full = [](std::string_view head) {
    SentBody body(10);
    body.sent_head(head);
    body.sent_model(0, 10);
    return body.is_full();
  };
  EXPECT_TRUE(full(kHead));
  EXPECT_TRUE(full("HTTP/1.1 200 OK\r\ncontent-length:10\r\n\r\n"));
  EXPECT_FALSE(full("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"));
  EXPECT_FALSE(full("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"));
  EXPECT_FALSE(full("HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n"));
  EXPECT_FALSE(full("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 10\r\n\r\n"));
  EXPECT_FALSE(full("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_FALSE(full("HTTP/1.1 503 OK\r\nContent-Length: 10\r\n\r\n"));
}

TEST(SentBody, WithoutALengthIsFullOnlyOnceItsConnectionIsClosed) {
  SentBody body(10);
  body.sent_head("HTTP/1.1 200 OK\r\n\r\n");
  body.sent_model(0, 10);
  EXPECT_FALSE(body.is_full());
  body.sent_fin();
  EXPECT_TRUE(body.is_full());
}

}  // namespace
}  // namespace stampede
