// What the machine offers, beside what the kernel says of it when it is asked by itself.
#include "harness/live/machine_offer.h"

#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "harness/live/no_filters_for_test.h"
#include "harness/live/no_process_numbers_for_test.h"

namespace stampede {
namespace {

std::uint64_t hard(__rlimit_resource resource) {
  rlimit limit{};
  EXPECT_EQ(::getrlimit(resource, &limit), 0);
  return limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : limit.rlim_max;
}

// What a process says that changes itself first.
bool holds_in_a_fork(const std::function<bool()>& check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check() ? 0 : 1);
  int status = -1;
  return ::waitpid(child, &status, 0) == child && status == 0;
}

TEST(MachineOffer, IsWhatTheKernelSays) {
  const MachineOffer offer = look_at_machine();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "who tried is gone";
  utsname name{};
  ASSERT_EQ(::uname(&name), 0);
  EXPECT_EQ(offer.kernel, name.release);
  cpu_set_t cores;
  ASSERT_EQ(::sched_getaffinity(0, sizeof cores, &cores), 0);
  EXPECT_EQ(offer.cores, static_cast<std::uint32_t>(CPU_COUNT(&cores)));
  EXPECT_EQ(offer.descriptors_max, hard(RLIMIT_NOFILE));
  EXPECT_EQ(offer.processes_max, hard(RLIMIT_NPROC));
  const bool makes_numbers =
      holds_in_a_fork([] { return ::unshare((::geteuid() == 0 ? 0 : CLONE_NEWUSER) | CLONE_NEWPID) == 0; });
  EXPECT_EQ(offer.has_process_numbers, makes_numbers);
}

TEST(MachineOffer, ChangesWithWhatTheProcessMayHave) {
  EXPECT_TRUE(holds_in_a_fork([] {
    const rlim_t most = std::min<std::uint64_t>(hard(RLIMIT_NPROC), 1009);
    const rlimit descriptors{.rlim_cur = 101, .rlim_max = 211}, processes{.rlim_cur = most, .rlim_max = most};
    if (!stay_on_one_core() || ::setrlimit(RLIMIT_NOFILE, &descriptors) != 0) return false;
    if (::setrlimit(RLIMIT_NPROC, &processes) != 0) return false;
    const MachineOffer offer = look_at_machine();
    return offer.cores == 1 && offer.descriptors_max == 211 && offer.processes_max == most;
  }));
  EXPECT_TRUE(holds_in_a_fork([] { return give_up_process_numbers() && !look_at_machine().has_process_numbers; }));
}

TEST(MachineOffer, TriesWhatItTellsOf) {
  const MachineOffer offer = look_at_machine();
  int major = 0, minor = 0;
  ASSERT_EQ(std::sscanf(offer.kernel.c_str(), "%d.%d", &major, &minor), 2);
  const auto is_since = [&](int first, int second) { return major > first || (major == first && minor >= second); };
  if (offer.has_notification) {
    EXPECT_EQ(offer.has_killable_wait, is_since(5, 19)) << offer.kernel;
    EXPECT_EQ(offer.has_sync_wake_up, is_since(6, 6)) << offer.kernel;
  }
  EXPECT_TRUE(holds_in_a_fork([] {
    if (!refuse_filters()) return false;
    const MachineOffer without = look_at_machine();
    return !without.has_notification && !without.has_killable_wait && !without.has_sync_wake_up;
  }));
}

TEST(MachineOffer, KeepsLiveDirectoriesInMemoryOnly) {
  struct statfs before{}, after{};
  MachineOffer offer;
  int tries = 0;
  do {  // others use it too
    ASSERT_LT(++tries, 1000);
    ASSERT_EQ(::statfs("/dev/shm", &before), 0);
    offer = look_at_machine();
    ASSERT_EQ(::statfs("/dev/shm", &after), 0);
  } while (before.f_bavail != after.f_bavail);
  const bool is_memory = before.f_type == TMPFS_MAGIC && ::access("/dev/shm", W_OK) == 0;
  EXPECT_EQ(offer.memory_directory, is_memory ? "/dev/shm" : "");
  const auto free_bytes = before.f_bavail * static_cast<std::uint64_t>(before.f_bsize);
  EXPECT_EQ(offer.memory_free_bytes, is_memory ? free_bytes : 0);
  for (const char* const none : {"/proc", "/nonexistent"}) {
    EXPECT_EQ(look_at_machine(none).memory_directory, "") << none;
    EXPECT_EQ(look_at_machine(none).memory_free_bytes, 0U) << none;
  }
}

}  // namespace
}  // namespace stampede
