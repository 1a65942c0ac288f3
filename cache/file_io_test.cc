// Hashes of files of every size class, in whatever pieces the door reads them.
#include "cache/file_io.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cache/scratch_cache.h"

namespace modelcache {
namespace {

// Bytes without a period near a buffer's size.
std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 2654435761U) >> 13);
  return text;
}

TEST(HashFile, IsTheDigestOfTheBytesAtEverySizeAroundItsBuffers) {
  const auto os = make_posix_os();
  const ScratchDirectory scratch(*os);
  constexpr std::size_t kMib = 1024 * 1024;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kMib / 4, 4 * kMib - 1, 4 * kMib, 4 * kMib + 1,
                                 4 * kMib + kMib / 4, 4 * kMib + kMib / 2 + 7, 9 * kMib + 13}) {
    const auto text = pattern(size);
    const auto path = scratch.path() / std::to_string(size);
    write_file(path, text);
    const auto dir = os->open(kWorkingDirectory, scratch.path().string(), OpenMode::root);
    const auto fd = os->open(*dir, std::to_string(size), OpenMode::read);
    ASSERT_TRUE(fd);
    // What is expected may be wrong: someone truncates or appends meanwhile.
    for (const std::size_t expected : {size, std::size_t{0}, 100 * kMib}) {
      const auto hash = hash_file(*os, *fd, expected, path.string());
      ASSERT_TRUE(hash) << hash.error().message();
      EXPECT_EQ(hash->size_bytes, size);
      EXPECT_EQ(hash->sha256, sha256_of(text)) << size << ", expected " << expected;
    }
    EXPECT_TRUE(os->close(*fd) && os->close(*dir));
  }
}

TEST(HashFile, ReportsAReadThatFailsWhereverItDoes) {
  const auto posix = make_posix_os();
  const ScratchDirectory scratch(*posix);
  write_file(scratch.path() / "f", pattern(6'000'000));
  const auto dir = posix->open(kWorkingDirectory, scratch.path().string(), OpenMode::root);
  const auto fd = posix->open(*dir, "f", OpenMode::read);
  for (const std::size_t expected : {std::size_t{0}, std::size_t{6'000'000}}) {  // without and with a second thread
    std::size_t reads = 0;
    for (;; ++reads) {
      ScriptedOs os(posix.get());
      os.fail_step = reads;
      os.fail_with = Errno{EIO};
      const auto hash = hash_file(os, *fd, expected, "f");
      if (!os.failed_a_step) {
        EXPECT_TRUE(hash);
        break;
      }
      ASSERT_FALSE(hash) << "read " << reads;
      EXPECT_EQ(hash.error().code, ErrorCode::io);
    }
    EXPECT_GT(reads, 5U);
  }
  EXPECT_TRUE(posix->close(*fd) && posix->close(*dir));
}

}  // namespace
}  // namespace modelcache
