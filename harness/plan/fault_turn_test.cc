// Turns: which faults go together, which contradict each other, and who meets which.
#include "harness/plan/fault_turn.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

FaultTurn turn(const char* text) { return parse_turn(text).value(); }

TEST(FaultTurn, ComesBackFromItsPrintedForm) {
  for (const char* text :
       {"none", "flip_byte:7", "drip:1000+flip_byte:7", "interim+drip:10:pause=2ms+zero_bytes:0+chunked_trailers",
        "stall_before_headers:for=1ms+stall_in_body:9:for=2ms+drip:5+garbage_before+bare_lf+length_too_long+"
        "swap_halves+range_wrong_start+reset_in_body:3"}) {
    const auto parsed = parse_turn(text);
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(print(*parsed), text);
    EXPECT_TRUE(parse_turn(print(*parsed)).value() == *parsed);
  }
  EXPECT_TRUE(turn("none").parts.empty());
  EXPECT_TRUE(turn("none") == FaultTurn(NetworkFault{}));
  EXPECT_EQ(turn("drip:5+bare_lf").parts.size(), 2U);
}

TEST(FaultTurn, RefusesPartsThatContradictEachOtherAndNamesBoth) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"flip_byte:7+zero_bytes:9", "flip_byte:7 and zero_bytes:9 contradict each other: both decide the content"},
      {"flip_byte:1+drip:5+flip_byte:2", "flip_byte:1 and flip_byte:2 contradict each other: both decide the content"},
      {"status:503+flip_byte:7", "status:503 and flip_byte:7 contradict each other: both decide the content"},
      {"status:503+redirect_loop", "both decide which answer is given"},
      {"redirect_loop+range_ignored", "both decide which answer is given"},
      {"close_in_body:1+reset_in_body:2", "both decide the end"},
      {"chunked_cut+close_in_body:1", "both decide the end"},
      {"chunked_cut+length_missing", "both decide the framing of the body"},
      {"bare_lf+folded_header", "both decide the header lines"},
      {"interim+garbage_before", "both decide what comes before the status line"},
      {"drip:1+drip:2", "both decide the size of the pieces"},
      {"stall_in_body:1:for=1ms+stall_in_body:2:for=1ms", "both decide the pause in the body"},
      {"stall_in_body:1+reset_in_body:2", "both decide the end"},
      {"reset_on_accept+drip:1", "reset_on_accept leaves nothing for the other to change"},
      {"drip:1+close_on_accept", "close_on_accept leaves nothing for the other to change"},
      {"refused+drip:1", "refused leaves nothing for the other to change"},
      {"stall_before_headers+flip_byte:1", "stall_before_headers leaves nothing for the other to change"},
      {"length_missing+bytes_after_body", "nothing comes after a body that ends with its connection"},
  };
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_turn(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, modelcache::ErrorCode::invalid_argument);
    EXPECT_NE(parsed.error().detail.find(expected), std::string::npos) << parsed.error().detail;
    EXPECT_EQ(parsed.error().place, text);
  }
}

TEST(FaultTurn, LetsEveryPairOfKindsBeOrNot) {
  // Symmetric, and no kind twice: the table of aspects has no hole.
  int allowed = 0;
  for (const FaultKind left : all_fault_kinds()) {
    for (const FaultKind right : all_fault_kinds()) {
      if (left == FaultKind::none || right == FaultKind::none) continue;
      FaultTurn both = NetworkFault{.kind = left};
      both.parts.push_back({.kind = right});
      FaultTurn reversed = NetworkFault{.kind = right};
      reversed.parts.push_back({.kind = left});
      EXPECT_EQ(check(both).has_value(), check(reversed).has_value()) << print(both);
      if (left == right) {
        EXPECT_FALSE(check(both)) << print(both);
      }
      allowed += check(both) ? 1 : 0;
    }
  }
  EXPECT_GT(allowed, 600);
}

