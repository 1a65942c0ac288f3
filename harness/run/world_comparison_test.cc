// Runs are compared with others, never with themselves, and where they part is said.
#include "harness/run/world_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace stampede {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

SimOutcome judged_once() {
  SimOutcome outcome;
  outcome.judged = {1, 2};
  return outcome;
}

TEST(WorldComparison, PrintsTheFirstDifferenceBehindWhatBothShare) {
  const auto outcome_of = [](const std::vector<std::uint64_t>& results) {
    SimOutcome outcome;
    for (const std::uint64_t result : results) outcome.trace.emplace_back().result = result;
    return outcome;
  };
  const SimOutcome one = outcome_of({1, 2, 3, 4, 5, 6}), other = outcome_of({1, 2, 3, 4, 7, 8});
  const std::string text = first_difference("sim", one, "live", other);
  std::vector<std::string> starts;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const std::size_t result = text.find("result ", at);
    starts.push_back(text.substr(at, 8) + text.substr(result + 6, 2));
  }
  EXPECT_THAT(starts, testing::ElementsAre("    both 2", "    both 3", "    both 4", "     sim 5", "    live 7"));

  SimOutcome shorter, longer;
  shorter.files = {"a"};
  longer.files = {"a", "b"};
  EXPECT_THAT(first_difference("sim", shorter, "live", longer), EndsWith("     sim  (ended)\n    live  b\n"));
  EXPECT_THAT(first_difference("sim", longer, "live", shorter), EndsWith("     sim  b\n    live  (ended)\n"));
}

TEST(WorldComparison, SaysInWhatARepetitionDiffers) {
  SimOutcome first = judged_once(), same = judged_once(), moved = judged_once(), judged = judged_once(),
             fewer = judged_once();
  moved.trace_hash = 1;
  judged.judged[1] = 3;
  fewer.judged.pop_back();
  EXPECT_EQ(repetition_difference(first, same), "");
  EXPECT_EQ(repetition_difference(first, moved), "the traces differ");
  EXPECT_THAT(repetition_difference(first, judged), HasSubstr("   first  invariant 1 judged 2 times\n"
                                                              "  second  invariant 1 judged 3 times\n"));
  EXPECT_THAT(repetition_difference(first, fewer), HasSubstr("  second  (ended)\n"));
  EXPECT_THAT(repetition_difference(fewer, first), HasSubstr("   first  (ended)\n"));
}

static_assert(!std::is_copy_constructible_v<SimOutcome> && !std::is_copy_assignable_v<SimOutcome>,
              "a copy would be a run that can be compared with itself");
static_assert(!std::is_reference_v<decltype(std::declval<SimRunner&>().run({}, std::declval<Strategy&>()))>,
              "two runs of one runner would be one object");

TEST(WorldComparisonDeathTest, RefusesToCompareARunWithItself) {
  const SimOutcome outcome;
  EXPECT_DEATH((void)first_difference("sim", outcome, "live", outcome), "a run was compared with itself");
  EXPECT_DEATH((void)repetition_difference(outcome, outcome), "a run was compared with itself");
}

TEST(WorldComparison, SaysWhereStepsPart) {
  const auto steps = [](const std::vector<std::uint32_t>& processes) {
    std::vector<Step> list;
    for (const std::uint32_t process : processes) list.emplace_back().process = process;
    return list;
  };
  EXPECT_EQ(first_step_difference(steps({}), steps({})), "");
  EXPECT_EQ(first_step_difference(steps({0, 1, 2}), steps({0, 1, 2})), "");
  EXPECT_EQ(first_step_difference(steps({0, 1, 2}), steps({0, 2, 1})),
            "step 2: expected process 1 now, got process 2 now");
  EXPECT_EQ(first_step_difference(steps({0, 1}), steps({0})), "step 2: expected process 1 now, got the end");
  EXPECT_EQ(first_step_difference(steps({}), steps({7})), "step 1: expected the end, got process 7 now");
  std::vector<Step> later = steps({0});
  later[0].at = std::chrono::nanoseconds(1);
  EXPECT_EQ(first_step_difference(steps({0}), later), "") << "a clock is no part of a trace";
}

}  // namespace
}  // namespace stampede
