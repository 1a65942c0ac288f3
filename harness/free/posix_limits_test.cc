// A crew is refused by the first limit that it exceeds, and by no other.
#include "harness/free/posix_limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "harness/free/directory_for_test.h"

namespace stampede {
namespace {

TEST(Limits, RefuseOneProcessTooMany) {
  struct Case {
    std::uint64_t ProcessLimits::* limit;
    std::uint64_t needed;  // by 100 processes
    std::string name;
  };
  const Case cases[] = {
      {&ProcessLimits::descriptors, 564, "open files (ulimit -n)"},
      {&ProcessLimits::of_user, 116, "processes of this user (ulimit -u)"},
      {&ProcessLimits::of_system, 116, "process numbers (kernel.pid_max)"},
      {&ProcessLimits::of_group, 116, "processes of the control group (pids.max)"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    ProcessLimits limits;
    limits.*one.limit = one.needed;
    EXPECT_TRUE(check_limits(100, limits));
    limits.*one.limit = one.needed - 1;
    const auto refused = check_limits(100, limits);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, modelcache::ErrorCode::exhausted);
    EXPECT_EQ(refused.error().place, one.name);
    EXPECT_EQ(refused.error().detail,
              std::to_string(one.needed) + " are needed and " + std::to_string(one.needed - 1) + " are allowed");
  }
  EXPECT_TRUE(check_limits(1'000'000, ProcessLimits{}));
}

TEST(Limits, AreThoseOfThisProcess) {
  EXPECT_TRUE(check_limits(1));
  EXPECT_FALSE(check_limits(1UL << 50));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NPROC, &before), 0);
  const rlimit few{.rlim_cur = std::min<rlim_t>(40, before.rlim_max), .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NPROC, &few), 0);
  const auto refused = check_limits(25);
  ASSERT_EQ(::setrlimit(RLIMIT_NPROC, &before), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().place, "processes of this user (ulimit -u)");
}

TEST(Limits, OfDescriptorsAreRaisedToWhatIsAllowed) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{.rlim_cur = before.rlim_max - 1, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_EQ(after.rlim_max, before.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(Limits, OfControlGroupsAreTheSmallestUpToTheRoot) {
  const TestDirectory directory;
  const auto limit = [&](const std::string& group) {
    return control_group_limit(directory.file("cgroup", "5:pids:/other\n0::" + group + "\n"), directory.path());
  };
  EXPECT_EQ(limit("/"), UINT64_MAX) << "no file says anything";
  directory.file("other/pids.max", "1\n");
  directory.file("a/pids.max", "500\n");
  directory.file("a/b/pids.max", "max\n");
  directory.file("a/b/c/pids.max", "700\n");
  EXPECT_EQ(limit("/a/b/c"), 500U);
  EXPECT_EQ(limit("/a/b"), 500U);
  EXPECT_EQ(limit("/a"), 500U);
  EXPECT_EQ(limit("/nowhere"), UINT64_MAX);
  directory.file("a/b/c/pids.max", "30\n");
  EXPECT_EQ(limit("/a/b/c"), 30U);
  directory.file("pids.max", "20\n");
  EXPECT_EQ(limit("/a/b/c"), 20U);
  EXPECT_EQ(limit("/"), 20U);
  EXPECT_EQ(control_group_limit(directory.file("cgroup", "5:pids:/other\n"), directory.path()), UINT64_MAX);
}

}  // namespace
}  // namespace stampede
