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

TEST(SentBody, IsJudgedByEveryFieldThatFramesIt) {
  const auto head = [](const std::string& fields) { return "HTTP/1.1 200 OK\r\n" + fields + "\r\n"; };
  const std::string chunks = "a\r\n0123456789\r\n0\r\n\r\n";
  struct Row {
    const char* fields;
    bool is_chunked, is_full;
  };
  for (const Row& row :
       {Row{"Transfer-Encoding:\t CHUNKED \t\r\n", true, true}, Row{"Transfer-Encoding: gzip\r\n", true, false},
        Row{"Transfer-Encoding: chunke\r\n", true, false}, Row{"Transfer-Encoding: chunkedx\r\n", true, false},
        Row{"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", true, false},
        Row{"X-Transfer-Encoding: chunked\r\n", true, false},
        Row{"Content-Encoding: IDENTITY\r\nContent-Length: 10\r\n", false, true},
        Row{"Content-Encoding: br\r\nContent-Length: 10\r\n", false, false},
        Row{"Content-Length: 0x0a\r\n", false, false}, Row{"Content-Length: 10x\r\n", false, false},
        Row{"Content-Length: \r\n", false, false}, Row{"Content-Length: 010\r\n", false, true},
        Row{"Content-Length: -10\r\n", false, false}, Row{"CONTENT-LENGTH: 10\r\n", false, true},
        Row{"[ontent-Length: 3\r\nContent-Length: 10\r\n", false, true},
        Row{"Content-Length\r\nContent-Length: 10\r\n", false, true},
        Row{"X: y\r\n\tContent-Length: 3\r\nContent-Length: 10\r\n", false, true}}) {
    EXPECT_EQ(full(head(row.fields) + (row.is_chunked ? chunks : std::string(kContent))), row.is_full) << row.fields;
  }
  EXPECT_FALSE(full("HTTP/1.1 2000 OK\r\nContent-Length: 10\r\n\r\n" + std::string(kContent)));
  EXPECT_FALSE(full("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\n" + std::string(kContent)));
  EXPECT_FALSE(full(head("Transfer-Encoding: chunked\r\n") + "a\r\n0123456789\n0\r\n\r\n")) << "a chunk ends in CRLF";
  EXPECT_TRUE(full(head("Transfer-Encoding: chunked\r\n") + "A \n0123456789\r\n0\r\nX: y\n\n"));
  EXPECT_TRUE(full(head("Transfer-Encoding: chunked\r\n") + "a\r\n0123456789\r\n00\r\n\n"));
}

TEST(SentBody, StaysWrongAfterAWrongByte) {
  SentBody body(bytes_of("aaaa"));
  body.sent("HTTP/1.1 200 OK\r\n\r\n");
  body.sent("aa");
  body.sent("b");
  body.sent("aa");
  body.sent_fin();
  EXPECT_FALSE(body.is_full());
}

// The model's own bytes are compared by their place: the right ones at another place are wrong.
TEST(SentBody, ComparesTheModelsOwnBytesByPlace) {
  const auto model = bytes_of("abab");
  const auto* const own = reinterpret_cast<const char*>(model->data());
  SentBody right(model), moved(model), twice(model);
  for (SentBody* body : {&right, &moved, &twice}) body->sent("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
  right.sent({own, 2});
  right.sent({own, 2});  // the same letters
  EXPECT_TRUE(right.is_full());
  moved.sent({own + 1, 3});
  moved.sent({own, 1});
  EXPECT_FALSE(moved.is_full());
  twice.sent({own, 4});
  twice.sent({own, 4});
  EXPECT_TRUE(twice.is_full()) << "what follows the end is ignored";
}

TEST(SentBody, IsReadAsALenientClientWould) {
  EXPECT_TRUE(full(with_content("HTTP/1.1 103 Hint\r\nLink: x\r\n\r\n" + std::string(kHead))));
  EXPECT_TRUE(full(with_content("HTTP/1.1 200 OK\nContent-Length: 10\n\n")));
  EXPECT_TRUE(full(with_content("HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 3\r\nContent-Length: 10\r\n\r\n")));
  EXPECT_FALSE(full("HTTP/1.1 103 Hint\r\nLink: x\r\n\r\n", true));
}

}  // namespace
}  // namespace stampede
