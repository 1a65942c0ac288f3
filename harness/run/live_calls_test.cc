// Calls are made as often as they are asked for, and none where it is not known how.
#include "harness/run/live_calls.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "cache/posix_os.h"
#include "cache/scripted_os.h"
#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

TEST(LiveCalls, AreMadeAsOftenAsTheyAreAskedFor) {
  const TestDirectory directory;
  const auto posix = modelcache::make_posix_os();
  for (const auto& [kind, step] : {std::pair(kReadCalls, "read"), std::pair(kStatCalls, "stat_name")}) {
    modelcache::ScriptedOs os(posix.get());
    std::uint64_t told = 0;
    EXPECT_TRUE(make_calls(os, directory.path(), kind, 7, [&] { ++told; }));
    EXPECT_EQ(told, 7U);
    std::vector<std::string> steps = {"open", "open", "write"};
    steps.insert(steps.end(), 7, step);
    for (const char* last : {"unlink", "close", "close"}) steps.emplace_back(last);
    EXPECT_EQ(os.steps, steps);
    EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  }
}

TEST(LiveCalls, FailWhereAStepDoes) {
  const TestDirectory directory;
  const auto posix = modelcache::make_posix_os();
  for (std::size_t step = 0; step < 8; ++step) {
    modelcache::ScriptedOs os(posix.get());
    os.fail_step = step;
    os.fail_with = modelcache::Errno{EIO};
    EXPECT_FALSE(make_calls(os, directory.path(), kReadCalls, 2, nullptr)) << step;
    EXPECT_TRUE(os.failed_a_step) << step;
    EXPECT_EQ(time_calls(os, "/nonexistent", kReadCalls, 2), std::nullopt);
  }
  modelcache::ScriptedOs os(posix.get());
  EXPECT_FALSE(make_calls(os, directory.path(), "write", 2, nullptr)) << "a kind that is none";
  EXPECT_TRUE(os.steps.empty());
  EXPECT_EQ(live_calls_job("read", 12), "read 12");
}

TEST(LiveCalls, HaveTheMedianTime) {
  const TestDirectory directory;
  const auto os = modelcache::make_posix_os();
  const auto time = time_calls(*os, directory.path(), kStatCalls, 9);
  ASSERT_TRUE(time);
  EXPECT_GT(time->count(), 0);
  EXPECT_EQ(time_calls(*os, directory.path(), kStatCalls, 0), std::nullopt) << "of no call";
}

}  // namespace
}  // namespace stampede
