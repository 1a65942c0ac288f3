// What an explanation says: narrow, in words, with both steps of the pair where they happened.
#include "harness/cli/explanation_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "harness/run/shrink.h"
#include "harness/run/shrink_for_test.h"

namespace stampede {
namespace {

using testing::HasSubstr;

TEST(ExplanationText, IsNarrowAndInWords) {
  SimRunner runner;
  std::uint64_t seed = 1;
  for (int i = 0; i < 5; ++i) {
    const Plan failing = failing_plan(runner, find_two_downloads, seed);
    const Plan plan = shrink(failing, trial_with(runner, find_two_downloads)).plan;
    const std::string text = text_of(explain(runner, plan, find_two_downloads));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
    EXPECT_EQ(text.find("Broken:   planted: two downloads"), 0U) << text;
    for (const char* const part :
         {"\nPlan:     ", "\nHow it fails.", "    (A) ", "The nearest run in which all holds: process ",
          "What decides is the order of two steps:", "(A) before (B): it fails.", "How it holds", "    (B) ",
          "a temporary of m"}) {
      EXPECT_THAT(text, HasSubstr(part));
    }
    EXPECT_EQ(text.find("sha256-"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace stampede
