// Which of an exploration's discoveries are shrunk, and what becomes of them.
#include "harness/cli/shrunk_discoveries.h"

#include <gtest/gtest.h>

#include "harness/cli/subject_option.h"
#include "harness/free/directory_for_test.h"
#include "harness/plan/plan_json.h"
#include "harness/run/sim_benchmark.h"

namespace stampede {
namespace {

// A subject that does nothing and says that all is done: each run of three gets violates the same.
class ShrunkDiscoveries : public testing::Test {
 protected:
  ShrunkDiscoveries() {
    options_.make_world = [] {
      return std::move(*make_world_with(std::string(STAMPEDE_PLUGINS) + "/idle_subject.so", false));
    };
    options_.plan = three_get_one();
    options_.runs = 1;
    found_ = explore_sim(options_, [](const SimTotals&) {}).discoveries;
  }
  // As many of the first discovery as there are names of models, in files of their own.
  std::vector<SavedDiscovery> named(const std::vector<std::string>& models) {
    std::vector<SavedDiscovery> saved;
    for (const std::string& model : models) {
      SavedDiscovery each{found_.front(), directory_.path() + "/" + std::to_string(saved.size()) + ".json"};
      each.discovery.plan.models[0].name = model;
      each.discovery.violations[0].object = model;
      saved.push_back(std::move(each));
    }
    return saved;
  }
  static std::string shrunk_ones(const std::vector<SavedDiscovery>& saved) {
    std::string text;
    for (const SavedDiscovery& each : saved) text += each.smallest ? 'x' : '.';
    return text;
  }

  TestDirectory directory_;
  SimExplorationOptions options_;
  std::vector<SimDiscovery> found_;
};

TEST_F(ShrunkDiscoveries, AreTheFirstOfEachBugAndFiveAtMost) {
  ASSERT_FALSE(found_.empty());
  ASSERT_FALSE(found_.front().violations.empty());
  // Digits are chance: m1 is the same bug as m0.
  auto saved = named({"m0", "m1", "a", "b", "b2", "c", "d", "e"});
  saved[2].file = "";  // its plan could not be kept
  saved[5].discovery.violations.clear();
  saved[5].discovery.divergence = "step 1";
  shrink_discoveries(options_, false, saved);
  EXPECT_EQ(shrunk_ones(saved), "x..x..xx");
  for (const SavedDiscovery& each : saved) {
    if (!each.smallest) {
      EXPECT_EQ(each.shrunk_file, "");
      continue;
    }
    EXPECT_EQ(each.shrunk_file, each.file.substr(0, each.file.size() - 5) + "-shrunk.json");
    const auto plan = read_plan(each.shrunk_file);
    ASSERT_TRUE(plan);
    EXPECT_EQ(*plan, each.smallest->shrunk.plan);
    EXPECT_EQ(plan->processes.size(), 1U);
    EXPECT_EQ(plan->note.expect, found_.front().violations.front().invariant);
  }
  auto many = named({"a", "b", "c", "d", "e", "f"});
  shrink_discoveries(options_, false, many);
  EXPECT_EQ(shrunk_ones(many), "xxxxx.");
}

TEST_F(ShrunkDiscoveries, AreNoneOnceItIsInterrupted) {
  ASSERT_FALSE(found_.empty());
  auto saved = named({"m0"});
  options_.is_interrupted = [] { return true; };
  shrink_discoveries(options_, false, saved);
  EXPECT_EQ(shrunk_ones(saved), ".");
}

TEST_F(ShrunkDiscoveries, AreOnlyThoseThatComeAgain) {
  ASSERT_FALSE(found_.empty());
  auto saved = named({"m0"});
  saved[0].discovery.violations[0].invariant = "no_entry_vanishes";
  shrink_discoveries(options_, false, saved);
  EXPECT_EQ(shrunk_ones(saved), ".");
}

TEST_F(ShrunkDiscoveries, AreShownAsTheyWereFirstWhereThatIsWanted) {
  ASSERT_FALSE(found_.empty());
  for (const bool shows_text : {true, false}) {
    auto saved = named({"m0"});
    testing::internal::CaptureStdout();
    shrink_discoveries(options_, shows_text, saved);
    const std::string said = testing::internal::GetCapturedStdout();
    const StepViolation& violation = found_.front().violations.front();
    EXPECT_EQ(said, shows_text ? "unshrunk: " + violation.invariant + ": " + violation.what + "\n          " +
                                     print_line(saved[0].discovery.plan) + "\n"
                               : "");
  }
}

}  // namespace
}  // namespace stampede
