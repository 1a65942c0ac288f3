// Phases follow each other without gaps, and each is timed once.
#include "harness/free/tracker.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

TEST(PhaseTimer, TimesPhasesOneAfterTheOther) {
  Tracker tracker;
  const MachineTime began = machine_now();
  {
    PhaseTimer phases(tracker);
    phases.enter("connect");
    phases.enter("connect");
    phases.enter("download");
    phases.enter("connect");
  }
  const auto all = machine_now() - began;
  const auto& times = tracker.measures().times;
  ASSERT_EQ(times.size(), 2U);
  ASSERT_EQ(times.at("connect").size(), 2U);
  ASSERT_EQ(times.at("download").size(), 1U);
  const auto sum = times.at("connect")[0] + times.at("connect")[1] + times.at("download")[0];
  EXPECT_GT(sum.count(), 0);
  EXPECT_LE(sum, all);
}

TEST(Tracker, CountsAnyMetric) {
  Tracker tracker;
  tracker.count("redirects", 2);
  tracker.count("redirects", 3);
  EXPECT_EQ(tracker.measures().counts.at("redirects"), 5U);
}

}  // namespace
}  // namespace stampede
