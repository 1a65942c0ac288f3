// What an explanation says: narrow, in words, with both steps of the pair where they happened.
#include "harness/cli/explanation_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cache/key.h"
#include "harness/cli/step_words.h"
#include "harness/plan/model.h"
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

TEST(StepWords, TakeNamesOfCommandsAsTheyAre) {
  Plan plan;
  plan.models = {{"m0", 10}};
  plan.subject = "pooch";
  const StepWords words(plan);
  const std::string digest = generated_model("m0", 10).sha256.hex();
  EXPECT_EQ(words.place(digest), "the file of m0");
  EXPECT_EQ(words.place(digest + ".part"), "(m0).part");
  EXPECT_EQ(words.place("tmpwhztl1gk"), "tmpwhztl1gk");
  EXPECT_EQ(words.place("entries/sha256-" + digest), "the entry of m0");
  EXPECT_EQ(words.shortened("entries/sha256-" + digest + ", " + digest), "entries/(m0), (m0)");
}

TEST(StepWords, NamePlacesAndSteps) {
  Plan plan;
  plan.models = {{"m0", 10}};
  const StepWords words(plan);
  const std::string key = modelcache::key_of(generated_model("m0", 10).sha256);
  EXPECT_EQ(words.place("entries/" + key), "the entry of m0");
  EXPECT_EQ(words.place("locks/" + key + ".lock"), "the lock file of m0");
  EXPECT_EQ(words.place("tmp/" + key + ".1.2.3.tmp"), "a temporary of m0");
  EXPECT_EQ(words.place("manifest.json"), "the manifest");
  EXPECT_EQ(words.place("entries/sha256-0"), "the entry of another file");
  EXPECT_EQ(words.shortened("process 1 took entries/" + key + " away, twice"),
            "process 1 took entries/(m0) away, twice");
  Step step;
  step.kind = StepKind::open;
  step.path = "entries/" + key;
  step.error = ENOENT;
  EXPECT_EQ(words.of(step), "looks for the entry of m0 and finds none");
  step.kind = StepKind::unlink;
  step.error = 0;
  EXPECT_EQ(words.of(step), "removes the entry of m0");
  step.kind = StepKind::write;
  step.error = ENOSPC;
  EXPECT_EQ(words.of(step), "writes 0 bytes to the entry of m0, which fails (ENOSPC)");
}

}  // namespace
}  // namespace stampede
