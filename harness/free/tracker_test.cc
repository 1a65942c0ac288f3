// Phases follow each other without gaps, and each is timed once.
#include "harness/free/tracker.h"

#include <gtest/gtest.h>
#include <time.h>

namespace stampede {
namespace {

MachineTime monotonic_clock() {
  timespec time{};
  EXPECT_EQ(::clock_gettime(CLOCK_MONOTONIC, &time), 0);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

TEST(MachineNow, IsTheMonotonicClock) {
  const MachineTime before = monotonic_clock();
  const MachineTime now = machine_now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, monotonic_clock());
}

TEST(PhaseTimer, TimesPhasesOneAfterTheOther) {
  Tracker tracker;
  const MachineTime began = machine_now();
  MachineTime entered{}, about_to_end{};
  {
    PhaseTimer phases(tracker);
    EXPECT_EQ(phases.phase(), "");
    phases.enter("connect");
    entered = machine_now();
    phases.enter("connect");
    phases.enter("download");
    EXPECT_EQ(phases.phase(), "download");
    phases.enter("connect");
    about_to_end = machine_now();
  }
  const auto all = machine_now() - began;
  const auto& times = tracker.measures().times;
  ASSERT_EQ(times.size(), 2U);
  ASSERT_TRUE(times.contains("connect") && times.contains("download"));
  ASSERT_EQ(times.at("connect").size(), 2U);
  ASSERT_EQ(times.at("download").size(), 1U);
  for (const auto& [name, samples] : times) {
    for (const auto sample : samples) EXPECT_GT(sample.count(), 0) << name;
  }
  const auto sum = times.at("connect")[0] + times.at("connect")[1] + times.at("download")[0];
  EXPECT_GE(sum, about_to_end - entered) << "a gap";
  EXPECT_LE(sum, all);
}

TEST(PhaseTimer, TimesNothingBetweenPhases) {
  Tracker tracker;
  {
    PhaseTimer phases(tracker);
    phases.enter("open");
    phases.enter("");
    phases.enter("");
  }
  {
    const PhaseTimer idle(tracker);
  }
  ASSERT_EQ(tracker.measures().times.size(), 1U);
  EXPECT_EQ(tracker.measures().times.begin()->first, "open");
  EXPECT_EQ(tracker.measures().times.begin()->second.size(), 1U);
}

TEST(Tracker, KeepsAnyTimeAndCountsAnyMetric) {
  Tracker tracker;
  tracker.count("redirects", 2);
  tracker.count("redirects", 3);
  tracker.count("bytes", 7);
  tracker.time("get", std::chrono::nanoseconds(4));
  tracker.time("get", std::chrono::nanoseconds(1));
  EXPECT_EQ(tracker.measures().counts, (std::map<std::string, std::uint64_t>{{"bytes", 7}, {"redirects", 5}}));
  ASSERT_EQ(tracker.measures().times.size(), 1U);
  EXPECT_EQ(tracker.measures().times.begin()->second,
            (Samples{std::chrono::nanoseconds(4), std::chrono::nanoseconds(1)}));
}

}  // namespace
}  // namespace stampede
