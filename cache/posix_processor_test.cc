// Threads move where they are told to, and keep their freedom.
#include "cache/posix_processor.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace modelcache {
namespace {

cpu_set_t allowed() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(::sched_getaffinity(0, sizeof(set), &set), 0);
  return set;
}

TEST(Processor, IsOneThatTheThreadMayUse) {
  const int processor = present_processor();
  ASSERT_GE(processor, 0);
  const cpu_set_t may = allowed();
  EXPECT_TRUE(CPU_ISSET(static_cast<std::size_t>(processor), &may));
}

// Held on one processor, a thread that leaves it has nowhere to go, and stays; otherwise all are its own afterwards.
TEST(Processor, IsLeftWithoutALossOfFreedom) {
  const cpu_set_t before = allowed();
  std::thread([&] {
    for (int round = 0; round < 100; ++round) {
      leave_processor(present_processor());
      const cpu_set_t after = allowed();
      ASSERT_TRUE(CPU_EQUAL(&before, &after));
    }
  }).join();
}

TEST(Processor, StaysWhereThereIsNoOther) {
  std::thread([] {
    const int only = present_processor();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(only), &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
    leave_processor(only);
    EXPECT_EQ(present_processor(), only);
    const cpu_set_t after = allowed();
    EXPECT_TRUE(CPU_EQUAL(&one, &after));
  }).join();
}

TEST(Processor, ThatIsNoneIsNotLeft) {
  const cpu_set_t before = allowed();
  leave_processor(-1);
  leave_processor(1 << 20);
  const cpu_set_t after = allowed();
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

// Not each time: the scheduler may move it back at once.
TEST(Processor, IsAnotherAfterItWasLeft) {
  cpu_set_t may = allowed();
  if (CPU_COUNT(&may) < 2) GTEST_SKIP() << "this machine has one processor";
  std::thread([] {
    int moved = 0;
    constexpr int kRounds = 200;
    for (int round = 0; round < kRounds; ++round) {
      const int before = present_processor();
      leave_processor(before);
      if (present_processor() != before) ++moved;
    }
    EXPECT_GT(moved, kRounds / 2);
  }).join();
}

}  // namespace
}  // namespace modelcache
