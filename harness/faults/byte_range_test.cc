// Range fields: one range of bytes is read by RFC 9110, 14.1.2; anything else asks for the whole.
#include "harness/faults/byte_range.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

constexpr std::string_view kETag = "\"e\"";

RangeDecision decide(const char* range, std::uint64_t size) { return decide_range(range, std::nullopt, kETag, size); }

TEST(ByteRange, IsReadInItsThreeForms) {
  struct Case {
    const char* range;
    std::uint64_t begin, end;  // of ten bytes
  };
  for (const Case& c :
       {Case{"bytes=0-0", 0, 1}, Case{"bytes=0-9", 0, 10}, Case{"bytes=3-5", 3, 6}, Case{"bytes=9-", 9, 10},
        Case{"bytes=0-", 0, 10}, Case{"bytes=5-100", 5, 10}, Case{"bytes=-1", 9, 10}, Case{"bytes=-10", 0, 10},
        Case{"bytes=-11", 0, 10}, Case{"bytes=0-10", 0, 10}, Case{"bytes=0-8", 0, 9}, Case{"bytes=7-7", 7, 8},
        Case{"bytes=-9", 1, 10}, Case{"bytes=2-99999999999999999999999", 2, 10}}) {
    const RangeDecision decision = decide(c.range, 10);
    EXPECT_EQ(decision.answer, RangeAnswer::partial) << c.range;
    EXPECT_EQ(decision.range, (ByteRange{c.begin, c.end})) << c.range;
  }
}

TEST(ByteRange, IsUnsatisfiableBehindTheLastByte) {
  for (const char* range : {"bytes=10-", "bytes=10-20", "bytes=99999999999999999999999-", "bytes=-0"}) {
    EXPECT_EQ(decide(range, 10).answer, RangeAnswer::unsatisfiable) << range;
  }
  EXPECT_EQ(decide("bytes=0-", 0).answer, RangeAnswer::unsatisfiable);
}

TEST(ByteRange, IsIgnoredWhereItIsSomethingElse) {
  for (const char* range : {"", "bytes", "bytes=", "bytes=-", "bytes=5", "bytes=5-3", "bytes=a-b", "bytes=1-2,4-5",
                            "bytes= 1-2", "items=0-5", "Bytes=0-5", "bytes=--5", "bytes=1-2-", "bytes=/-5", "bytes=:-5",
                            "bytes=1-/", "bytes=1-:", "bytes=-x", "bytes=5-4"}) {
    EXPECT_EQ(decide(range, 10).answer, RangeAnswer::whole) << range;
  }
  EXPECT_EQ(decide("bytes=-5", 0).answer, RangeAnswer::whole);
  EXPECT_EQ(decide_range(std::nullopt, std::nullopt, kETag, 10).answer, RangeAnswer::whole);
}

TEST(ByteRange, HoldsOnlyForTheVersionThatIfRangeNames) {
  EXPECT_EQ(decide_range("bytes=5-", "\"e\"", kETag, 10).answer, RangeAnswer::partial);
  EXPECT_EQ(decide_range("bytes=5-", "\"f\"", kETag, 10).answer, RangeAnswer::whole);
  EXPECT_EQ(decide_range("bytes=5-", "W/\"e\"", kETag, 10).answer, RangeAnswer::whole);
  EXPECT_EQ(decide_range("bytes=10-", "\"f\"", kETag, 10).answer, RangeAnswer::whole);
  EXPECT_EQ(decide_range(std::nullopt, "\"e\"", kETag, 10).answer, RangeAnswer::whole);
}

}  // namespace
}  // namespace stampede
