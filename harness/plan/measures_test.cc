// Quantiles are measured values, and nothing is made of nothing.
#include "harness/plan/measures.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

using std::chrono::nanoseconds;

Samples from_down_to_one(int count) {
  Samples samples;
  for (int i = count; i > 0; --i) samples.emplace_back(i);
  return samples;
}

TEST(Quantiles, AreTheNearestRanks) {
  struct Case {
    int count;
    std::int64_t p50, p95, p99, sum;
  };
  const Case cases[] = {{1, 1, 1, 1, 1},          {2, 1, 2, 2, 3},
                        {3, 2, 3, 3, 6},          {4, 2, 4, 4, 10},
                        {19, 10, 19, 19, 190},    {20, 10, 19, 20, 210},
                        {21, 11, 20, 21, 231},    {100, 50, 95, 99, 5050},
                        {101, 51, 96, 100, 5151}, {200, 100, 190, 198, 20100}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.count);
    const auto quantiles = quantiles_of(from_down_to_one(one.count));
    ASSERT_TRUE(quantiles);
    EXPECT_EQ(quantiles->count, static_cast<std::size_t>(one.count));
    EXPECT_EQ(quantiles->p50, nanoseconds(one.p50));
    EXPECT_EQ(quantiles->p95, nanoseconds(one.p95));
    EXPECT_EQ(quantiles->p99, nanoseconds(one.p99));
    EXPECT_EQ(quantiles->largest, nanoseconds(one.count));
    EXPECT_EQ(quantiles->sum, nanoseconds(one.sum));
  }
}

TEST(Quantiles, OfNothingAreNothing) { EXPECT_FALSE(quantiles_of({})); }

TEST(Measures, AddUp) {
  Measures all;
  all.add({.times = {{"get", {nanoseconds(2)}}}, .counts = {{"bytes", 5}}});
  all.add({.times = {{"get", {nanoseconds(1)}}, {"connect", {nanoseconds(7)}}},
           .counts = {{"bytes", 6}, {"redirects", 2}}});
  const std::map<std::string, Samples> times = {{"connect", {nanoseconds(7)}},
                                                {"get", {nanoseconds(2), nanoseconds(1)}}};
  EXPECT_EQ(all.times, times);
  EXPECT_EQ(all.counts, (std::map<std::string, std::uint64_t>{{"bytes", 11}, {"redirects", 2}}));
}

}  // namespace
}  // namespace stampede
