// Signals that end a command wait while somebody waits for them, and do what they did before afterwards.
#include "harness/cli/posix_termination.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <set>

namespace stampede {
namespace {

std::set<int> blocked() {
  sigset_t set;
  sigemptyset(&set);
  ::pthread_sigmask(SIG_BLOCK, nullptr, &set);
  std::set<int> signals;
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    if (sigismember(&set, signal) == 1) signals.insert(signal);
  }
  return signals;
}
bool is_pending(int signal) {
  sigset_t set;
  sigemptyset(&set);
  ::sigpending(&set);
  return sigismember(&set, signal) == 1;
}

TEST(Termination, WaitsForEachOfItsSignals) {
  ASSERT_EQ(blocked(), std::set<int>{});
  {
    TerminationSignals signals;
    ASSERT_EQ(blocked(), (std::set<int>{SIGINT, SIGTERM}));
    for (const int signal : {SIGINT, SIGTERM}) {
      ::kill(::getpid(), signal);
      ASSERT_TRUE(is_pending(signal));
      signals.wait();
      EXPECT_FALSE(is_pending(signal)) << "it was taken";
    }
  }
  EXPECT_EQ(blocked(), std::set<int>{});
}

TEST(Termination, LeavesWhatWasBlockedBefore) {
  sigset_t usr1, before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr1, &before);
  {
    const TerminationSignals signals;
    EXPECT_EQ(blocked(), (std::set<int>{SIGUSR1, SIGINT, SIGTERM}));
  }
  EXPECT_EQ(blocked(), std::set<int>{SIGUSR1});
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace stampede
