// Tests of the sources of choices.
#include "harness/plan/choices.h"

#include <gtest/gtest.h>

#include <vector>

namespace stampede {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

// The ten thousandth value that the C++ standard requires of mt19937_64 with its default seed.
TEST(SeedChoices, AreThoseOfTheStandardsGenerator) {
  const auto choices = choices_of_seed(5489);
  constexpr std::uint64_t kCount = 0xffff'ffff'ffff'ffff;
  for (int i = 1; i < 10'000; ++i) choices->below(kCount);
  EXPECT_EQ(choices->below(kCount), 9'981'545'732'273'789'042ULL);
}

TEST(SeedChoices, TakeTheHighBits) {
  const auto choices = choices_of_seed(1);
  std::vector<std::uint64_t> drawn;
  for (const std::uint64_t count : {10ULL, 1000ULL, 3ULL, 1ULL, 0xffff'ffff'ffff'ffffULL}) {
    drawn.push_back(choices->below(count));
  }
  EXPECT_EQ(drawn, (std::vector<std::uint64_t>{2, 139, 1, 0, 387'828'560'950'575'246}));
}

TEST(SeedChoices, AreEven) {
  const auto choices = choices_of_seed(5);
  std::vector<int> counts(5);
  for (int i = 0; i < 50'000; ++i) ++counts.at(choices->below(5));
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);  // more than five standard deviations
}

TEST(SeedChoices, DifferBetweenSeeds) {
  EXPECT_NE(choices_of_seed(1)->below(1ULL << 60), choices_of_seed(2)->below(1ULL << 60));
}

TEST(ByteChoices, TakeAsFewBytesAsTheCountNeeds) {
  const std::vector<std::byte> bytes = bytes_of({7, 255, 1, 2, 3, 9});
  const auto choices = choices_of_bytes(bytes);
  EXPECT_EQ(choices->below(1), 0U);               // none
  EXPECT_EQ(choices->below(4), 3U);               // one: 7 % 4
  EXPECT_EQ(choices->below(256), 255U);           // one
  EXPECT_EQ(choices->below(257), 0x201U % 257);   // two
  EXPECT_EQ(choices->below(1ULL << 40), 0x903U);  // five, of which two are there
}

TEST(ByteChoices, AreZerosAfterTheEnd) {
  const auto choices = choices_of_bytes({});
  for (const std::uint64_t count : {1ULL, 2ULL, 300ULL, 0xffff'ffff'ffff'ffffULL}) EXPECT_EQ(choices->below(count), 0U);
}

TEST(Choices, ChanceIsFalseForZero) {
  const auto zeros = choices_of_bytes({});
  EXPECT_FALSE(zeros->chance(1, 2));
  EXPECT_FALSE(zeros->chance(99, 100));
  EXPECT_TRUE(zeros->chance(1, 1));
  EXPECT_FALSE(zeros->chance(0, 1));
  const auto seed = choices_of_seed(9);
  int hits = 0;
  for (int i = 0; i < 30'000; ++i) hits += seed->chance(2, 3) ? 1 : 0;
  EXPECT_NEAR(hits, 20'000, 500);
}

}  // namespace
}  // namespace stampede
