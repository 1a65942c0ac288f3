// Network faults: print and parse are inverse, and errors say what was expected.
#include "harness/plan/network_fault.h"

#include <gtest/gtest.h>

#include <set>

namespace stampede {
namespace {

using std::chrono::seconds;

TEST(NetworkFault, HasARowInTheTableForEveryKind) {
  // One past the last kind; a new kind must move this and thereby come by here.
  constexpr int kKindCount = static_cast<int>(FaultKind::length_missing) + 1;
  const std::vector<FaultKind>& kinds = all_fault_kinds();
  ASSERT_EQ(kinds.size(), static_cast<std::size_t>(kKindCount));
  std::set<std::string_view> names;
  for (int i = 0; i < kKindCount; ++i) {
    EXPECT_EQ(static_cast<int>(kinds[static_cast<std::size_t>(i)]), i);
    names.insert(name_of(static_cast<FaultKind>(i)));
    EXPECT_FALSE(description_of(static_cast<FaultKind>(i)).empty());
  }
  EXPECT_EQ(names.size(), kinds.size());
  EXPECT_EQ(name_of(FaultKind::reset_in_body), "reset_in_body");
  EXPECT_EQ(name_of(FaultKind::length_missing), "length_missing");
}

TEST(NetworkFault, ComesBackFromItsPrintedForm) {
  int compared = 0;
  for (const FaultKind kind : all_fault_kinds()) {
    std::vector<NetworkFault> faults = {NetworkFault{.kind = kind}};
    const bool has_offset = kind == FaultKind::close_in_body || kind == FaultKind::reset_in_body ||
                            kind == FaultKind::flip_byte || kind == FaultKind::zero_bytes;
    if (has_offset) {
      faults.push_back({.kind = kind, .at_bytes = 1});
      faults.push_back({.kind = kind, .at_bytes = 18446744073709551615ULL});
    }
    if (kind == FaultKind::status) {
      faults.push_back({.kind = kind, .status = 404});
      faults.push_back({.kind = kind, .status = 429, .retry_after = seconds(1)});
      faults.push_back({.kind = kind, .status = 503, .retry_after = seconds(0)});
    }
    for (const NetworkFault& fault : faults) {
      const auto parsed = parse_fault(print(fault));
      ASSERT_TRUE(parsed) << parsed.error().message();
      EXPECT_TRUE(*parsed == fault) << print(fault) << " came back as " << print(*parsed);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 15 + 4 * 2 + 3);
}

TEST(NetworkFault, PrintsTheShorthand) {
  EXPECT_EQ(print({}), "none");
  EXPECT_EQ(print({.kind = FaultKind::reset_in_body, .at_bytes = 1000}), "reset_in_body:1000");
  EXPECT_EQ(print({.kind = FaultKind::status, .status = 429, .retry_after = seconds(1)}), "status:429:retry_after=1");
}

TEST(NetworkFault, TakesSizesAndADefaultStatus) {
  EXPECT_EQ(parse_fault("close_in_body:64KiB").value().at_bytes, 65536U);
  EXPECT_TRUE(parse_fault("status").value() == (NetworkFault{.kind = FaultKind::status, .status = 503}));
}

TEST(NetworkFault, ErrorsNameThePartAndWhatWasExpected) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "expected one of none, refused,"},
      {"explode", "'explode': expected one of none, refused, reset_on_accept"},
      {"Reset_in_body:1", "'Reset_in_body': expected one of"},
      {"reset_in_body", "as in reset_in_body:1000"},
      {"reset_in_body:", "'': expected a size"},
      {"reset_in_body:ten", "'ten': expected a size"},
      {"reset_in_body:-1", "'-1': expected a size"},
      {"flip_byte:18446744073709551616", "expected a size"},
      {"flip_byte:7:8", "'8': nothing more was expected"},
      {"none:", "'': nothing more was expected"},
      {"swap_halves:1", "'1': nothing more was expected"},
      {"status:abc", "'abc': expected a number"},
      {"status:", "'': expected a number"},
      {"status:200", "expected a status from 300 to 599"},
      {"status:600", "expected a status from 300 to 599"},
      {"status:429:1", "'1': expected retry_after=SECONDS"},
      {"status:429:retry_after=", "'': expected a number"},
      {"status:429:retry_after=-1", "'-1': expected a number"},
      {"status:429:retry_after=86401", "expected at most 86400 seconds"},
      {"status:429:retry_after=1:2", "'2': nothing more was expected"},
  };
  for (const auto& [text, expected] : cases) {
    const auto fault = parse_fault(text);
    ASSERT_FALSE(fault) << text;
    EXPECT_EQ(fault.error().code, modelcache::ErrorCode::invalid_argument) << text;
    EXPECT_NE(fault.error().detail.find(expected), std::string::npos) << text << " -> " << fault.error().detail;
    EXPECT_EQ(fault.error().place, text);
  }
}

TEST(NetworkFault, IsHarmlessOnlyWhereTheBytesComeRightAllTheSame) {
  for (const FaultKind kind : all_fault_kinds()) {
    EXPECT_EQ(is_harmless({.kind = kind}), kind == FaultKind::none || kind == FaultKind::length_missing)
        << name_of(kind);
  }
}

TEST(FaultSequence, EndsInGoodResponsesOrStartsAgain) {
  const NetworkFault reset{.kind = FaultKind::reset_on_accept};
  const NetworkFault close{.kind = FaultKind::close_on_accept};
  const FaultSequence once{.faults = {reset, close}, .repeats = false};
  const FaultSequence again{.faults = {reset, close}, .repeats = true};
  for (std::uint64_t i = 0; i < 2; ++i) EXPECT_TRUE(once.at(i) == again.at(i));
  EXPECT_TRUE(once.at(0) == reset);
  EXPECT_TRUE(once.at(1) == close);
  EXPECT_TRUE(once.at(2) == NetworkFault{});
  EXPECT_TRUE(again.at(2) == reset);
  EXPECT_TRUE(again.at(1'000'001) == close);
  EXPECT_TRUE((FaultSequence{.faults = {}, .repeats = true}.at(5) == NetworkFault{}));
}

}  // namespace
}  // namespace stampede
