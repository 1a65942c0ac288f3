// Sizes and times: what is taken, what is refused and how they print.
#include "cache/command/quantities.h"

#include <gtest/gtest.h>

namespace modelcache {
namespace {

using std::chrono::milliseconds;

TEST(Quantities, TakesSizesWithBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("--max-size", "0").value(), 0U);
  EXPECT_EQ(parse_size("--max-size", "17").value(), 17U);
  EXPECT_EQ(parse_size("--max-size", "2K").value(), 2048U);
  EXPECT_EQ(parse_size("--max-size", "2KiB").value(), 2048U);
  EXPECT_EQ(parse_size("--max-size", "2KB").value(), 2000U);
  EXPECT_EQ(parse_size("--max-size", "3T").value(), 3ULL << 40);
  EXPECT_EQ(parse_size("--max-size", "18446744073709551615").value(), ~0ULL);
}

TEST(Quantities, RefusesWhatIsNoSizeAndNamesTheOption) {
  for (const auto* text :
       {"", "x", "-1", "+1", "1.5G", "1 G", "1g", "1GiBs", "0x10", "18446744073709551616", "16777216T", " 1"}) {
    const auto size = parse_size("--max-size", text);
    ASSERT_FALSE(size.has_value()) << text;
    EXPECT_EQ(size.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(size.error().message().find("--max-size: expected"), std::string::npos) << size.error().message();
    EXPECT_NE(size.error().message().find('"' + std::string(text) + '"'), std::string::npos);
  }
}

TEST(Quantities, TakesSecondsToTheMillisecond) {
  EXPECT_EQ(parse_seconds("--timeout", "30", false).value(), milliseconds(30'000));
  EXPECT_EQ(parse_seconds("--timeout", "0.5", false).value(), milliseconds(500));
  EXPECT_EQ(parse_seconds("--timeout", "0.0014", false).value(), milliseconds(1));
  EXPECT_EQ(parse_seconds("--timeout", "0", true).value(), milliseconds(0));
}

TEST(Quantities, RefusesWhatIsNoSpanOfTime) {
  for (const auto* text : {"", "x", "-1", "1s", "nan", "inf", "1e3", "0", "0.0001", "100000001"}) {
    EXPECT_FALSE(parse_seconds("--timeout", text, false).has_value()) << text;
  }
}

TEST(Quantities, PrintsSizes) {
  EXPECT_EQ(readable_size(0), "0 B");
  EXPECT_EQ(readable_size(1023), "1023 B");
  EXPECT_EQ(readable_size(1024), "1.0 KiB");
  EXPECT_EQ(readable_size(64ULL << 20), "64.0 MiB");
  EXPECT_EQ(readable_size((1ULL << 20) - 1), "1.0 MiB");
  EXPECT_EQ(readable_size(~0ULL), "16.0 EiB");
}

TEST(Quantities, PrintsSpansOfTime) {
  EXPECT_EQ(readable_seconds(0), "0:00");
  EXPECT_EQ(readable_seconds(6.2), "0:07");
  EXPECT_EQ(readable_seconds(3723), "1:02:03");
  EXPECT_EQ(readable_seconds(1e9), "-");
  EXPECT_EQ(readable_seconds(-1), "-");
  EXPECT_EQ(exact_seconds(milliseconds(30'000)), "30");
  EXPECT_EQ(exact_seconds(milliseconds(500)), "0.5");
  EXPECT_EQ(exact_seconds(milliseconds(1'005)), "1.005");
}

}  // namespace
}  // namespace modelcache
