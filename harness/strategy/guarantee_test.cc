// Tests of what schedules guarantee: against the formula by hand, and against trials.
#include "harness/strategy/guarantee.h"

#include <gtest/gtest.h>

#include <cmath>

namespace stampede {
namespace {

TEST(Guarantee, OfOneScheduleIsTheFormulaOfThePaper) {
  EXPECT_DOUBLE_EQ(pct_bound(2, 100, 1), 0.5);
  EXPECT_DOUBLE_EQ(pct_bound(2, 100, 2), 1.0 / 200);
  EXPECT_DOUBLE_EQ(pct_bound(3, 10, 4), 1.0 / 3000);
  EXPECT_DOUBLE_EQ(pct_bound(1, 1, 5), 1.0);
}

TEST(Guarantee, OfManyMissesOnlyWhereAllMiss) {
  const auto found = guarantees(2, 50, {{2, 460}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].depth, 2U);
  EXPECT_NEAR(found[0].probability, 1 - std::pow(0.99, 460), 1e-12);
  EXPECT_EQ(print(found[0]), "any bug of depth 2 with probability 0.9901 or more");
}

TEST(Guarantee, CountsDeeperSearchesForShallowBugs) {
  const auto found = guarantees(2, 10, {{2, 5}, {4, 1000}, {3, 7}});
  ASSERT_EQ(found.size(), 3U);
  const double two = 1 - std::pow(1 - 1.0 / 20, 5) * std::pow(1 - 1.0 / 200, 7) * std::pow(1 - 1.0 / 2000, 1000);
  EXPECT_NEAR(found[0].probability, two, 1e-12);
  EXPECT_NEAR(found[1].probability, 1 - std::pow(1 - 1.0 / 200, 7) * std::pow(1 - 1.0 / 2000, 1000), 1e-12);
  EXPECT_NEAR(found[2].probability, 1 - std::pow(1 - 1.0 / 2000, 1000), 1e-12);
  EXPECT_EQ(found[2].depth, 4U);
}

TEST(Guarantee, OfNothingIsNone) {
  EXPECT_TRUE(guarantees(2, 10, {}).empty());
  EXPECT_TRUE(guarantees(2, 10, {{3, 0}}).empty());
  EXPECT_TRUE(guarantees(2, 10, {{1, 100}}).empty());
}

// A tiny probability is not lost in rounding, and none is rounded up.
TEST(Guarantee, IsExactAtBothEnds) {
  const auto little = guarantees(64, 100'000, {{5, 3}});
  EXPECT_GT(little.back().probability, 0.0);
  EXPECT_NEAR(little.back().probability / (3 * pct_bound(64, 100'000, 5)), 1, 1e-9);
  EXPECT_EQ(print({2, 0.99999}), "any bug of depth 2 with probability 0.9999 or more");
  EXPECT_EQ(guarantees(1, 1, {{2, 1}})[0].probability, 1.0);
}

}  // namespace
}  // namespace stampede
