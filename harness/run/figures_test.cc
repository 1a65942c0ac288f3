// Medians and quotients are exact, and nothing is made of nothing.
#include "harness/run/figures.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

TEST(Figures, TakeTheMiddle) {
  EXPECT_EQ(median({}), std::nullopt);
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({8, 1}), 4.5);
  EXPECT_EQ(median({9, 1, 4}), 4);
  EXPECT_EQ(median({100, 1, 6, 4}), 5);
  EXPECT_EQ(median({5, 1, 2, 30, 40}), 5);
}

TEST(Figures, DivideOnlyWhatIsThere) {
  EXPECT_EQ(quotient(3, 4), 0.75);
  EXPECT_EQ(quotient(4, 2), 2);
  EXPECT_EQ(quotient(0, 2), 0);
  EXPECT_EQ(quotient(std::nullopt, 2), std::nullopt);
  EXPECT_EQ(quotient(2, std::nullopt), std::nullopt);
  EXPECT_EQ(quotient(2, 0), std::nullopt);
  EXPECT_EQ(quotient(2, -1), std::nullopt);
  EXPECT_EQ(quotient(2, 0.5), 4);
}

}  // namespace
}  // namespace stampede
