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
  const auto hundred = quantiles_of(from_down_to_one(100)).value();
  EXPECT_EQ(hundred.p50, nanoseconds(50));
  EXPECT_EQ(hundred.p95, nanoseconds(95));
  EXPECT_EQ(hundred.p99, nanoseconds(99));
  EXPECT_EQ(hundred.largest, nanoseconds(100));
  EXPECT_EQ(hundred.sum, nanoseconds(5050));
  const auto three = quantiles_of(from_down_to_one(3)).value();
  EXPECT_EQ(three.p50, nanoseconds(2));
  EXPECT_EQ(three.p95, nanoseconds(3));
  const auto one = quantiles_of(from_down_to_one(1)).value();
  EXPECT_EQ(one.p50, nanoseconds(1));
  EXPECT_EQ(one.count, 1U);
  EXPECT_FALSE(quantiles_of({}));
}

TEST(Measures, AddUp) {
  Measures all;
  all.add({.times = {{"get", {nanoseconds(2)}}}, .counts = {{"bytes", 5}}});
  all.add({.times = {{"get", {nanoseconds(1)}}, {"connect", {nanoseconds(7)}}}, .counts = {{"bytes", 6}}});
  EXPECT_EQ(all.times.at("get"), (Samples{nanoseconds(2), nanoseconds(1)}));
  EXPECT_EQ(all.times.at("connect").size(), 1U);
  EXPECT_EQ(all.counts.at("bytes"), 11U);
}

}  // namespace
}  // namespace stampede
