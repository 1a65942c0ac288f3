// Network faults: print and parse are inverse, and errors say what was expected.
#include "harness/plan/network_fault.h"

#include <gtest/gtest.h>

#include <set>

namespace stampede {
namespace {

using std::chrono::seconds;

TEST(NetworkFault, HasARowInTheTableForEveryKind) {
  // One past the last kind; a new kind must move this and thereby come by here.
  constexpr int kKindCount = static_cast<int>(FaultKind::garbage_before) + 1;
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
  EXPECT_EQ(name_of(FaultKind::garbage_before), "garbage_before");
}

TEST(NetworkFault, IsFoundByItsName) {
  for (const FaultKind kind : all_fault_kinds()) EXPECT_EQ(kind_named(name_of(kind)), kind);
  EXPECT_FALSE(kind_named("explode"));
  EXPECT_FALSE(kind_named(""));
}

TEST(NetworkFault, ComesBackFromItsPrintedForm) {
  int compared = 0;
  for (const FaultKind kind : all_fault_kinds()) {
    const auto [positional, keyed] = parameters_of(kind);
    std::vector<NetworkFault> faults;
    if (positional != "bytes") faults.push_back({.kind = kind});
    if (positional == "at") {
      faults.push_back({.kind = kind, .at_bytes = 1});
      faults.push_back({.kind = kind, .at_bytes = 18446744073709551615ULL});
    }
    if (positional == "bytes" || positional == "count" || positional == "version") {
      faults.push_back({.kind = kind, .count = 1});
      faults.push_back({.kind = kind, .count = 1'000'000});
    }
    if (positional == "status") faults.push_back({.kind = kind, .status = 404});
    for (std::size_t i = 0, plain = faults.size(); i < plain && !keyed.empty(); ++i) {
      faults.push_back(faults[i]);
      if (keyed == "retry_after") faults.back().retry_after = seconds(static_cast<int>(i));
      if (keyed != "retry_after") faults.back().time = std::chrono::milliseconds(7 * i);
    }
    for (const NetworkFault& fault : faults) {
      const auto parsed = parse_fault(print(fault));
      ASSERT_TRUE(parsed) << parsed.error().message();
      EXPECT_TRUE(*parsed == fault) << print(fault) << " came back as " << print(*parsed);
      ++compared;
    }
  }
  // Kinds but drip, places, numbers, a status; each of those that have a time or a Retry-After once more with it.
  EXPECT_EQ(compared, 41 + 5 * 2 + 6 * 2 + 1 + (1 + 3 + 2 + 2));
}

TEST(NetworkFault, PrintsTheShorthand) {
  EXPECT_EQ(print(NetworkFault{}), "none");
  EXPECT_EQ(print({.kind = FaultKind::reset_in_body, .at_bytes = 1000}), "reset_in_body:1000");
  EXPECT_EQ(print({.kind = FaultKind::status, .status = 429, .retry_after = seconds(1)}), "status:429:retry_after=1");
  EXPECT_EQ(print({.kind = FaultKind::stall_in_body, .at_bytes = 7, .time = std::chrono::seconds(2)}),
            "stall_in_body:7:for=2000ms");
  EXPECT_EQ(print({.kind = FaultKind::drip, .count = 10}), "drip:10");
}

TEST(NetworkFault, TakesSizesAndADefaultStatus) {
  EXPECT_EQ(parse_fault("close_in_body:64KiB").value().at_bytes, 65536U);
  EXPECT_TRUE(parse_fault("status").value() == (NetworkFault{.kind = FaultKind::status, .status = 503}));
  EXPECT_TRUE(parse_fault("status:retry_after=1").value() ==
              (NetworkFault{.kind = FaultKind::status, .status = 503, .retry_after = seconds(1)}));
  EXPECT_EQ(parse_fault("drip:1KiB:pause=2s").value().time, std::chrono::milliseconds(2000));
  EXPECT_EQ(parse_fault("drip:1KiB:pause=2s").value().count, 1024U);
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
      {"status:429:retry_after=86401", "'86401': expected seconds from 0 to 86400"},
      {"drip", "drip needs a number of bytes, as in drip:1000"},
      {"drip:0", "'0': expected at least one byte"},
      {"drip:pause=1ms", "drip needs a number of bytes"},
      {"drip:10:5ms", "'5ms': expected pause=TIME"},
      {"drip:10:pause=5", "'5': expected a time such as 20ms or 2s"},
      {"drip:10:pause=ms", "'ms': expected a time"},
      {"drip:10:pause=86401s", "expected a time from 0 to 86400"},
      {"stall_before_headers:7", "'7': expected for=TIME"},
      {"stall_in_body:for=7ms", "stall_in_body needs a number of bytes"},
      {"interim:0", "'0': expected a number from 1 to 1000000"},
      {"interim:x", "'x': expected a number"},
      {"other_version_new_etag:0", "expected a number from 1"},
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
  const std::set<FaultKind> harmless = {
      FaultKind::none,          FaultKind::length_missing,    FaultKind::bytes_after_body,
      FaultKind::drip,          FaultKind::redirect_relative, FaultKind::redirect_other_host,
      FaultKind::range_ignored, FaultKind::chunked_trailers,  FaultKind::interim};
  for (const FaultKind kind : all_fault_kinds()) {
    EXPECT_EQ(is_harmless(NetworkFault{.kind = kind}), harmless.contains(kind)) << name_of(kind);
  }
}

}  // namespace
}  // namespace stampede