TEST(FaultTurn, ErrorsOfAPartNameThePart) {
  EXPECT_EQ(parse_turn("drip:10+explode").error().place, "explode");
  EXPECT_NE(parse_turn("drip:10+").error().detail.find("expected one of none, refused"), std::string::npos);
  EXPECT_NE(parse_turn("none+drip:10").error().detail.find("'none' stands alone"), std::string::npos);
  EXPECT_NE(parse_turn("drip:10+none").error().detail.find("'none' stands alone"), std::string::npos);
}

TEST(FaultTurn, NamesItsKinds) {
  EXPECT_EQ(kinds_of({}), std::vector<FaultKind>{FaultKind::none});
  EXPECT_EQ(kinds_of(turn("drip:5+bare_lf")), (std::vector<FaultKind>{FaultKind::drip, FaultKind::bare_lf}));
  EXPECT_EQ(find_part(turn("drip:5+bare_lf"), FaultKind::drip)->count, 5U);
  EXPECT_EQ(find_part(turn("bare_lf"), FaultKind::drip), nullptr);
}

TEST(FaultTurn, IsHarmlessOnlyWhereAllItsPartsAre) {
  for (const char* text : {"none", "drip:1", "length_missing+drip:1:pause=5ms", "interim:8", "chunked_trailers",
                           "bytes_after_body", "redirect_relative", "redirect_other_host", "range_ignored",
                           "stall_before_headers:for=1s", "stall_in_body:7:for=20ms"}) {
    EXPECT_TRUE(is_harmless(turn(text))) << text;
  }
  for (const char* text : {"drip:1+flip_byte:7", "interim:9", "stall_before_headers", "stall_in_body:1",
                           "stall_in_body:1:for=1001ms", "bare_lf", "redirect_loop", "chunked_cut"}) {
    EXPECT_FALSE(is_harmless(turn(text))) << text;
  }
}

TEST(FaultTurn, SaysWhereCarefulClientsDiffer) {
  for (const char* text : {"bare_lf", "folded_header", "header_too_long", "headers_too_many:5+drip:1", "interim:9"}) {
    EXPECT_TRUE(is_refusable(turn(text))) << text;
  }
  for (const char* text : {"none", "interim", "flip_byte:1", "garbage_before"}) {
    EXPECT_FALSE(is_refusable(turn(text))) << text;
  }
}

TEST(FaultSequence, EndsInGoodResponsesOrStartsAgain) {
  const FaultTurn reset = turn("reset_on_accept");
  const FaultTurn close = turn("close_on_accept");
  const FaultSequence once{.faults = {reset, close}, .repeats = false};
  const FaultSequence again{.faults = {reset, close}, .repeats = true};
  for (std::uint64_t i = 0; i < 2; ++i) EXPECT_TRUE(once.at(i) == again.at(i));
  EXPECT_TRUE(once.at(0) == reset);
  EXPECT_TRUE(once.at(1) == close);
  EXPECT_TRUE(once.at(2) == FaultTurn{});
  EXPECT_TRUE(again.at(2) == reset);
  EXPECT_TRUE(again.at(1'000'001) == close);
  EXPECT_TRUE((FaultSequence{.faults = {}, .repeats = true}.at(5) == FaultTurn{}));
}

TEST(FaultSequence, PutsGoodResponsesBeforeEachTurn) {
  const FaultTurn reset = turn("reset_on_accept");
  const FaultTurn close = turn("close_on_accept");
  FaultSequence sequence{.faults = {reset, close}, .repeats = true, .every = 3};
  for (std::uint64_t i = 0; i < 12; ++i) {
    EXPECT_TRUE(sequence.at(i) == (i % 3 != 2 ? FaultTurn{} : i % 6 == 2 ? reset : close)) << i;
  }
  sequence.repeats = false;
  EXPECT_TRUE(sequence.at(5) == close);
  EXPECT_TRUE(sequence.at(8) == FaultTurn{});
}

}  // namespace
}  // namespace stampede
